"""The figures of the messages: each says what it claims, of the right stores and days."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub import clock
from hub.customers.consent import stop
from hub.metrics import exposition
from hub.providers.models import Provider, Spending
from hub.stores.models import StaffScope
from notifications.measures import (
    Window,
    calls,
    opt_outs,
    pickups,
    share,
    speeds,
    spent,
    suppressions,
    tallies,
)
from notifications.models import Message
from notifications.reaching.following import follow_due
from orders.models import FulfillmentOrder
from tests.factories import make_person, make_store
from tests.notifications.doing import collect, part_of, ready_message, received_message, work
from tests.notifications.test_reaching import MAIL, PHONE, later, told

pytestmark = pytest.mark.django_db


def window(*stores, days=7, step="day") -> Window:
    now = clock.now()
    keys = tuple(store.pk for store in stores) if stores else None
    return Window(
        start=now - timedelta(days=days), end=now + timedelta(hours=1), step=step, stores=keys
    )


def sent(**values) -> Message:
    message = ready_message(**values)
    work()
    message.refresh_from_db()
    return message


def whole(asked=None):
    return tallies(asked or window())[""][0]


def test_nothing_was_told_in_an_empty_week(db):
    assert whole().written == 0
    assert speeds(window()) == (None, [])
    assert suppressions(window()) == []
    assert opt_outs(window()) == (0, [])
    assert calls(window()) == []
    assert pickups(window()) == 0


def test_shares_of_nothing_are_not_zero():
    assert share(0, 0) is None
    assert share(1, 4) == 25


def test_delivery_and_receipts_are_of_what_providers_took_over(phone):
    told(sent(customer=PHONE), "delivered")
    told(sent(customer=MAIL | {"name": "Ben"}), "sent")
    told(sent(customer=PHONE | {"phone": "+48500123457"}), "failed")
    figures = whole()
    assert (figures.written, figures.accepted, figures.delivered, figures.failed) == (3, 3, 1, 1)
    assert figures.delivery_rate == pytest.approx(100 / 3)
    assert figures.coverage == pytest.approx(200 / 3)


def test_out_of_date_and_after_all_are_counted(phone):
    message = sent(customer=PHONE)
    told(message, "failed")
    collect(part_of(message).pk)
    told(message, "delivered")
    figures = whole()
    assert (figures.stale, figures.late, figures.stale_rate) == (1, 1, 100)


def test_figures_are_told_by_channel_provider_purpose_template_store_and_day(phone):
    sent(customer=PHONE)
    sent(customer=MAIL)
    received_message(customer=PHONE)
    found = tallies(window())
    by = {name: {row.value: row.written for row in rows} for name, rows in found.items()}
    assert by["channel"] == {"sms": 2, "email": 1}
    assert by["purpose"] == {"ready": 2, "order_received": 1}
    assert by["provider"]["memory"] == 1
    assert by["template"]["en/ready.sms"] == 1
    assert sum(by["store"].values()) == 3
    assert list(by["step"].values()) == [3]


def test_a_store_sees_its_own_messages_only(phone):
    mine = part_of(sent(customer=PHONE)).store
    received_message(customer=PHONE)
    assert whole(window(mine)).written == 1
    assert whole(window(make_store())).written == 0


def test_the_time_from_ready_to_told_is_split(phone):
    message = sent(customer=PHONE)
    now = clock.now()
    FulfillmentOrder.objects.update(ready_at=now - timedelta(seconds=10))
    Message.objects.filter(pk=message.pk).update(
        submitted_at=now - timedelta(seconds=2), accepted_at=now
    )
    figures, by_day = speeds(window(step="hour"))
    assert figures.count == 1
    assert figures.p50 == figures.p95 == pytest.approx(10)
    assert figures.queue_p50 == pytest.approx(8)
    assert figures.provider_p50 == pytest.approx(2)
    assert figures.quiet_p95 == 0
    assert [one.count for one in by_day] == [1]


def test_what_was_not_sent_is_told_by_reason(phone):
    ready_message(customer={"name": "Ann", "phone": "+48221234567"})
    assert suppressions(window()) == [("suppressed", "no_channel", 1)]


def test_who_stops_within_three_days_is_counted_by_what_he_got(phone):
    message = sent(customer=PHONE)
    told(message, "delivered")
    stop(address_hash=message.contact.phone_hash, channel="sms", method="sms", reference="1")
    assert opt_outs(window()) == (1, [("ready", 1)])


def test_who_stops_later_is_not_counted(phone):
    message = sent(customer=PHONE)
    told(message, "delivered")
    Message.objects.filter(pk=message.pk).update(delivered_at=clock.now() - timedelta(hours=73))
    stop(address_hash=message.contact.phone_hash, channel="sms", method="sms", reference="1")
    assert opt_outs(window())[0] == 0


def test_calls_and_pickups_are_counted(phone):
    message = sent(customer=PHONE)
    with later(minutes=11):
        follow_due()
    assert calls(window()) == [("", 1, 1)]
    collect(part_of(message).pk)
    assert pickups(window()) == 1


def test_money_is_summed_by_currency(phone):
    Provider.objects.create(name="memory", channel="sms", connector="memory", price_micros=70_000)
    message = sent(customer=PHONE)
    rows = tallies(window())["provider"]
    assert spent(rows, {"memory": "EUR"}) == {"EUR": 70_000 * message.segments}


def page(client, **query) -> str:
    reply = client.get(reverse("admin:notifications_message_measures"), query)
    assert reply.status_code == 200
    return reply.content.decode()


@pytest.fixture
def lead(client):
    person = make_person()
    client.force_login(person)
    return person


@pytest.mark.parametrize("query", [{}, {"span": "day"}, {"span": "month"}, {"span": "x"}])
def test_the_page_shows_the_figures_of_the_persons_stores(client, phone, lead, query):
    message = sent(customer=PHONE)
    told(message, "delivered")
    StaffScope.objects.create(user=lead, store=part_of(message).store)
    shown = page(client, **query)
    assert "Ready to told" in shown
    assert "en/ready.sms" in shown
    assert "100 %" in shown


def test_the_page_shows_nothing_of_other_stores(client, phone, lead):
    other = part_of(sent(customer=PHONE)).store
    StaffScope.objects.create(user=lead, store=make_store())
    assert "en/ready.sms" not in page(client)
    assert "en/ready.sms" not in page(client, store=other.code)


def test_people_without_a_store_see_no_measures(client, lead):
    link = reverse("admin:notifications_message_measures")
    assert client.get(link).status_code in (302, 403, 404)


def test_the_number_of_queries_does_not_grow_with_the_messages(client, phone, lead):
    store = part_of(sent(customer=PHONE)).store
    StaffScope.objects.create(user=lead, store=store)
    page(client)
    with CaptureQueriesContext(connection) as few:
        page(client)
    for more in (sent(customer=PHONE), sent(customer=MAIL)):
        StaffScope.objects.create(user=lead, store=part_of(more).store)
    with CaptureQueriesContext(connection) as many:
        page(client)
    assert len(many) == len(few)


def test_prometheus_gets_messages_calls_and_spending(phone):
    Spending.objects.create(provider="memory", day=clock.now().date(), micros=1_500_000, segments=3)
    message = sent(customer=PHONE)
    told(message, "delivered")
    text = exposition().decode()
    assert 'hub_messages_accepted{channel="sms"} 1.0' in text
    assert 'hub_messages_delivered{channel="sms"} 1.0' in text
    assert "hub_calls_open 0.0" in text
    assert 'hub_provider_spent{provider="memory"} 1.5' in text
