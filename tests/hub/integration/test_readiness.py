"""Each check: what is missing, where it is mended, and that mending it is seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group

from hub import clock
from hub.events.models import Breaker
from hub.integration.checking import checks, readiness_of
from hub.integration.models import Ping
from hub.providers.models import Provider
from hub.staff.roles import LEAD, PICKER, ship
from hub.stores.levels import set_level
from hub.stores.models import OpeningHours, PosConnection, StaffScope, Stage, Store
from inventory.models import StoreFeed
from orders.curbside.handing.giving import hand_off
from orders.models import PosCheck, PosDrift, Sign, StagingLocation
from tests.factories import (
    make_item,
    make_person,
    make_pos,
    make_ready,
    make_spots,
    make_store,
    make_unmapped,
    pin_of,
    stock,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    """A store that lacks everything."""
    store = make_store(latitude=0, longitude=0)
    OpeningHours.objects.all().delete()
    return store


def found(store, code):
    store.refresh_from_db()
    return next(
        result.found for result in readiness_of([store])[store.pk] if result.check.code == code
    )


def give_hours(store):
    OpeningHours.objects.create(store=store, weekday=0, opens="08:00", closes="20:00")


def give_people(store):
    ship()
    for role in (LEAD, PICKER):
        person = make_person()
        person.groups.add(Group.objects.get(name=role))
        StaffScope.objects.create(user=person, store=store)


def give_pos(store):
    make_pos(store)
    Ping.objects.create(key=f"pos:{store.pk}", at=clock.now(), answered=True, milliseconds=9)


def compare(store):
    till, now = make_pos(store), clock.now()
    stock(store, {make_item(): 3})
    PosCheck.objects.create(connection=till, phase="done", began_at=now, finished_at=now)


def give_feed(store):
    values = {"counted_as_of": clock.now(), "expected_minutes": 60}
    StoreFeed.objects.update_or_create(store=store, defaults=values)


def drive_an_order(store):
    give_hours(store)
    mug = make_item()
    stock(store, {mug: 2})
    part = make_ready(store=store, lines={mug: 1}, is_test=True)
    hand_off(fulfillment=part, pin=pin_of(part), by=None, bags=2)


def give_provider(_store):
    Provider.objects.create(
        name="carrier", channel="sms", connector="http", base_url="https://x.example/", secret="s"
    )


MENDED = {
    "place": lambda store: Store.objects.update(
        latitude=52.2, longitude=21.0, street="Prosta 1", city="Warszawa"
    ),
    "hours": give_hours,
    "settings": lambda _: set_level(by="iga", says={"lead_minutes": 45}),
    "people": give_people,
    "pos": give_pos,
    "drift": compare,
    "counted": lambda store: stock(store, {make_item(): 3}),
    "feed": give_feed,
    "staging": lambda store: StagingLocation.objects.create(store=store, code="A1"),
    "texts": give_provider,
    "test_order": drive_an_order,
}


@pytest.mark.parametrize("code", MENDED)
def test_what_is_missing_is_said_and_seen_once_it_is_mended(store, code):
    before = found(store, code)

    MENDED[code](store)

    after = found(store, code)
    assert (before.done, after.done) == (False, True), after.said
    assert before.link.startswith("/admin/")
    assert before.said != after.said


def test_every_check_is_tried_here():
    assert {check.code for check in checks()} == MENDED.keys() | {"codes", "spots"}


def test_a_pos_that_is_out_of_reach_or_silent_is_not_ready(store):
    give_pos(store)
    Ping.objects.update(answered=False, problem="no route")
    assert "no route" in found(store, "pos").said

    Ping.objects.update(answered=True, at=clock.now() - timedelta(days=8))
    assert "nobody has pinged it" in found(store, "pos").said

    Breaker.objects.create(key=f"pos:{store.pk}", state="open")
    assert found(store, "pos").said == "it is out of reach"


def test_more_than_one_sku_in_a_hundred_that_differs_is_too_much(store):
    compare(store)
    till = PosConnection.objects.get()
    PosDrift.objects.create(
        connection=till, kind="stock", key="X", as_of=clock.now(), found_at=clock.now()
    )

    assert found(store, "drift").said == "100.0 % of 1 SKUs differ"
    PosDrift.objects.update(settled_at=clock.now())
    assert found(store, "drift").done


def test_old_counts_late_feeds_and_unknown_codes_are_told(store):
    stock(store, {make_item(): 3}, minutes_ago=60 * 30)
    till = make_pos(store)
    make_unmapped(source=till.public_id)
    StoreFeed.objects.create(
        store=store, counted_as_of=clock.now() - timedelta(minutes=90), expected_minutes=60
    )

    assert found(store, "feed").said == "its stock is 30 min late"
    assert found(store, "codes").said == "1 code stands for nothing"
    StoreFeed.objects.all().delete()
    assert found(store, "counted").said == "counted 30 hours ago"


def test_spots_want_signs_but_no_spots_are_wanted(store):
    assert found(store, "spots").done
    make_spots(store)
    assert not found(store, "spots").done
    Sign.objects.create(store=store, code="abc")
    assert found(store, "spots").done
    assert store.stage == Stage.LIVE
