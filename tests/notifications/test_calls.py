"""Customers whom nothing reached are called by their store, once, and only while it helps."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from hub.customers import health
from hub.events.catalog import CustomerOnTheWay, FulfillmentHandedOff
from hub.events.models import Fact
from hub.stores.models import StaffScope
from notifications import reports
from notifications.models import CallTask, Message, Outcome
from notifications.reaching import handlers
from notifications.reaching.calls import CallClosed, close_needless, note_call, open_call
from notifications.services.ending import close_calls
from tests.factories import make_person, make_ready, make_store
from tests.notifications.doing import collect, part_of, ready_message
from tests.notifications.test_admin import make_message

pytestmark = pytest.mark.django_db

Done = CallTask.Outcome


@pytest.fixture
def ready():
    return make_ready(customer={"name": "Zofia Nowak", "phone": "+48500123456"})


@pytest.fixture
def person(ready):
    person = make_person(first_name="Jan", last_name="Lis")
    StaffScope.objects.create(user=person, store=ready.store)
    return person


@pytest.fixture
def task(ready):
    return opened(ready)


def opened(part, **values) -> CallTask:
    message = make_message(part, outcome=Outcome.UNDELIVERED, dedupe_key=f"{part.pk}", **values)
    with transaction.atomic():
        task = open_call(message=message, part=part)
    assert task
    return task


def board(client) -> str:
    return client.get(reverse("admin:notifications_calltask_board")).content.decode()


def say(client, task, outcome, **fields):
    link = reverse("admin:notifications_calltask_note", args=[task.pk])
    return client.post(link, {"outcome": outcome, **fields}, follow=True)


def test_a_pickup_has_one_open_call_however_many_messages_failed(ready, task):
    again = make_message(ready, outcome=Outcome.FAILED, dedupe_key="again")
    with transaction.atomic():
        assert open_call(message=again, part=ready) is None
    assert CallTask.objects.get() == task
    assert Fact.objects.filter(name="fulfillment.customer_not_reached").count() == 1


def test_the_board_says_whom_to_call_and_why(client, task, person):
    client.force_login(person)
    shown = board(client)
    assert "Zofia Nowak" in shown
    assert 'href="tel:+48500123456"' in shown
    assert "it could not be delivered" in shown
    assert "not delivered" in shown


def test_calls_of_other_stores_do_not_exist(client, task):
    other = make_person()
    StaffScope.objects.create(user=other, store=make_store())
    client.force_login(other)
    assert "Zofia Nowak" not in board(client)
    assert say(client, task, Done.REACHED).status_code == 404
    task.refresh_from_db()
    assert task.closed_at is None


def test_people_without_a_store_see_no_board(client, task):
    client.force_login(make_person())
    assert client.get(reverse("admin:notifications_calltask_board")).status_code == 404


def test_who_reached_the_customer_closes_the_call(client, task, person):
    client.force_login(person)
    page = say(client, task, Done.REACHED, note="comes at five", token="t1").content.decode()
    task.refresh_from_db()
    assert "Noted: the customer knows." in page
    assert "Zofia Nowak" not in board(client)
    assert (task.outcome, task.closed_by, task.note) == (Done.REACHED, "Jan Lis", "comes at five")
    assert task.closed_at


def test_a_call_that_nobody_took_stays_and_is_counted_once_per_tap(client, task, person):
    client.force_login(person)
    say(client, task, Done.NO_ANSWER, token="t1")
    say(client, task, Done.NO_ANSWER, token="t1")
    task.refresh_from_db()
    assert (task.tries, task.closed_at) == (1, None)
    assert "Called 1 time" in board(client)


def test_a_wrong_number_gets_no_texts_any_more(ready, task, person):
    assert note_call(task=task, outcome=Done.WRONG_NUMBER, by=person)
    assert not health.works(ready.order.contact.phone_hash, "sms")


def test_a_closed_call_cannot_be_closed_in_another_way(task, person):
    note_call(task=task, outcome=Done.REACHED, by=person)
    with pytest.raises(CallClosed):
        note_call(task=task, outcome=Done.NO_ANSWER, by=person)


@pytest.mark.parametrize(
    "fields",
    [
        {"outcome": "married"},
        {"outcome": ""},
        {"outcome": "reached", "note": "x" * 500},
        {"outcome": "reached", "note": "a\0b"},
        {"outcome": "reached", "token": "x" * 500},
    ],
)
def test_an_odd_form_is_refused_in_words(client, task, person, fields):
    client.force_login(person)
    link = reverse("admin:notifications_calltask_note", args=[task.pk])
    assert client.post(link, fields, follow=True).status_code == 200
    task.refresh_from_db()
    assert task.closed_at is None


def test_a_call_is_not_needed_when_the_goods_are_gone(db):
    task = opened_for(ready_message())
    part_id = task.fulfillment_id
    assert close_needless() == 0
    collect(part_id)
    handlers.end_calls(FulfillmentHandedOff(order_id=task.order_id, fulfillment_id=part_id))
    task.refresh_from_db()
    assert (task.outcome, task.closed_by) == (Done.NOT_NEEDED, "system")


def opened_for(message: Message) -> CallTask:
    part = part_of(message)
    with transaction.atomic():
        task = open_call(message=message, part=part)
    assert task
    return task


def test_a_call_is_not_needed_when_the_customer_is_on_the_way(task):
    fact = CustomerOnTheWay(order_id=task.order_id, fulfillment_id=task.fulfillment_id, visit_id=1)
    handlers.end_calls_of_visit(fact)
    task.refresh_from_db()
    assert task.outcome == Done.NOT_NEEDED


def test_a_closed_call_stays_as_it_was_closed(task, person):
    note_call(task=task, outcome=Done.VOICEMAIL, by=person)
    assert close_calls(Q(pk=task.pk), why="over") == 0
    task.refresh_from_db()
    assert task.outcome == Done.VOICEMAIL


def test_the_first_page_counts_the_calls_of_the_store(ready, task):
    stores = type(ready.store).objects.filter(pk=ready.store.pk)
    (figure,) = [one for one in reports.figures(stores) if one.title == "To call"]
    assert (figure.value, figure.tone) == ("1", "danger")
