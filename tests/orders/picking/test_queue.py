"""The order in which a store works, and how its promises stand."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub import clock
from hub.stores.models import Store
from orders.curbside.visits import arrive, say_on_my_way
from orders.models import FulfillmentOrder
from orders.picking.claims import claim
from orders.picking.queue import band, bands, loads, page
from tests.factories import make_fulfillment, make_item, make_ready, make_store, stock
from tests.orders.picking.making import make_picker

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def item(store):
    item = make_item()
    stock(store, {item: 500})
    return item


def part(store, item, *, minutes=60, age=60):
    """A part promised in so many minutes, that came in so many minutes ago."""
    row = make_fulfillment(store=store, lines={item: 2})
    now = clock.now()
    FulfillmentOrder.objects.filter(pk=row.pk).update(
        promised_at=now + timedelta(minutes=minutes), created_at=now - timedelta(minutes=age)
    )
    row.refresh_from_db()
    return row


def stores(*some):
    return Store.objects.filter(pk__in=[one.pk for one in some])


def test_who_stands_outside_comes_first_then_who_is_coming_then_the_promise(store, item):
    late, soon, later = (part(store, item, minutes=minutes) for minutes in (-5, 30, 90))
    far, near, here, waits = (part(store, item, minutes=120) for _ in range(4))
    say_on_my_way(fulfillment=far, minutes=20)
    say_on_my_way(fulfillment=near, minutes=5)
    arrive(fulfillment=waits, place="by the door")
    arrive(fulfillment=here, place="by the door")
    make_ready(store=store, lines={item: 1})
    assert page(stores(store)) == [waits, here, near, far, late, soon, later]


def test_pages_follow_each_other_without_gap_or_repeat(store, item):
    rows = [part(store, item, minutes=minutes) for minutes in range(7)]
    for row in rows[4:6]:
        arrive(fulfillment=row, place="by the door")
    seen = [row for number in (1, 2, 3, 4) for row in page(stores(store), number=number, size=3)]
    assert seen == [*rows[4:6], *rows[:4], rows[6]]


@pytest.mark.parametrize(
    ("minutes", "age", "expected"),
    [
        (21, 79, "compliant"),
        (20, 80, "at_risk"),
        (1, 99, "at_risk"),
        (0, 100, "breached"),
        (-9, 9, "breached"),
    ],
)
def test_a_promise_is_at_risk_from_eighty_percent_of_its_time_on(
    store, item, minutes, age, expected
):
    now = clock.now()
    row = part(store, item)
    row.promised_at, row.created_at = now + timedelta(minutes=minutes), now - timedelta(minutes=age)
    row.save(update_fields=["promised_at", "created_at"])
    assert band(row, now) == expected
    assert {name: count for name, count in bands(stores(store), now).items() if count} == {
        expected: 1
    }


def test_the_load_tells_zones_and_who_has_them(store, item):
    ice = make_item(zone="frozen")
    stock(store, {ice: 5})
    row = make_fulfillment(store=store, lines={item: 2, ice: 1})
    claim(fulfillment=row, by=make_picker(store, first_name="Ann"), zones=["frozen"])
    load = loads([row], clock.now())[row.pk]
    assert (load.lines, load.units) == (2, 3)
    assert [(one.zone, one.wanted, one.picker) for one in load.zones] == [
        ("ambient", 2, ""),
        ("frozen", 1, "Ann"),
    ]
    with clock.turned_to(clock.now() + timedelta(minutes=16)):
        assert [one.picker for one in loads([row], clock.now())[row.pk].zones] == ["", ""]


def test_the_queue_takes_the_same_queries_for_one_and_for_many(store, item):
    def read():
        with CaptureQueriesContext(connection) as queries:
            loads(page(stores(store)), clock.now())
            bands(stores(store), clock.now())
        return len(queries)

    part(store, item)
    one = read()
    for _ in range(5):
        part(store, item)
    assert read() == one


def test_other_stores_work_is_not_in_the_queue(store, item):
    part(store, item)
    assert page(stores(make_store())) == []
