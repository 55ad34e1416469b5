"""POST /hooks/…: authentic calls are kept once; everything else is a problem, never a 500."""

import itertools
import json
import random
import time
from datetime import UTC, datetime

import pytest
from django.test import Client
from standardwebhooks.webhooks import Webhook

from hub.connectors.signing import new_secret, sign
from hub.events.models import Fact
from hub.inbox.models import InboundCall
from hub.inbox.services import end_pos_rotation, rotate_pos_secret
from hub.providers.services.accounts import shared_secret
from tests.factories import make_pos
from tests.racing import at_once

pytestmark = pytest.mark.django_db

ACK = {"type": "pick_list.acknowledged", "data": {"fulfillment_id": "ful_1", "pos_reference": "7"}}
BODY = json.dumps(ACK).encode()
_numbers = itertools.count(1)


@pytest.fixture
def pos():
    return make_pos()


def headers_for(secret, body=BODY, message_id="", **changes):
    message_id = message_id or f"call_{next(_numbers)}"
    return sign(secrets=[secret], message_id=message_id, body=body) | changes


def post(path, headers, body=BODY, content_type="application/json"):
    client = Client(raise_request_exception=False)
    return client.post(path, data=body, content_type=content_type, headers=headers)


def test_an_authentic_call_is_kept_and_told_as_a_fact(pos):
    reply = post(f"/hooks/pos/{pos.public_id}", headers_for(pos.secret, message_id="call-a"))

    assert (reply.status_code, reply.json()) == (202, {"status": "accepted"})
    call = InboundCall.objects.get()
    assert (call.source, call.event_id, call.body) == (pos.public_id, "call-a", BODY.decode())
    fact = Fact.objects.get(name="inbound.received")
    assert fact.data == {
        "call_id": call.pk,
        "source": pos.public_id,
        "kind": "pick_list.acknowledged",
    }


def test_a_call_signed_by_the_public_library_is_accepted(pos):
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "call-b",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(pos.secret).sign("call-b", now, BODY.decode()),
    }
    assert post(f"/hooks/pos/{pos.public_id}", headers).status_code == 202


def test_a_receipt_of_an_sms_provider_is_kept_under_its_name():
    secret = shared_secret("handset")
    body = b'{"type": "message.delivered", "data": {"reference": "msg_1"}}'

    reply = post("/hooks/sms/handset", headers_for(secret, body), body)

    assert reply.status_code == 202
    assert InboundCall.objects.get().source == "sms:handset"


def test_a_repeat_is_answered_alike_and_kept_once(pos):
    first = headers_for(pos.secret, message_id="call-c")
    replies = [post(f"/hooks/pos/{pos.public_id}", first) for _ in range(3)]

    assert [reply.json()["status"] for reply in replies] == ["accepted", "duplicate", "duplicate"]
    assert InboundCall.objects.count() == Fact.objects.count() == 1


def test_two_senders_may_use_the_same_id():
    for pos in (make_pos(), make_pos()):
        post(f"/hooks/pos/{pos.public_id}", headers_for(pos.secret, message_id="same"))
    assert InboundCall.objects.count() == 2


@pytest.mark.parametrize("path", ["/hooks/pos/pos_unknown", "/hooks/sms/unknown"])
def test_an_unknown_sender_gets_the_same_answer_as_a_wrong_signature(pos, path):
    unknown = post(path, headers_for(new_secret()))
    wrong = post(f"/hooks/pos/{pos.public_id}", headers_for(new_secret()))

    assert unknown.status_code == wrong.status_code == 401
    assert {**unknown.json(), "trace_id": ""} == {**wrong.json(), "trace_id": ""}
    assert unknown.json()["code"] == "bad_signature"
    assert InboundCall.objects.count() == 0


def test_a_closed_connection_is_unknown(pos):
    pos.active = False
    pos.save(update_fields=["active"])
    reply = post(f"/hooks/pos/{pos.public_id}", headers_for(pos.secret))
    assert reply.status_code == 401


def test_while_the_secret_is_replaced_both_are_good_and_then_only_the_new_one(pos):
    old, path = pos.secret, f"/hooks/pos/{pos.public_id}"
    new = rotate_pos_secret(connection=pos)
    during = [post(path, headers_for(secret)).status_code for secret in (old, new)]

    end_pos_rotation(connection=pos)
    after = [post(path, headers_for(secret)).status_code for secret in (old, new)]

    assert (during, after) == ([202, 202], [401, 202])


