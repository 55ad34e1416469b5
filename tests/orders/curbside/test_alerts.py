"""Alerts: a store is texted and called at once, at night too; its lead when no board shows it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from standardwebhooks.webhooks import Webhook

from hub import clock
from hub.connectors.registry import sms_connector
from hub.connectors.signing import new_secret
from hub.errors import ConnectorError
from hub.events import leases
from hub.events.models import Breaker, Delivery, Fact
from hub.events.queues import queues
from hub.events.relay import run_one
from hub.stores.models import Store
from orders.clocks.services import run_clocks
from orders.curbside.alerts import mark_shown
from orders.curbside.escalating import escalate_waits, tell_unseen_arrivals
from orders.curbside.visits import arrive, begin_service, customer_missing, say_on_my_way
from orders.models import CurbSettings, Visit
from tests.factories import make_item, make_ready, make_spots, make_store, stock
from tests.hub.connectors.wire import reply, vendor
from tests.racing import at_once

pytestmark = pytest.mark.django_db

STORE, LEAD = "+48500111222", "+48500333444"


@pytest.fixture(autouse=True)
def phone():
    """All texts that leave the hub."""
    memory = sms_connector()
    memory.texts.clear()
    memory.failures.clear()
    return memory


@pytest.fixture
def store():
    store = make_store()
    make_spots(store, "4")
    CurbSettings.objects.create(store=store, alert_phone=STORE, lead_phone=LEAD)
    return store


def ready_at(store, **values):
    item = make_item()
    stock(store, {item: 5})
    return make_ready(store=store, lines={item: 1}, **values)


def customer(store, **values):
    return arrive(fulfillment=ready_at(store, **values), spot="4")


def work(lanes=("db",)):
    """Do what is due in these lanes and, for a store's alerts, in theirs; as a relay does."""
    queue = next(queue for queue in queues() if queue.model is Delivery)
    for _ in range(50):
        keys = [*lanes, *(f"curb:{key}" for key in Store.objects.values_list("pk", flat=True))]
        rows = [row for lane in keys for row in leases.claim(Delivery, lane=lane, limit=50)]
        if not rows:
            return
        queue.load(rows)
        for row in rows:
            run_one(queue, row)


def pending(handler):
    return Delivery.objects.filter(handler__endswith=handler, state="pending")


