"""Sending webhook calls: the schedule, the signature, and receivers in every mood."""

import json

import pytest
from django.db import connection
from standardwebhooks.webhooks import Webhook

from hub.events import leases
from hub.events.leases import State
from hub.events.models import Fact
from hub.events.queues import queues
from hub.events.relay import run_one
from hub.webhooks import calls
from hub.webhooks.endpoints import create_endpoint, end_rotation, rotate_secret
from hub.webhooks.models import WebhookCall
from tests.factories import make_channel
from tests.hub.connectors.wire import HANG, RESET, reply, vendor

pytestmark = pytest.mark.django_db

OK = reply(204, b"")


def send_due(endpoint):
    """Claim one due call of the endpoint and carry it out as a relay does; returns it."""
    queue = next(queue for queue in queues() if queue.model is WebhookCall)
    (call,) = leases.claim(WebhookCall, lane=f"webhook:{endpoint.public_id}", limit=1)
    queue.load([call])
    run_one(queue, call)
    call.refresh_from_db()
    return call


def make_due():
    WebhookCall.objects.filter(state=State.PENDING).update(due_at="2020-01-01T00:00Z")


def wait_of(call):
    """Seconds until the call is due, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM due_at - statement_timestamp())::float8 "
            "FROM webhooks_webhookcall WHERE id = %s",
            [call.pk],
        )
        return cursor.fetchone()[0]


def versions_but(call):
    """Which version of its row each other call has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, ctid::text FROM webhooks_webhookcall WHERE id <> %s", [call.pk])
        return dict(cursor.fetchall())


@pytest.fixture
def site(tell):
    """A site with these answers: returns (vendor, endpoint), one event waiting."""
    running = []

    def make(*script, events=1):
        context = vendor(*script)
        running.append(context)
        other = context.__enter__()
        endpoint = create_endpoint(channel=make_channel(), url=f"{other.url}/hooks")
        for _ in range(events):
            tell(endpoint.channel)
        return other, endpoint

    yield make
    for context in running:
        context.__exit__(None, None, None)


def test_a_call_is_signed_and_verified_by_the_public_library(site):
    other, endpoint = site(OK)

    call = send_due(endpoint)

    request = other.requests[0]
    told = Webhook(endpoint.secret).verify(request["body"], request["headers"])
    assert told == json.loads(request["body"])
    assert told["id"] == request["headers"]["webhook-id"] == call.event.public_id
    assert set(told) == {"id", "type", "timestamp", "data"}
    assert (call.state, call.last_status) == (State.DONE, 204)


def test_every_try_has_the_same_id_and_body_and_a_fresh_timestamp(site, monkeypatch):
    other, endpoint = site(reply(500), OK)
    monkeypatch.setattr("hub.connectors.signing.time.time", lambda: 1_800_000_000)
    send_due(endpoint)
    monkeypatch.setattr("hub.connectors.signing.time.time", lambda: 1_800_000_305)
    make_due()
    send_due(endpoint)

    first, second = other.requests
    assert first["body"] == second["body"]
    assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"]
    assert first["headers"]["webhook-timestamp"] == "1800000000"
    assert second["headers"]["webhook-timestamp"] == "1800000305"


def test_while_the_secret_turns_both_verify_and_afterwards_only_the_new_one(site):
    other, endpoint = site(OK, events=2)
    old = endpoint.secret
    new = rotate_secret(endpoint=endpoint)
    send_due(endpoint)
    end_rotation(endpoint=endpoint)
    send_due(endpoint)

    during, after = other.requests
    for secret in (old, new):
        Webhook(secret).verify(during["body"], during["headers"])
    assert len(during["headers"]["webhook-signature"].split()) == 2
    assert len(after["headers"]["webhook-signature"].split()) == 1
    Webhook(new).verify(after["body"], after["headers"])


def test_ten_tries_follow_the_standard_schedule_and_then_it_is_parked(site):
    _, endpoint = site(reply(500))
    waits = []
    for _ in range(10):
        call = send_due(endpoint)
        waits.append(wait_of(call) if call.state == State.PENDING else None)
        make_due()

    assert waits[-1] is None
    assert call.state == State.PARKED
    assert call.attempts == 10
    for waited, wanted in zip(waits, calls.WAITS, strict=False):
        assert wanted * 0.9 - 2 <= waited <= wanted * 1.1
    assert sum(calls.WAITS) == pytest.approx(75.6 * 3600, rel=0.01)


