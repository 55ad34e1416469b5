"""Orders of one account, or of one name and phone, are collected on one visit; others are not."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from hub.crypto import lookup_hash
from hub.events.models import Fact
from orders.curbside.handlers import join_visit
from orders.curbside.joining import MOST_JOINED, pickups_of_phone, same_customers_parts
from orders.curbside.visits import (
    active_visit,
    arrive,
    begin_service,
    end_visit,
    leave,
    parts_of,
    say_on_my_way,
)
from orders.models import FulfillmentOrder, Visit, VisitPickup
from orders.placing.cancel import cancel_order
from tests.factories import (
    CUSTOMER,
    make_channel,
    make_fulfillment,
    make_item,
    make_ready,
    make_store,
    stock,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db

MOTHER = CUSTOMER | {"name": "Mary Lee"}
DAUGHTER = CUSTOMER | {"name": "Ann Lee"}


@pytest.fixture
def store():
    return make_store()


def order_of(store, customer, make=make_ready, **values):
    item = make_item()
    stock(store, {item: 10})
    return make(store=store, lines={item: 1}, customer=customer, **values)


def fresh(part):
    return FulfillmentOrder.objects.get(pk=part.pk)


def facts(part, name):
    return Fact.objects.filter(subject=f"order:{part.order_id}", name=name).count()


def test_what_is_ready_for_the_same_customer_is_collected_on_one_visit(store):
    one, two = order_of(store, MOTHER), order_of(store, MOTHER)
    visit = arrive(fulfillment=one, place="by the door")
    assert active_visit(two) == visit
    assert parts_of(visit) == [one, two]
    assert (facts(one, "visit.arrived"), facts(two, "visit.arrived")) == (1, 0)
    assert facts(two, "visit.changed") == 1


def test_mother_and_daughter_on_one_phone_stay_apart(store):
    mothers, daughters = order_of(store, MOTHER), order_of(store, DAUGHTER)
    arrive(fulfillment=mothers)
    assert active_visit(daughters) is None
    phone = lookup_hash("phone", MOTHER["phone"])
    assert pickups_of_phone(phone) == [[mothers], [daughters]]


def test_one_account_is_one_customer_whatever_names_it_gives(store):
    channel = make_channel()
    one = order_of(store, MOTHER | {"account_id": "A-1", "phone": ""}, channel=channel)
    two = order_of(store, DAUGHTER | {"account_id": "A-1"}, channel=channel)
    assert same_customers_parts(one) == [two.pk]


def test_a_guest_with_another_address_is_the_same_by_name_and_phone(store):
    one = order_of(store, MOTHER)
    two = order_of(store, MOTHER | {"email": "mary@work.example", "name": "MARY LEE"})
    assert same_customers_parts(one) == [two.pk]


@pytest.mark.parametrize("other", [{"is_test": True}, {"elsewhere": True}, {"canceled": True}])
def test_what_cannot_be_collected_with_it_joins_nothing(store, other):
    one = order_of(store, MOTHER)
    where = make_store() if "elsewhere" in other else store
    two = order_of(where, MOTHER, make_fulfillment, is_test="is_test" in other)
    if "canceled" in other:
        cancel_order(order=two.order, reason="")
    assert same_customers_parts(one) == []


def test_what_is_not_ready_joins_when_it_is_or_when_its_customer_says_so(store):
    one = order_of(store, MOTHER)
    two, three = (order_of(store, MOTHER, make_fulfillment) for _ in range(2))
    visit = arrive(fulfillment=one)
    assert active_visit(two) is None
    assert arrive(fulfillment=three) == visit
    FulfillmentOrder.objects.filter(pk=two.pk).update(status="ready")
    join_visit([Happened(two)], [])
    assert active_visit(two) == visit


def test_nobody_is_joined_to_a_customer_who_is_still_on_the_road(store):
    one, two = order_of(store, MOTHER), order_of(store, MOTHER)
    visit = say_on_my_way(fulfillment=one, minutes=10)
    join_visit([Happened(two)], [])
    assert active_visit(two) is None
    assert say_on_my_way(fulfillment=two, minutes=5) == visit
    assert Visit.objects.count() == 1


def test_a_visit_lasts_until_the_last_of_its_orders_is_given_and_is_done_by_one(store):
    one, two = order_of(store, MOTHER), order_of(store, MOTHER)
    visit = arrive(fulfillment=one)
    begin_service(fulfillment=two)
    FulfillmentOrder.objects.filter(pk=one.pk).update(status="completed")
    end_visit(one, to="done")
    visit.refresh_from_db()
    assert visit.status == "being_served"
    end_visit(two, to="left")
    visit.refresh_from_db()
    assert visit.status == "done"


def test_who_leaves_leaves_with_all_orders(store):
    one, two = order_of(store, MOTHER), order_of(store, MOTHER)
    arrive(fulfillment=one)
    assert leave(fulfillment=two).status == "left"
    assert not VisitPickup.objects.filter(active=True).exists()
    assert leave(fulfillment=one).status == "left"
    assert facts(two, "visit.ended") == 1


def test_an_account_that_all_guests_of_a_site_share_joins_nobody(store):
    one, *others = (order_of(store, MOTHER, make_fulfillment) for _ in range(MOST_JOINED + 1))
    assert same_customers_parts(one) == []
    cancel_order(order=others[0].order, reason="")
    cancel_order(order=others[1].order, reason="")
    assert len(same_customers_parts(one)) == MOST_JOINED - 2


class Happened:
    """A fact about a part."""

    def __init__(self, part):
        self.fulfillment_id = part.pk


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_customer_who_taps_here_on_two_pages_at_once_comes_once(store):
    for _ in range(4):
        parts = [order_of(store, MOTHER) for _ in range(2)]
        at_once(4, lambda number, of=parts: arrive(fulfillment=fresh(of[number % 2])))
        assert active_visit(parts[0]) == active_visit(parts[1])
        leave(fulfillment=parts[0])


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_orders_given_at_the_same_moment_end_their_visit(store):
    one, two = (order_of(store, MOTHER) for _ in range(2))
    visit = arrive(fulfillment=one)

    def give(part):
        try:
            end_visit(part, to="done")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as elsewhere:
        with transaction.atomic():
            end_visit(one, to="done")
            given = elsewhere.submit(give, fresh(two))
            time.sleep(0.5)
        given.result(30)
    visit.refresh_from_db()
    assert visit.status == "done"


def test_goods_that_become_ready_for_somebody_who_waits_join_by_the_real_step(store):
    one = order_of(store, MOTHER)
    visit = arrive(fulfillment=one)
    two = order_of(store, MOTHER)
    join_visit([Happened(two)], [])
    assert parts_of(visit) == [one, two]
