"""The simulated vendors: strict like real ones, and their answers reach the hub over HTTP."""

import json
import threading

import pytest
from django.test import Client

from hub.connectors.registry import pos_connector, sms_connector
from hub.connectors.signing import new_secret, sign
from hub.events.health import oldest_due_seconds
from hub.events.models import Delivery
from hub.events.relay import Relay
from hub.inbox.models import InboundCall
from hub.simulators.models import (
    SimulatedPickList,
    SimulatedSiteCall,
    SimulatedText,
    SimulatedTill,
)
from hub.webhooks.endpoints import create_endpoint
from hub.webhooks.models import WebhookCall
from tests.contracts.test_pos import PICK_LIST
from tests.factories import make_channel, make_pos, make_store

PHONE = "+48600700800"
LINK = "http://127.0.0.1:8300/p/abcDEF_-123"


def post(path, value, headers=None):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    client = Client(raise_request_exception=False)
    return client.post(path, data=body, content_type="application/json", headers=headers or {})


def text(**values):
    return {"to": PHONE, "body": f"Ready <b>now</b>\n{LINK}", "reference": "msg_1"} | values


def work_until(done, seconds=20):
    """Let a relay work until ``done()``; fails after that many seconds."""
    relay, over = Relay(), threading.Event()
    timer = threading.Timer(seconds, over.set)
    timer.start()
    relay.run(until=lambda: over.is_set() or done())
    timer.cancel()
    assert done()


@pytest.fixture
def world(live_server, settings):
    """The hub and its simulators, reachable over HTTP."""
    settings.PUBLIC_BASE_URL = live_server.url
    return live_server.url


# --- over HTTP, there and back --------------------------------------------------------------------


def test_a_pick_list_is_acknowledged_to_the_hub(world):
    pos = make_pos()
    pos.base_url = f"{world}/sim/pos/{pos.public_id}"

    reference = pos_connector(pos).queue(PICK_LIST)
    work_until(lambda: Delivery.objects.filter(lane="sim:pos", state="done").exists())

    call = InboundCall.objects.get(source=pos.public_id)
    assert json.loads(call.body) == {
        "type": "pick_list.acknowledged",
        "data": {"fulfillment_id": PICK_LIST.fulfillment_id, "pos_reference": reference},
    }


@pytest.mark.parametrize(
    ("phone", "outcome"), [(PHONE, "message.delivered"), ("+48600700000", "message.failed")]
)
def test_a_text_is_receipted_to_the_hub(world, phone, outcome):
    sms_connector("handset").send(to=phone, body="Hi", reference="msg_1", valid_seconds=60)
    work_until(lambda: Delivery.objects.filter(lane="sim:handset", state="done").exists())

    call = InboundCall.objects.get(source="sms:handset")
    body = json.loads(call.body)
    assert body["type"] == outcome
    assert body["data"]["reference"] == "msg_1"


def test_a_webhook_reaches_the_site_and_its_signature_holds(world, tell):
    endpoint = create_endpoint(channel=make_channel(), url=f"{world}/sim/site/webhooks")
    event = tell(endpoint.channel)

    work_until(lambda: WebhookCall.objects.filter(state="done").exists())

    seen = SimulatedSiteCall.objects.get()
    assert seen.verified
    assert seen.webhook_id == seen.body["id"] == event.public_id
    assert oldest_due_seconds() == 0


def test_test_orders_reach_the_simulators_even_where_vendors_are_configured(world, settings):
    settings.CONNECTORS = settings.CONNECTORS | {
        "sms": settings.CONNECTORS["sms"] | {"vendor": "tests.no.such.Vendor"}
    }
    settings.SMS_CONNECTOR = "vendor"
    pos = make_pos(base_url="https://pos.example")

    sms_connector(is_test=True).send(to=PHONE, body="Hi", reference="msg_2", valid_seconds=60)
    pos_connector(pos, is_test=True).queue(PICK_LIST)

    assert SimulatedText.objects.count() == SimulatedPickList.objects.count() == 1


# --- the doors ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_till_refuses_what_the_hub_did_not_sign():
    pos = make_pos()
    body = json.dumps(PICK_LIST.as_json()).encode()
    headers = sign(secrets=[new_secret()], message_id="ful_1", body=body)

    replies = [
        post(f"/sim/pos/{pos.public_id}/pick-lists", body, headers),
        post(f"/sim/pos/{pos.public_id}/pick-lists", body),
        post("/sim/pos/pos_unknown/pick-lists", body, headers),
    ]

    assert [reply.status_code for reply in replies] == [401, 401, 404]
    assert SimulatedPickList.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-timestamp": "x"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,*"},
        {"webhook-signature": "é"},
    ],
)
def test_odd_signatures_are_no_fault_of_the_till(changes):
    pos = make_pos()
    headers = sign(secrets=[pos.secret], message_id="ful_1", body=b"\xff") | changes
    assert post(f"/sim/pos/{pos.public_id}/pick-lists", b"\xff", headers).status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"{", b"[]", b'{"fulfillment_id": 7}', b'{"fulfillment_id": ""}'])