def seconds_to(handler):
    """How long until such a delivery is due, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM due_at - statement_timestamp())::float8 "
            "FROM events_delivery WHERE state = 'pending' AND handler LIKE %s",
            [f"%{handler}"],
        )
        return [row[0] for row in cursor.fetchall()]


def pass_time(**span):
    """Let so much time go by for everybody who waits, and for what is to be looked at."""
    for visit in Visit.objects.filter(arrived_at__isnull=False):
        Visit.objects.filter(pk=visit.pk).update(arrived_at=visit.arrived_at - timedelta(**span))
    seconds = timedelta(**span).total_seconds()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_delivery SET due_at = due_at - make_interval(secs => %s) "
            "WHERE state = 'pending'",
            [seconds],
        )
    work()


def told(name):
    return [fact.data for fact in Fact.objects.filter(name=name).order_by("pk")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hour", [3, 12])
def test_the_store_is_texted_at_an_arrival_at_any_hour(store, phone, hour):
    with clock.turned_to(clock.now().replace(hour=hour)):
        visit = customer(store)
        work()
    (text,) = phone.texts
    number = visit.pickups.get().fulfillment.order.external_id
    assert text.to == STORE
    assert "spot 4" in text.body
    assert number in text.body
    assert len(text.body) <= 160
    assert "Ann" not in text.body


@pytest.mark.django_db(transaction=True)
def test_a_store_that_named_nobody_is_alerted_by_its_board_alone(phone):
    store = make_store()
    arrive(fulfillment=ready_at(store), place="by the door")
    work()
    assert not phone.texts
    assert seconds_to("look_unseen")


@pytest.mark.django_db(transaction=True)
def test_nobody_is_called_out_for_a_customer_who_is_served_already(store, phone):
    visit = customer(store)
    begin_service(fulfillment=visit.pickups.get().fulfillment)
    work()
    assert not phone.texts


@pytest.mark.django_db(transaction=True)
def test_a_text_that_fails_is_tried_again_soon(store, phone):
    phone.failures.append(ConnectorError("busy"))
    customer(store)
    work()
    assert not phone.texts
    (wait,) = seconds_to("text_store")
    assert wait <= 2
    Delivery.objects.filter(state="pending").update(due_at="2020-01-01T00:00Z")
    work()
    assert [text.to for text in phone.texts][:1] == [STORE]


@pytest.mark.django_db(transaction=True)
def test_the_stores_system_is_called_with_a_signature_and_no_names(store):
    secret = new_secret()
    with vendor(reply(204, b"")) as system:
        url = f"{system.url}/arrivals"
        CurbSettings.objects.update(alert_phone="", alert_url=url, alert_secret=secret)
        visit = customer(store)
        work()
    (call,) = system.requests
    body = Webhook(secret).verify(call["body"], call["headers"])
    assert body["type"] == "visit.arrived"
    assert body["data"]["visit_id"] == visit.public_id
    assert (body["data"]["store"], body["data"]["spot"]) == (store.code, "4")
    assert "Ann" not in json.dumps(body)


@pytest.mark.django_db(transaction=True)
def test_a_dead_system_is_tried_again_and_given_up_when_the_customer_is_served(store):
    with vendor(*[reply(500, b"")] * 20) as system:
        CurbSettings.objects.update(alert_phone="", alert_url=system.url, alert_secret=new_secret())
        visit = customer(store)
        work()
        assert pending("call_store").exists()
    begin_service(fulfillment=visit.pickups.get().fulfillment)
    Breaker.objects.all().delete()
    Delivery.objects.filter(state="pending").update(due_at="2020-01-01T00:00Z")
    work()
    assert not pending("call_store").exists()
    assert not Delivery.objects.filter(state="parked").exists()


@pytest.mark.django_db(transaction=True)
def test_an_arrival_that_no_board_shows_goes_to_the_lead_after_a_minute(store, phone):
    customer(store)
    work()
    phone.texts.clear()
    (wait,) = seconds_to("look_unseen")
    assert 58 < wait <= 60

    pass_time(seconds=50)
    assert not phone.texts
    pass_time(seconds=11)

    assert [text.to for text in phone.texts] == [LEAD]
    assert "Nobody has seen it" in phone.texts[0].body
    assert len(told("visit.arrival_unseen")) == 1


@pytest.mark.django_db(transaction=True)
def test_an_arrival_that_a_board_showed_goes_to_nobody(store, phone):
    visit = customer(store)
    work()
    phone.texts.clear()
    assert mark_shown(visits=[visit.pk], stores=Store.objects.all()) == 1
    assert mark_shown(visits=[visit.pk], stores=Store.objects.all()) == 0
    pass_time(seconds=61)
    assert not phone.texts
    assert not told("visit.arrival_unseen")


def test_only_ones_own_arrivals_can_be_shown(store):
    coming = say_on_my_way(fulfillment=ready_at(store), minutes=5)
    visit = customer(store, customer={"name": "Bo Ek", "phone": "+48500777666"})
    others = Store.objects.exclude(pk=store.pk)
    assert mark_shown(visits=[visit.pk], stores=others) == 0
    assert mark_shown(visits=[coming.pk], stores=Store.objects.all()) == 0


@pytest.mark.django_db(transaction=True)
def test_the_clock_tells_of_unseen_arrivals_when_the_delivery_was_lost(store, phone):
    visit = customer(store)
    Delivery.objects.all().delete()
    Visit.objects.filter(pk=visit.pk).update(arrived_at=clock.now() - timedelta(seconds=70))
    assert run_clocks()["arrivals unseen"] == 1
    assert run_clocks()["arrivals unseen"] == 0
    work()
    assert [text.to for text in phone.texts] == [LEAD]


@pytest.mark.django_db(transaction=True)
def test_each_step_of_waiting_is_told_once_and_just_in_time(store, phone):
    customer(store)
    work()
    pass_time(seconds=61)
    phone.texts.clear()
    (wait,) = seconds_to("look_at_wait")
    assert 115 < wait < 122

    pass_time(minutes=2)
    assert [fact["level"] for fact in told("visit.wait_escalated")] == [1]
    assert not phone.texts
    pass_time(minutes=2)
    assert [text.to for text in phone.texts] == [LEAD]
    pass_time(minutes=3)
    assert [fact["level"] for fact in told("visit.wait_escalated")] == [1, 2, 3]
    assert {text.to for text in phone.texts} == {LEAD, STORE}
    assert "Waiting for 8 min" in phone.texts[-1].body
    escalate_waits()
    assert len(told("visit.wait_escalated")) == 3
    assert not pending("look_at_wait").exists()


@pytest.mark.django_db(transaction=True)
def test_a_store_sets_its_own_steps(store):
    CurbSettings.objects.update(escalate_after=[1, 2])
    customer(store)
    work()
    pass_time(seconds=61)
    pass_time(seconds=61)
    pass_time(minutes=30)
    assert [fact["level"] for fact in told("visit.wait_escalated")] == [1, 2]


def test_who_is_served_or_searched_for_does_not_wait_any_more(store):
    served, missing = (
        arrive(fulfillment=ready_at(store, customer=who), place="here")
        for who in (
            {"name": "A A", "phone": "+48500777111"},
            {"name": "B B", "phone": "+48500777222"},
        )
    )
    begin_service(fulfillment=served.pickups.get().fulfillment)
    customer_missing(visit=missing, by=None)
    Visit.objects.update(arrived_at=clock.now() - timedelta(minutes=9))
    assert (escalate_waits(), tell_unseen_arrivals()) == (0, 0)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_clocks_that_run_at_once_tell_each_step_once(store):
    customer(store)
    Visit.objects.update(arrived_at=clock.now() - timedelta(minutes=6))
    at_once(6, lambda _: (escalate_waits(), tell_unseen_arrivals()))
    assert [fact["level"] for fact in told("visit.wait_escalated")] == [1, 2]
    assert len(told("visit.arrival_unseen")) == 1


def test_the_clock_looks_at_five_hundred_waits_in_few_statements(
    store, django_assert_max_num_queries
):
    customer(store)
    with django_assert_max_num_queries(4):
        assert (escalate_waits(), tell_unseen_arrivals()) == (0, 0)
