"""Bundles: promised as often as the scarcest part allows, set aside as their parts."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.ids import new_id
from hub.stores.models import Store
from inventory.errors import InsufficientStock
from inventory.models import (
    Allocation,
    BundlePart,
    ChannelBuffer,
    HoldLine,
    SalesStop,
    StockChange,
    StockLevel,
)
from inventory.services.allocations import allocate, convert_hold, hand_off, release
from inventory.services.availability import (
    available,
    available_by_reference,
    available_of,
    network_totals,
    promised_by_reference,
)
from inventory.services.changes import changes_after, export, head
from inventory.services.holds import place_hold
from inventory.services.near import stores_near
from tests.factories import make_channel, make_item, make_store, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def cup():
    return make_item(sku="CUP")


@pytest.fixture
def plate():
    return make_item(sku="PLATE")


@pytest.fixture
def tea_set(store, cup, plate):
    """Four cups and a plate; the store has 9 cups and 5 plates: enough for two sets."""
    stock(store, {cup: 9, plate: 5})
    bundle = make_item(sku="TEA-SET")
    BundlePart.objects.create(bundle=bundle, part=cup, quantity=4)
    BundlePart.objects.create(bundle=bundle, part=plate)
    return bundle


def ask(channel, store, item):
    return available(channel=channel, store_ids=[store.pk], item_ids=[item.pk])[store.pk, item.pk]


def every_answer(channel, store, item):
    """What each door of the stock core says can be promised."""
    pair = (store.pk, item.pk)
    names = {"stores": [store.code], "skus": [item.sku]}
    near = stores_near(
        channel=channel,
        latitude=store.latitude,
        longitude=store.longitude,
        radius_metres=10,
        lines={item.pk: 1},
        limit=1,
    )
    exported = {sku: row.atp for _, sku, row in export(channel=channel, stores=[store])}
    return {
        "api": promised_by_reference(channel=channel, **names)[store.code, item.sku][0],
        "explained": available_by_reference(channel=channel, **names)[store.code, item.sku].atp,
        "routing": available(channel=channel, store_ids=[store.pk], item_ids=[item.pk])[pair].atp,
        "feed": available_of(channel=channel, pairs=[pair])[pair].atp,
        "network": network_totals(channel=channel, store_ids=[store.pk], item_ids=[item.pk])[
            item.pk
        ].available,
        "near": near[0].found[item.pk].atp,
        "export": exported[item.sku],
    }


def test_the_scarcest_part_decides_whoever_asks(store, channel, tea_set):
    assert set(every_answer(channel, store, tea_set).values()) == {2}


def test_the_terms_are_those_of_the_scarcest_part(store, channel, tea_set, cup):
    StockLevel.objects.filter(item=cup).update(on_hand=3)

    assert ask(channel, store, tea_set).on_hand == 3
    assert ask(channel, store, tea_set).atp == 0


def test_buffers_hide_units_of_the_parts(store, channel, tea_set):
    ChannelBuffer.objects.create(channel=channel, units=2)

    assert set(every_answer(channel, store, tea_set).values()) == {1}


def test_what_stops_a_part_stops_the_bundle_and_what_stops_the_bundle_leaves_the_parts(
    store, channel, tea_set, cup, plate
):
    SalesStop.objects.create(item=tea_set, reason=SalesStop.Reason.NOT_FOR_PICKUP)

    assert ask(channel, store, tea_set).reasons == ["not_for_pickup"]
    assert ask(channel, store, cup).atp == 9

    SalesStop.objects.all().delete()
    SalesStop.objects.create(item=plate, reason=SalesStop.Reason.RECALLED)

    assert ask(channel, store, tea_set).atp == 0
    assert ask(channel, store, cup).atp == 9


def test_the_network_buffer_is_taken_from_the_sum_of_bundles(store, channel, tea_set):
    ChannelBuffer.objects.create(channel=channel, network_units=1)

    total = network_totals(channel=channel, store_ids=[store.pk], item_ids=[tea_set.pk])

    assert total[tea_set.pk] == (1, 1)


def test_a_hold_has_the_parts_and_an_order_takes_them_over(store, channel, tea_set, cup, plate):
    hold = place_hold(channel=channel, store=store, lines={tea_set.pk: 2, plate.pk: 1})

    assert dict(HoldLine.objects.values_list("item", "quantity")) == {cup.pk: 8, plate.pk: 3}

    convert_hold(hold=hold, reference="ful_1", lines={tea_set.pk: 1, plate.pk: 1})

    assert dict(Allocation.objects.values_list("item", "quantity")) == {cup.pk: 4, plate.pk: 2}
    assert dict(StockLevel.objects.values_list("item", "held")) == {cup.pk: 0, plate.pk: 0}


def test_handing_off_and_releasing_bundles_moves_their_parts(store, channel, tea_set, cup, plate):
    allocate(reference="ful_1", channel=channel, store=store, lines={tea_set.pk: 2})

    hand_off(reference="ful_1", lines={tea_set.pk: 1})
    release(reference="ful_1", lines={tea_set.pk: 1})

    left = {row.item_id: (row.on_hand, row.allocated) for row in StockLevel.objects.all()}
    assert left == {cup.pk: (5, 0), plate.pk: (4, 0)}


def test_a_refusal_names_the_bundle_and_how_many_are_left(store, channel, tea_set):
    with pytest.raises(InsufficientStock) as refused:
        allocate(reference="ful_1", channel=channel, store=store, lines={tea_set.pk: 3})

    assert refused.value.lines == [{"sku": "TEA-SET", "requested": 3, "available": 2}]


def test_a_basket_that_is_short_only_in_sum_names_the_part(store, channel, tea_set, cup):
    with pytest.raises(InsufficientStock) as refused:
        place_hold(channel=channel, store=store, lines={tea_set.pk: 2, cup.pk: 2})

    assert refused.value.lines == [{"sku": "CUP", "requested": 10, "available": 9}]


def test_a_stopped_bundle_cannot_be_ordered_although_its_parts_can(store, channel, tea_set, cup):
    SalesStop.objects.create(item=tea_set, reason=SalesStop.Reason.NOT_FOR_PICKUP)

    with pytest.raises(InsufficientStock):
        allocate(reference="ful_1", channel=channel, store=store, lines={tea_set.pk: 1})

    allocate(reference="ful_2", channel=channel, store=store, lines={cup.pk: 1})


def test_near_calls_a_basket_whole_only_if_the_parts_last_for_all_lines(
    store, channel, tea_set, cup
):
    def basket(lines):
        found = stores_near(
            channel=channel,
            latitude=store.latitude,
            longitude=store.longitude,
            radius_metres=10,
            lines=lines,
            limit=1,
        )
        return found[0].basket

    assert basket({tea_set.pk: 2, cup.pk: 1}) == "whole"
    assert basket({tea_set.pk: 2, cup.pk: 2}) == "part"


def test_a_change_of_a_part_is_told_for_the_bundle_too(store, channel, tea_set, cup):
    begun = head()

    allocate(reference="ful_1", channel=channel, store=store, lines={cup.pk: 6})

    told, _ = changes_after(channel=channel, position=begun, limit=10)
    assert {row.sku: row.availability.atp for row in told} == {"CUP": 3, "TEA-SET": 0}


def test_a_change_of_what_a_bundle_is_made_of_is_told(store, tea_set, cup):
    begun = head()

    BundlePart.objects.filter(bundle=tea_set, part=cup).update(quantity=2)

    head()
    later = StockChange.objects.filter(position__gt=begun)
    assert list(later.values_list("store_id", "item_id")) == [(None, tea_set.pk)]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cups=st.integers(0, 30), plates=st.integers(0, 10), asked=st.integers(1, 8))
def test_as_many_bundles_as_are_promised_can_be_ordered_and_no_more(cups, plates, asked, tea_set):
    channel, store = make_channel(), Store.objects.get()
    StockLevel.objects.filter(item__sku="CUP").update(on_hand=cups, allocated=0)
    StockLevel.objects.filter(item__sku="PLATE").update(on_hand=plates, allocated=0)
    promised = ask(channel, store, tea_set).atp

    try:
        allocate(reference=new_id("ful"), channel=channel, store=store, lines={tea_set.pk: asked})
        taken = True
    except InsufficientStock:
        taken = False

    assert promised == min(cups // 4, plates)
    assert taken == (asked <= promised)