def test_odd_pick_lists_are_a_coded_problem(body):
    pos = make_pos()
    headers = sign(secrets=[pos.secret], message_id="ful_1", body=body)
    assert post(f"/sim/pos/{pos.public_id}/pick-lists", body, headers).status_code == 400


@pytest.mark.django_db
def test_a_phone_takes_each_text_once():
    replies = [post("/sim/handset/messages", text()) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [201, 200]
    shown = Client().get("/sim/handset/messages.json", {"phone": PHONE}).json()["messages"]
    assert [(one["reference"], one["phone"]) for one in shown] == [("msg_1", PHONE)]
    assert set(shown[0]) == {"reference", "phone", "body", "received_at"}
    assert Client().get("/sim/handset/messages.json?phone=%2B1").json() == {"messages": []}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [{"to": "600"}, {"to": None}, {"body": ""}, {"body": "a" * 2001}, {"reference": 1}, {"to": []}],
)
def test_odd_texts_are_a_coded_problem(changes):
    reply = post("/sim/handset/messages", text(**changes))
    assert (reply.status_code, reply.json()["code"]) == (400, "odd_text")


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 9000, b'{"a": "\\u0000"}', b"7"])
def test_the_site_shows_what_it_could_not_verify_or_read(body):
    reply = post("/sim/site/webhooks", body, {"webhook-id": "x" * 200})
    assert reply.status_code == 401
    (call,) = Client().get("/sim/site/webhooks.json").json()["webhooks"]
    assert call["verified"] is False
    assert Client().get("/sim/site/").status_code == 200


@pytest.mark.django_db
def test_a_body_that_is_too_large_is_refused():
    assert post("/sim/site/webhooks", b" " * 262_145).status_code == 413


# --- the pages ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_page_says_that_it_is_a_simulator():
    pos = make_pos(make_store(name="Łódź Rynek"))
    post("/sim/handset/messages", text())
    for path in ("", f"pos/{pos.public_id}/", "handset/", f"handset/{PHONE}/", "site/"):
        page = Client().get(f"/sim/{path}")
        assert page.status_code == 200
        assert "<strong>Simulator</strong>" in page.content.decode()


@pytest.mark.django_db
def test_a_text_shows_its_link_to_tap_and_escapes_the_rest():
    post("/sim/handset/messages", text())
    page = Client().get(f"/sim/handset/{PHONE}/").content.decode()
    assert f'href="{LINK}"' in page
    assert "&lt;b&gt;now&lt;/b&gt;" in page


@pytest.mark.django_db
def test_the_till_shows_its_tickets_in_store_time():
    pos = make_pos()
    body = json.dumps(PICK_LIST.as_json() | {"promised_at": "2026-11-21T16:30:00Z"}).encode()
    headers = sign(secrets=[pos.secret], message_id="ful_1", body=body)
    post(f"/sim/pos/{pos.public_id}/pick-lists", body, headers)

    page = Client().get(f"/sim/pos/{pos.public_id}/").content.decode()

    assert "T-0" in page
    assert "W-1001" in page
    assert "17:30" in page
    assert "Chleb &quot;żytni&quot; &lt;1 kg&gt;" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value",
    [
        {"fulfillment_id": "f", "lines": 7, "promised_at": 5, "note": None},
        {"fulfillment_id": "f", "lines": [1, "a", None], "promised_at": "soon"},
        {"fulfillment_id": "f", "promised_at": "9999-12-31T23:59:59-23:00"},
    ],
)
def test_an_odd_pick_list_does_not_break_the_tills_page(value):
    pos = make_pos()
    body = json.dumps(value).encode()
    headers = sign(secrets=[pos.secret], message_id="ful_1", body=body)
    assert post(f"/sim/pos/{pos.public_id}/pick-lists", body, headers).status_code == 201
    client = Client(raise_request_exception=False)
    assert client.get(f"/sim/pos/{pos.public_id}/").status_code == 200


@pytest.mark.django_db
def test_a_dark_till_says_so_on_its_screen(client):
    pos = make_pos(make_store())
    page = f"/sim/pos/{pos.public_id}/"
    assert "Out of order" not in client.get(page).content.decode()
    SimulatedTill.objects.create(connection=pos.public_id, dark_until="2999-01-01T00:00Z")
    assert "Out of order" in client.get(page).content.decode()
