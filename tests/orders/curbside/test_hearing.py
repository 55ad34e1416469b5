"""Coming and being here by text: who has come, where he stands, and who has to be asked."""

from datetime import timedelta

import pytest

from hub import clock
from hub.crypto import lookup_hash
from orders.curbside.errors import EtaOutOfRange, PickupOver
from orders.curbside.hearing import (
    arrive_by_text,
    choices_of_phone,
    delay_by_text,
    expect_by_text,
)
from orders.curbside.visits import active_visit
from orders.curbside.visits.coming import MOST_MINUTES
from orders.models import Visit
from tests.factories import (
    CUSTOMER,
    make_fulfillment,
    make_item,
    make_ready,
    make_spots,
    make_store,
    stock,
)

pytestmark = pytest.mark.django_db


def ready_at(store, **customer):
    item = make_item()
    stock(store, {item: 5})
    return make_ready(store=store, lines={item: 1}, customer=CUSTOMER | customer)


def choices():
    return choices_of_phone(lookup_hash("phone", CUSTOMER["phone"]))


def test_he_is_here_at_his_spot_with_all_that_is_ready_for_him():
    store = make_store()
    make_spots(store)
    first, second = ready_at(store), ready_at(store)
    arrived = arrive_by_text(fulfillment=first, spot="2")
    assert (arrived.before, arrived.refused) == (False, False)
    visit = active_visit(second)
    assert (visit.status, visit.spot.label, visit.source) == ("arrived", "2", "text")
    assert arrive_by_text(fulfillment=second, place="by the trees").before
    assert Visit.objects.get().place == "by the trees"


@pytest.mark.parametrize("spot", ["99", "1"])
def test_a_spot_that_cannot_be_his_is_kept_in_words(spot):
    store = make_store()
    spots = make_spots(store)
    Visit.objects.create(store=store, status="arrived", spot=spots[0])
    part = ready_at(store)
    assert arrive_by_text(fulfillment=part, spot=spot).refused
    assert active_visit(part).place == spot


def test_mother_and_daughter_have_a_choice_each():
    store = make_store()
    parts = [ready_at(store, name=name) for name in ("Ann Lee", "Mia Lee")]
    assert choices() == parts


def test_of_two_stores_the_one_that_expects_him_is_the_choice():
    _here, there = ready_at(make_store()), ready_at(make_store())
    assert len(choices()) == 2
    expect_by_text(fulfillment=there, minutes=10)
    assert choices() == [there]


def test_who_comes_early_has_a_choice_too():
    part = make_fulfillment()
    assert choices() == [part]


def test_a_number_that_nobody_has_has_none():
    make_ready()
    assert choices_of_phone("") == choices_of_phone(lookup_hash("phone", "+48500999888")) == []


@pytest.mark.parametrize(("said", "late", "expected"), [(10, 20, 30), (0, 20, 20), (170, 60, 180)])
def test_who_is_late_comes_so_much_later_than_he_said(said, late, expected):
    part = ready_at(make_store())
    if said:
        expect_by_text(fulfillment=part, minutes=said)
    visit = delay_by_text(fulfillment=part, minutes=late)
    wanted = clock.now() + timedelta(minutes=expected)
    assert abs(visit.eta - wanted) <= timedelta(minutes=1)


@pytest.mark.parametrize("minutes", [0, MOST_MINUTES + 1])
def test_odd_minutes_are_refused(minutes):
    part = ready_at(make_store())
    with pytest.raises(EtaOutOfRange):
        expect_by_text(fulfillment=part, minutes=minutes)
    assert active_visit(part) is None


def test_nobody_comes_for_what_is_over():
    part = ready_at(make_store())
    part.status = "canceled"
    part.save(update_fields=["status"])
    with pytest.raises(PickupOver):
        arrive_by_text(fulfillment=part)
