"""Stops that the hub puts on an item itself."""

from datetime import timedelta

import pytest

from hub import clock
from inventory.errors import InsufficientStock
from inventory.models import BundlePart, SalesStop, StockLevel
from inventory.services.allocations import allocate
from inventory.services.availability import available
from inventory.services.stops import stop_after_short_pick
from tests.factories import make_channel, make_item, make_store, stock

pytestmark = pytest.mark.django_db


def test_a_short_pick_ends_the_sale_in_that_store_alone():
    store, other, item, channel = make_store(), make_store(), make_item(), make_channel()
    for place in (store, other):
        stock(place, {item: 10})

    stop_after_short_pick(store_id=store.pk, item_ids=[item.pk])

    terms = available(channel=channel, store_ids=[store.pk, other.pk], item_ids=[item.pk])
    here, there = terms[store.pk, item.pk], terms[other.pk, item.pk]
    assert (here.atp, here.reasons[0]) == (0, "short_pick")
    assert (there.atp, there.reasons) == (10, [])
    with pytest.raises(InsufficientStock):
        allocate(reference="ful_1", channel=channel, store=store, lines={item.pk: 1})


def test_a_second_short_pick_makes_the_stop_younger():
    store, item = make_store(), make_item()
    stock(store, {item: 10})
    noon = clock.now()
    for minutes in (0, 7):
        with clock.turned_to(noon + timedelta(minutes=minutes)):
            stop_after_short_pick(store_id=store.pk, item_ids=[item.pk])

    assert SalesStop.objects.get().created_at == noon + timedelta(minutes=7)
    assert StockLevel.objects.get().stopped


def test_of_a_bundle_the_parts_are_stopped_as_only_they_can_be_counted():
    store, mug, tea, gift = make_store(), make_item(), make_item(), make_item()
    for part in (mug, tea):
        BundlePart.objects.create(bundle=gift, part=part)
    stock(store, {mug: 10, tea: 10})

    stop_after_short_pick(store_id=store.pk, item_ids=[gift.pk, mug.pk])

    assert set(SalesStop.objects.values_list("item_id", flat=True)) == {mug.pk, tea.pk}
    left = available(channel=make_channel(), store_ids=[store.pk], item_ids=[gift.pk])
    assert left[store.pk, gift.pk].atp == 0
