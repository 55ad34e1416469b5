"""The cockpit: every connector, what was given up, and sending it again, edited where it can be."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.urls import reverse

from hub import clock
from hub.connectors.signing import new_secret
from hub.events import registry
from hub.events.catalog import FulfillmentProposed
from hub.events.deliveries import run
from hub.events.leases import State, claim
from hub.events.models import Breaker, Delivery, Fact
from hub.integration import lanes
from hub.integration.gauges import all_connectors, lane_page
from hub.integration.lanes import look
from hub.integration.models import EditedReplay, Ping
from hub.integration.redacting import HIDDEN, redacted, redacted_text
from hub.integration.replaying import NotParked, WrongPayload, replay_edited
from hub.stores.models import StaffScope, Store
from hub.webhooks.cockpit import lane_of
from hub.webhooks.models import WebhookCall
from hub.webhooks.services import announce
from tests.factories import make_endpoint, make_person, make_pos
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _count_anew():
    lanes.forget()


@pytest.fixture
def endpoint():
    return make_endpoint()


@pytest.fixture
def call(endpoint):
    """A webhook call that was given up."""
    event = {"order": {"id": "ord_1", "status": "redy"}}
    announced(endpoint, event)
    WebhookCall.objects.update(state=State.PARKED, last_error="HTTP 500 for ann@example.com")
    return WebhookCall.objects.get()


@transaction.atomic
def announced(endpoint, data):
    announce(
        channel_id=endpoint.channel_id,
        event_id="evt_1",
        type="order.ready",
        occurred_at=clock.now(),
        data=data,
    )


@pytest.fixture
def integrator(client):
    person = make_person()
    wanted = ["view_breaker", "change_delivery", "see_all_stores", "change_webhookendpoint"]
    person.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    client.force_login(person)
    return person


def test_every_kind_of_connector_is_there_those_in_trouble_first(endpoint, call):
    till = make_pos()
    Breaker.objects.create(key=f"pos:{till.store_id}", state="open", last_error="no route to it")

    found = all_connectors(Store.objects.all(), look())

    assert {one.kind for one in found} == {"pos", "sms", "email", "webhook", "feed", "hub"}
    assert {one.kind for one in found if one.tone == "danger"} == {"pos", "webhook"}
    assert found[0].tone == "danger"
    hook = next(one for one in found if one.kind == "webhook")
    assert (hook.parked, hook.words) == (1, "something was given up")


def test_more_connectors_cost_no_more_queries(django_assert_max_num_queries):
    for _ in range(10):
        make_pos()
    with django_assert_max_num_queries(24):
        list(all_connectors(Store.objects.all(), look()))


def test_the_page_and_its_part_show_and_filter(client, integrator, call):
    address = reverse("admin:events_breaker_cockpit")

    assert "order.ready" not in client.get(address).content.decode()
    part = client.get(address + "?part=1&kind=webhook&only=trouble").content.decode()
    assert "something was given up" in part
    assert "<html" not in part


def test_a_lane_shows_error_and_payload_without_private_things(client, integrator, endpoint, call):
    page = client.get(lane_page(lane_of(endpoint))).content.decode()

    assert "redy" in page
    assert "ann@example.com" not in page
    assert f"HTTP 500 for {HIDDEN}" in page


def test_one_or_all_are_sent_again(client, integrator, endpoint, call):
    lane = lane_of(endpoint)
    row = {"row": f"webhooks_webhookcall:{call.pk}"}

    client.post(reverse("admin:events_breaker_replay", args=[lane]), row)

    call.refresh_from_db()
    assert call.state == State.PENDING


def test_an_edited_payload_is_sent_and_the_original_kept(client, integrator, endpoint, call):
    lane, row = lane_of(endpoint), f"webhooks_webhookcall:{call.pk}"
    address = reverse("admin:events_breaker_edit", args=[lane])
    edited = {"order": {"id": "ord_1", "status": "ready"}}

    asked = client.get(f"{address}?row={row}")
    client.post(address, {"row": row, "payload": json.dumps(edited), "why": "typing mistake"})

    assert asked.status_code == 200
    call.refresh_from_db()
    assert (call.state, call.edited) == (State.PENDING, edited)
    assert call.event.data == {"order": {"id": "ord_1", "status": "redy"}}
    kept = EditedReplay.objects.get()
    assert (kept.by, kept.why, kept.before["order"]["status"]) == (
        integrator.username,
        "typing mistake",
        "redy",
    )


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"order": 3}', '{"order": {}, "more": 1}', '{"order": NaN}', "\x00"],
)
def test_a_payload_that_could_not_have_been_sent_is_refused(call, text):
    with pytest.raises(WrongPayload):
        replay_edited(row=call, text=text, by="iga", why="x")

    call.refresh_from_db()
    assert (call.state, call.edited) == (State.PARKED, None)


@pytest.fixture
def heard(monkeypatch):
    """What a handler of our own was told, in the lane of the database."""
    told: list[int] = []

    def hear(fact):
        told.append(fact.fulfillment_id)

    handler = registry.Handler(
        name="tests.hear",
        react=hear,
        lane=lambda _: "db",
        key=lambda fact: f"part:{fact.store_id}",
        network=False,
        envelope=False,
    )
    monkeypatch.setitem(registry._by_name, "tests.hear", handler)
    return told


@pytest.fixture
def delivery(heard):
    fact = Fact.objects.create(
        name=FulfillmentProposed.name,
        data={"order_id": 1, "fulfillment_id": 2, "store_id": 3},
        occurred_at="2026-01-01T00:00Z",
    )
    return Delivery.objects.create(
        fact=fact, handler="tests.hear", ordering_key="part:3", state=State.PARKED
    )


def test_an_edited_delivery_is_carried_out_with_what_was_edited(delivery, heard):
    text = json.dumps({"order_id": 1, "fulfillment_id": 5, "store_id": 3})

    replay_edited(row=delivery, text=text, by="iga", why="wrong part")
    (claimed,) = claim(Delivery, lane="db", limit=1)
    run(claimed)

    assert heard == [5]
    delivery.refresh_from_db()
    assert delivery.state == State.DONE
    assert delivery.fact.data["fulfillment_id"] == 2


def test_an_edited_delivery_goes_nowhere_else(delivery):
    text = json.dumps({"order_id": 1, "fulfillment_id": 2, "store_id": 4})

    with pytest.raises(WrongPayload):
        replay_edited(row=delivery, text=text, by="iga", why="x")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_edits_at_once_one_is_sent(endpoint, call):
    def job(number):
        row = WebhookCall.objects.get(pk=call.pk)
        text = json.dumps({"order": {"id": f"ord_{number}"}})
        try:
            return replay_edited(row=row, text=text, by="iga", why="x")
        except NotParked:
            return None

    sent = [one for one in at_once(4, job) if one]

    assert len(sent) == EditedReplay.objects.count() == 1
    call.refresh_from_db()
    assert call.edited == sent[0].after


def test_nobody_sees_the_lane_of_a_store_that_is_not_theirs(client):
    mine, other = make_pos(), make_pos()
    person = make_person()
    person.user_permissions.set(Permission.objects.filter(codename="view_breaker"))
    StaffScope.objects.create(user=person, store=mine.store)
    client.force_login(person)

    for lane in (f"pos:{other.store_id}", "pos:999999", "x" * 200):
        assert client.get(lane_page(lane)).status_code == 404


def test_turning_a_secret_shows_it_once_and_two_are_good_until_the_old_one_is_ended(
    client, integrator, endpoint
):
    before = endpoint.secret
    named = "admin:webhooks_webhookendpoint_"

    shown = client.post(reverse(named + "rotate", args=[endpoint.pk]))
    endpoint.refresh_from_db()

    assert endpoint.secret in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert endpoint.previous_secret == before
    client.post(reverse(named + "end", args=[endpoint.pk]))
    endpoint.refresh_from_db()
    assert endpoint.previous_secret is None


@pytest.mark.django_db(transaction=True)
def test_a_ping_that_nobody_answers_is_kept_and_told(client, integrator, endpoint):
    link = reverse("admin:webhooks_webhookendpoint_ping", args=[endpoint.pk])
    page = client.post(link, follow=True)

    assert "It does not answer" in page.content.decode()
    assert not Ping.objects.get(key=lane_of(endpoint)).answered


def test_what_is_private_is_put_out_of_sight():
    secret = new_secret()
    value = {"name": "Ann", "lines": [{"sku": "MUG"}], "note": "", "said": "call +48 500 123 456"}

    assert redacted(value) == {
        "name": HIDDEN,
        "lines": [{"sku": "MUG"}],
        "note": "",
        "said": f"call {HIDDEN}",
    }
    assert secret not in redacted_text(f"signed with {secret}")
    assert redacted_text("https://user:pass@till.example/x") == f"https://{HIDDEN}@till.example/x"
    assert redacted_text("Authorization: Bearer abcdef123456") == f"Authorization: Bearer {HIDDEN}"
    assert (
        redacted_text("order 17 of ful_01jd3kabc at 12:30") == "order 17 of ful_01jd3kabc at 12:30"
    )
