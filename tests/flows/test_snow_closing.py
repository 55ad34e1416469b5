"""Snow at two o'clock: the store shuts early, who is on the way hears it first, it is undone."""

import itertools
import re
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlsplit

import pytest
from django.db import transaction

from hub.api.keys import SCOPES, create_key
from hub.clock import turned_to
from hub.events.models import Fact
from hub.invariants import check, shipped
from hub.stores.models import StoreSwitch
from hub.webhooks.models import ChannelEvent
from notifications.cases import case_of
from notifications.models import Message
from notifications.services.words import put_into_words
from orders.curbside.visits import arrive, say_on_my_way
from orders.models import FulfillmentOrder
from orders.switches.services import preview, switch_on, undo
from tests.factories import make_channel, make_endpoint, make_item, make_ready, make_store, stock
from tests.flows.test_pos_answers_in_any_order import work_off
from tests.hub.api.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 1, 14, 11, tzinfo=UTC)  # Wednesday in Warsaw, open from 8 to 20
TWO = NOON + timedelta(hours=2)
TOMORROW = datetime(2026, 1, 15, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLOSING = "fulfillment.store_closing_early"
_numbers = itertools.count(1)


@pytest.fixture
def channel():
    channel = make_channel()
    make_endpoint(channel)
    return channel


@pytest.fixture
def item():
    return make_item()


@pytest.fixture
def store(item):
    store = make_store(code="S1", slot_capacity=1)
    stock(store, {item: 100})
    return store


@pytest.fixture
def place(channel, item):
    """Place an order over HTTP, in a window or as soon as possible; its part, or the refusal."""
    api = Api(create_key(channel=channel, name="test", scopes=SCOPES)[1])

    def post(start=None):
        number = next(_numbers)
        window = {"window": {"start": start.isoformat()}} if start else {}
        body = {
            "external_id": f"SNOW-{number}",
            "pickup": {"store": "S1", **window},
            "customer": {"name": "Ann Lee", "phone": "+48500123456"},
            "currency": "EUR",
            "total_minor": 500,
            "lines": [{"sku": item.sku, "quantity": 1, "unit_price_minor": 500}],
        }
        reply = api.post("/v1/orders", body, Idempotency_Key=f"snow-{number}")
        if reply.status_code != 201:
            return reply.json()["code"]
        return FulfillmentOrder.objects.get(public_id=reply.json()["fulfillments"][0]["id"])

    return post


def fresh(*parts):
    return [FulfillmentOrder.objects.get(pk=part.pk) for part in parts]


def told():
    rows = Fact.objects.filter(name=CLOSING).order_by("id")
    return [fact.data["fulfillment_id"] for fact in rows]


def test_a_store_closes_early_for_snow_and_opens_again(store, channel, item, place):
    with turned_to(NOON):
        soon, at_three, at_four = place(), place(TWO + HOUR), place(TWO + 2 * HOUR)
        waits, coming, here = (
            make_ready(store=store, channel=channel, lines={item: 1}) for _ in range(3)
        )
        coming_window = place(TWO + 3 * HOUR)
        say_on_my_way(fulfillment=coming, minutes=30)
        say_on_my_way(fulfillment=coming_window, minutes=150)
        arrive(fulfillment=here)
        expires = fresh(waits)[0].expires_at
        seen = preview(store=store, kind=StoreSwitch.Kind.CLOSING_EARLY, closes=time(14))

    assert soon.promised_at == NOON + HOUR
    assert (seen.on_the_way, seen.windows, seen.deadlines) == (2, 3, 0)

    with turned_to(NOON + timedelta(minutes=10)):
        snow = switch_on(
            store=store,
            kind=StoreSwitch.Kind.CLOSING_EARLY,
            by="lead",
            reason="snow",
            closes=time(14),
            token="tap",
        )
        work_off()
        refused, late = place(TWO + HOUR), [place() for _ in range(3)]

    # those on their way first; who stands at the curb is served, and hears nothing
    assert set(told()[:2]) == {coming.pk, coming_window.pk}
    assert len(told()) == seen.told
    assert here.pk not in told()
    assert soon.pk not in told()
    moved = fresh(at_three, at_four, coming_window)
    assert sorted(part.window_start for part in moved) == [
        TOMORROW,
        TOMORROW + HOUR / 2,
        TOMORROW + HOUR,
    ]
    assert moved[2].window_start == TOMORROW  # its customer was told first, and has the first one
    assert all(part.promised_at == part.window_start for part in moved)
    assert all(part.promised_first != part.promised_at for part in moved)
    assert fresh(waits)[0].expires_at == expires
    assert refused == "window_closed"
    assert all(part.promised_at <= TWO or part.promised_at >= TOMORROW for part in late)
    events = ChannelEvent.objects.filter(type=CLOSING).order_by("id")
    assert len(events) == len(told())
    assert events[0].data["closes_at"] == "2026-01-14T13:00:00Z"

    with turned_to(NOON + HOUR):
        undo(switch=snow, by="lead")
        work_off()

    back = fresh(at_three, at_four, coming_window)
    assert [part.window_start for part in back] == [TWO + HOUR, TWO + 2 * HOUR, TWO + 3 * HOUR]
    assert [part.promised_at for part in back] == [part.window_start for part in back]
    assert Fact.objects.filter(name=CLOSING, data__undone=True).count() == seen.told
    with turned_to(NOON + HOUR):
        assert place(TWO + 4 * HOUR).window_start == TWO + 4 * HOUR
    assert not [finding for finding in check(shipped()) if finding.violations]


def test_the_customers_are_texted_of_the_closing_and_of_its_undoing(client, store, place):
    with turned_to(NOON):
        part = place(TWO + HOUR)
        work_off()
        before = set(Message.objects.values_list("pk", flat=True))
        snow = switch_on(
            store=store, kind=StoreSwitch.Kind.CLOSING_EARLY, by="lead", closes=time(14)
        )
        work_off()
        first = Message.objects.exclude(pk__in=before).get()
        with transaction.atomic():
            body = put_into_words(first, case_of(f"fulfillment:{part.pk}")).body
        page = client.get(urlsplit(re.search(r"http\S+", body)[0]).path).content.decode()
        undo(switch=snow, by="lead")
        work_off()
        second = Message.objects.exclude(pk__in={*before, first.pk}).get()

    assert (first.purpose, second.purpose) == ("closing_early", "closing_undone")
    assert "closes early: today, 14:00" in body
    assert "Your time" in page
    assert "tomorrow, 08:00 – 08:30" in page