@pytest.mark.parametrize("seconds", [-400, 400])
def test_a_replayed_call_is_refused(pos, seconds):
    headers = sign(secrets=[pos.secret], message_id="call-d", body=BODY, at=time.time() + seconds)
    assert post(f"/hooks/pos/{pos.public_id}", headers).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "a" * 121},
        {"webhook-id": "a\tb"},
        {"webhook-timestamp": "+1700000000"},
        {"webhook-timestamp": "1700000000.9"},
        {"webhook-timestamp": "1" * 5000},
        {"webhook-signature": "v1,*"},
        {"webhook-signature": "v1" * 5000},
        {"webhook-signature": "é"},
        {"webhook-signature": "v1," + "A" * 43 + "="},
    ],
)
def test_odd_headers_are_unauthentic_never_a_fault(pos, change):
    reply = post(f"/hooks/pos/{pos.public_id}", headers_for(pos.secret, **change))
    assert reply.status_code == 401
    assert reply["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_json"),
        (b"{", "malformed_json"),
        (b"\xff\xfe", "malformed_json"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b"[" * 100_000, "too_deep"),
        (b'{"type": "a", "type": "b", "data": {}}', "duplicate_key"),
        (b'{"type": "a", "data": {"x": NaN}}', "number_out_of_range"),
        (b'{"type": "a", "data": {"x": "\\u0000"}}', "invalid_text"),
        (b'{"type": "a", "data": {"x": "\\ud800"}}', "invalid_text"),
        (b'{"type": "a", "data": {"x": 1' + b"0" * 9000 + b"}}", "number_out_of_range"),
        (b"{}", "unknown_shape"),
        (b'{"type": 1, "data": {}}', "unknown_shape"),
        (b'{"type": "", "data": {}}', "unknown_shape"),
        (b'{"type": "a", "data": []}', "unknown_shape"),
        (b'{"type": "a"}', "unknown_shape"),
    ],
)
def test_an_authentic_call_that_makes_no_sense_is_a_coded_problem(pos, body, code):
    reply = post(f"/hooks/pos/{pos.public_id}", headers_for(pos.secret, body), body)
    assert (reply.status_code, reply.json()["code"]) == (400, code)
    assert InboundCall.objects.count() == 0


def test_the_signature_is_checked_before_the_body_is_understood(pos):
    body = b"[" * 100_000
    reply = post(f"/hooks/pos/{pos.public_id}", headers_for(new_secret(), body), body)
    assert reply.status_code == 401


def test_a_body_that_is_too_large_is_refused_unread(pos):
    body = b" " * 262_145
    reply = post(f"/hooks/pos/{pos.public_id}", headers_for(pos.secret, body), body)
    assert (reply.status_code, reply.json()["code"]) == (413, "body_too_large")


def test_only_post_is_answered(pos):
    reply = Client().get(f"/hooks/pos/{pos.public_id}")
    assert (reply.status_code, reply["Allow"].split(", ")[0]) == (405, "POST")


def test_random_bytes_are_never_a_fault(pos):
    chance = random.Random(7)
    for _ in range(40):
        body = chance.randbytes(chance.randrange(40))
        reply = post(f"/hooks/pos/{pos.public_id}", headers_for(pos.secret, body), body)
        assert reply.status_code == 400


def test_refusals_are_counted_and_authentic_calls_are_not(pos, settings, monkeypatch):
    settings.API_REQUESTS_PER_MINUTE = 3
    monkeypatch.setattr("hub.api.throttle._leases", {})
    path = f"/hooks/pos/{pos.public_id}"

    refused = [post(path, {}).status_code for _ in range(5)]
    good = [post(path, headers_for(pos.secret)).status_code for _ in range(5)]

    assert refused == [401, 401, 401, 429, 429]
    assert good == [202] * 5


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_parallel_repeats_are_kept_once():
    pos = make_pos()
    headers = headers_for(pos.secret, message_id="call-r")

    replies = at_once(8, lambda _: post(f"/hooks/pos/{pos.public_id}", headers))

    assert [reply.status_code for reply in replies] == [202] * 8
    assert sum(reply.json()["status"] == "accepted" for reply in replies) == 1
    assert InboundCall.objects.count() == Fact.objects.count() == 1


@pytest.mark.parametrize("length", ["abc", "²", "-5", "1e3"])
def test_a_length_that_is_no_number_is_no_fault_of_the_hub(pos, length):
    client = Client(raise_request_exception=False)
    headers = headers_for(pos.secret)
    path = f"/hooks/pos/{pos.public_id}"
    reply = client.post(
        path, BODY, content_type="application/json", headers=headers, CONTENT_LENGTH=length
    )
    assert (reply.status_code, reply.json()["code"]) == (411, "length_required")
