"""What every POS connector must do, run against each of them."""

import json
from contextlib import contextmanager

import pytest
from standardwebhooks.webhooks import Webhook

from hub.connectors.pos.base import PickLine, PickList, PosAccount
from hub.connectors.pos.memory import MemoryPos
from hub.connectors.pos.webhook import WebhookPos
from hub.connectors.signing import new_secret
from hub.errors import ConnectorError
from hub.simulators.models import SimulatedPickList
from tests.factories import make_pos
from tests.hub.connectors.wire import HANG, RESET, reply, vendor

PICK_LIST = PickList(
    fulfillment_id="ful_01jd3k",
    order_id="ord_01jd3k",
    order_reference="W-1001",
    store="WAW-01",
    promised_at="2026-11-21T16:30:00+01:00",
    lines=(
        PickLine(line_id="1", sku="MLK-1", name="Mleko świeże 1 l 🥛", quantity=2),
        PickLine(line_id="2", sku="BRD-7", name='Chleb "żytni" <1 kg>', quantity=1),
    ),
    note="Proszę bez reklamówek",
)


class Simulated:
    """WebhookPos against the simulated till, over HTTP."""

    def __init__(self, live_server, settings):
        settings.PUBLIC_BASE_URL = live_server.url
        pos = make_pos()
        self.account = PosAccount(
            connection_id=pos.public_id,
            base_url=f"{live_server.url}/sim/pos/{pos.public_id}",
            secrets=(pos.secret,),
        )

    def connector(self):
        return WebhookPos(self.account)

    def received(self):
        return {row.reference: row.body for row in SimulatedPickList.objects.all()}

    def canceled(self):
        rows = SimulatedPickList.objects.filter(canceled_at__isnull=False)
        return {row.reference for row in rows}


class InMemory:
    """MemoryPos."""

    def __init__(self):
        self.account = PosAccount(connection_id="pos_memory", base_url="", secrets=())
        MemoryPos.tills.clear()

    def connector(self):
        return MemoryPos(self.account)

    def received(self):
        lists = self.connector().till.pick_lists.items()
        return {key: json.loads(json.dumps(value.as_json())) for key, value in lists}

    def canceled(self):
        return self.connector().till.canceled


OVER_HTTP = pytest.param("webhook", marks=pytest.mark.django_db(transaction=True))


@pytest.fixture(params=[OVER_HTTP, "memory"])
def till(request, settings):
    if request.param == "webhook":
        return Simulated(request.getfixturevalue("live_server"), settings)
    return InMemory()


def test_a_pick_list_arrives_whole(till):
    reference = till.connector().queue(PICK_LIST)

    assert reference
    expected = json.loads(json.dumps(PICK_LIST.as_json()))
    assert till.received() == {PICK_LIST.fulfillment_id: expected}


def test_a_repeat_has_one_effect_and_the_same_reference(till):
    references = {till.connector().queue(PICK_LIST) for _ in range(3)}

    assert len(references) == 1
    assert len(till.received()) == 1


def test_a_pick_list_can_be_withdrawn_and_withdrawn_again(till):
    reference = till.connector().queue(PICK_LIST)

    for _ in range(2):
        till.connector().cancel(reference, PICK_LIST.fulfillment_id)

    assert till.canceled() == {PICK_LIST.fulfillment_id}


def test_withdrawing_an_unknown_pick_list_fails_for_good(till):
    with pytest.raises(ConnectorError) as caught:
        till.connector().cancel("T-000099", "ful_unknown")
    assert caught.value.permanent


def test_a_pick_list_holds_nothing_about_the_customer():
    members = set(PICK_LIST.as_json())
    assert members == {
        "fulfillment_id",
        "order_id",
        "order_reference",
        "store",
        "promised_at",
        "lines",
        "note",
    }


# --- the webhook connector against a till in every mood -----------------------------------------


@contextmanager
def failing(*script):
    with vendor(*script) as other:
        account = PosAccount(
            connection_id="pos_1",
            base_url=other.url,
            secrets=("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",),
        )
        yield other, WebhookPos(account)


def test_every_try_carries_the_fulfillment_id_as_webhook_id():
    with failing(reply(500), reply(201, b'{"reference": "9"}')) as (other, pos):
        with pytest.raises(ConnectorError):
            pos.queue(PICK_LIST)
        assert pos.queue(PICK_LIST) == "9"
    ids = [request["headers"]["webhook-id"] for request in other.requests]
    assert ids == [PICK_LIST.fulfillment_id] * 2
    assert other.requests[0]["body"] == other.requests[1]["body"]


def test_while_the_secret_is_replaced_a_till_that_knows_either_can_verify():
    old, new = new_secret(), new_secret()
    with vendor(reply(201, b'{"reference": "9"}')) as other:
        account = PosAccount(connection_id="pos_1", base_url=other.url, secrets=(new, old))
        WebhookPos(account).queue(PICK_LIST)
    for secret in (old, new):
        Webhook(secret).verify(other.requests[0]["body"], other.requests[0]["headers"])


@pytest.mark.parametrize(
    ("answer", "permanent", "ambiguous"),
    [
        (reply(400), True, False),
        (reply(401), True, False),
        (reply(429, Retry_After="9"), False, False),
        (reply(500), False, True),
        (RESET, False, True),
        (reply(200, b"<html>Login</html>"), False, True),
        (reply(200, b'{"error": "no"}'), False, True),
        (reply(200, b'{"reference": ""}'), False, True),
        (reply(200, b'{"reference": 7}'), False, True),
        (reply(200, json.dumps({"reference": "x" * 61}).encode()), False, True),
    ],
)
def test_a_failure_says_whether_the_list_may_have_arrived(answer, permanent, ambiguous):
    with failing(answer) as (_, pos), pytest.raises(ConnectorError) as caught:
        pos.queue(PICK_LIST)
    assert (caught.value.permanent, caught.value.ambiguous) == (permanent, ambiguous)


def test_a_till_that_hangs_is_given_up_as_ambiguous(monkeypatch):
    with failing(HANG) as (_, pos):
        monkeypatch.setattr(pos._http, "_timeout", (1, 0.3))
        with pytest.raises(ConnectorError) as caught:
            pos.queue(PICK_LIST)
    assert caught.value.ambiguous
