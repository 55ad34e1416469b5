"""The list of what needs a person."""

from datetime import timedelta

import pytest
from django.urls import reverse

from hub import clock
from hub.stores.models import StaffScope, Store
from inventory.models import ShortfallCase
from orders.admin.exceptions import problems
from orders.blocks import open_block
from orders.curbside.visits import arrive
from orders.models import VisitPickup
from orders.picking.rejecting import reject
from tests.factories import (
    make_fulfillment,
    make_item,
    make_person,
    make_ready,
    make_store,
    stock,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def item(store):
    item = make_item()
    stock(store, {item: 100})
    return item


def part_in(store, item, maker=make_fulfillment):
    return maker(store=store, lines={item: 2})


def listed(title):
    return [one.detail for one in problems(Store.objects.all()) if one.title == title]


def test_exceptions_name_what_needs_a_person(client, store, item):
    person = make_person()
    StaffScope.objects.create(user=person, store=store)
    client.force_login(person)
    late = part_in(store, item)
    type(late).objects.filter(pk=late.pk).update(promised_at=clock.now() - timedelta(hours=1))
    locked = part_in(store, item, make_ready)
    locked.pickup_code.failures = 5
    locked.pickup_code.save()
    open_block(order=part_in(store, item).order, reason="fraud")
    reject(fulfillment=part_in(store, item), reason="out_of_stock")
    ShortfallCase.objects.create(store=store, item=item)

    page = client.get(reverse("admin:orders_fulfillmentorder_exceptions")).content.decode()

    for title in ("Promise broken", "PIN locked", "Stock falls short", "Order blocked"):
        assert title in page
    assert "No store works on it" in page


def test_of_a_long_visit_only_what_is_not_handed_over_yet_waits(store, item):
    waiting, given = (part_in(store, item, make_ready) for _ in range(2))
    visit = arrive(fulfillment=waiting)
    VisitPickup.objects.create(visit=visit, fulfillment=given)
    with clock.turned_to(clock.now() + timedelta(hours=1)):
        assert len(listed("Long wait at the curb")) == 2
        type(given).objects.filter(pk=given.pk).update(status="completed")
        (detail,) = listed("Long wait at the curb")
    assert waiting.order.external_id in detail