@pytest.mark.parametrize("answer", [reply(301), reply(400), reply(404), reply(500), RESET, HANG])
def test_anything_but_a_2xx_is_tried_again(site, monkeypatch, answer):
    monkeypatch.setattr(calls, "TIMEOUT", (1, 0.3))
    _, endpoint = site(answer)

    call = send_due(endpoint)

    assert call.state == State.PENDING
    assert call.last_error
    assert 3 <= wait_of(call) <= 6


def test_a_receiver_that_is_gone_is_switched_off(site):
    other, endpoint = site(reply(410), events=3)

    call = send_due(endpoint)

    endpoint.refresh_from_db()
    assert not endpoint.active
    assert "410" in endpoint.disabled_reason
    assert call.state == State.PARKED
    assert set(WebhookCall.objects.values_list("state", flat=True)) == {State.PARKED}
    assert len(other.requests) == 1


def test_an_overloaded_receiver_is_left_alone_for_as_long_as_it_asks(site):
    _, endpoint = site(reply(429, Retry_After="120"), events=3)

    call = send_due(endpoint)

    assert 118 <= wait_of(call) <= 121
    others = WebhookCall.objects.exclude(pk=call.pk)
    assert all(118 <= wait_of(one) <= 133 for one in others)
    assert leases.claim(WebhookCall, lane=call.lane, limit=5) == []


def test_calls_that_rest_already_are_not_written_once_more(site):
    _, endpoint = site(reply(429, Retry_After="120"), reply(429, Retry_After="60"), events=3)
    call = send_due(endpoint)
    WebhookCall.objects.filter(pk=call.pk).update(due_at="2020-01-01T00:00Z")
    before = versions_but(call)

    send_due(endpoint)

    assert versions_but(call) == before


@pytest.mark.parametrize("status", [429, 502, 504])
def test_an_overloaded_receiver_that_names_no_time_rests_a_minute(site, status):
    _, endpoint = site(reply(status), events=2)

    call = send_due(endpoint)

    assert wait_of(call) >= 58


def failed(call, error):
    """Let the call have failed twice so, and wait for minutes."""
    WebhookCall.objects.filter(pk=call.pk).update(
        attempts=2, last_error=error, due_at="2100-01-01T00:00Z"
    )


def test_who_found_nobody_there_follows_once_one_call_got_through(site):
    _, endpoint = site(OK, OK, events=3)
    first, second, _ = WebhookCall.objects.order_by("pk")
    failed(first, "no connection: ConnectionError")
    failed(second, "HTTP 500")

    send_due(endpoint)

    first.refresh_from_db()
    second.refresh_from_db()
    assert wait_of(first) <= 0
    assert wait_of(second) > 300  # it was heard and refused: others getting through change nothing


def test_a_call_that_fails_brings_no_other_forward(site):
    _, endpoint = site(reply(500), events=2)
    waiting = WebhookCall.objects.order_by("pk").first()
    failed(waiting, "no connection: ConnectionError")

    send_due(endpoint)

    assert wait_of(waiting) > 300


def test_one_overloaded_receiver_does_not_delay_another(site):
    _, slow = site(reply(503, Retry_After="600"))
    _, quick = site(OK)

    send_due(slow)

    assert send_due(quick).state == State.DONE


def test_an_address_that_turned_private_is_not_called(site, settings):
    other, endpoint = site(OK)
    settings.PRIVATE_NETWORKS = []

    call = send_due(endpoint)

    assert call.state == State.PARKED
    assert "refused to call" in call.last_error
    assert other.requests == []


def test_the_call_carries_the_trace_of_the_fact(site, tell):
    other, endpoint = site(OK, events=0)
    event = tell(endpoint.channel)
    Fact.objects.create(
        public_id=event.public_id,
        name=event.type,
        data={},
        occurred_at=event.occurred_at,
        trace_id="c" * 32,
    )

    send_due(endpoint)

    assert other.requests[0]["headers"]["traceparent"].startswith(f"00-{'c' * 32}-")
