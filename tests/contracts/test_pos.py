"""What every POS connector must do, run against each of them."""

import csv
import json
from contextlib import contextmanager
from dataclasses import replace

import pytest
from standardwebhooks.webhooks import Webhook

from hub.connectors.pos.base import ABILITIES, NotSupported, PickLine, PickList, PosAccount
from hub.connectors.pos.files import FilesPos
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


class InFiles:
    """FilesPos; ``received`` reads what lies ready as the POS would."""

    def __init__(self, settings, folder, layout):
        settings.POS_DIR = folder
        self.account = PosAccount(connection_id="pos_files", base_url="", secrets=(), layout=layout)

    def connector(self):
        return FilesPos(self.account)

    def received(self):
        found = {}
        for path in sorted((self.connector().folder / "sent").glob("*.r*.*")):
            if "withdrawn" not in path.name:
                rows = rows_of(path, self.account.layout)
                found[rows[0]["fulfillment_id"]] = shown(rows)
        return found

    def canceled(self):
        sent = (self.connector().folder / "sent").glob("*.withdrawn.*")
        return {path.name.split(".")[0] for path in sent}


def rows_of(path, layout):
    """The rows of a file as the POS reads them, by our names."""
    encoding = layout.get("encoding", "utf-8")
    theirs = {name: ours for ours, name in layout.get("pick_list", {}).items()}
    with path.open(encoding=encoding, newline="") as file:
        if layout.get("format") == "json":
            rows = json.load(file)
        else:
            rows = list(csv.DictReader(file, delimiter=layout.get("delimiter", ",")))
    return [{theirs.get(name, name): value for name, value in row.items()} for row in rows]


def shown(rows):
    """A pick list from the rows of its file."""
    head = rows[0]
    names = ("fulfillment_id", "order_reference", "store", "promised_at", "note", "status")
    lines = [
        {name: row[name] for name in ("line_id", "sku", "name")}
        | {"quantity": int(row["quantity"])}
        for row in rows
    ]
    return {name: head[name] for name in names} | {
        "revision": int(head["revision"]),
        "lines": lines,
    }


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
GERMAN = {
    "delimiter": ";",
    "encoding": "utf-16",
    "pick_list": {"sku": "ARTIKEL", "quantity": "MENGE", "fulfillment_id": "BELEG"},
}


@pytest.fixture(params=[OVER_HTTP, "files", "german files", "json files", "memory"])
def till(request, settings, tmp_path):
    if request.param == "webhook":
        return Simulated(request.getfixturevalue("live_server"), settings)
    layouts = {"files": {}, "german files": GERMAN, "json files": {"format": "json"}}
    if request.param in layouts:
        return InFiles(settings, tmp_path, layouts[request.param])
    return InMemory()


def amended(revision=2):
    """The pick list without its bread."""
    return replace(PICK_LIST, revision=revision, lines=PICK_LIST.lines[:1])


def test_a_pick_list_arrives_whole(till):
    reference = till.connector().queue(PICK_LIST)

    assert reference
    expected = json.loads(json.dumps(PICK_LIST.as_json()))
    (received,) = till.received().values()
    assert received == {name: expected[name] for name in received}
    assert {"lines", "order_reference", "promised_at", "revision"} <= set(received)


def test_a_repeat_has_one_effect_and_the_same_reference(till):
    references = {till.connector().queue(PICK_LIST) for _ in range(3)}

    assert len(references) == 1
    assert len(till.received()) == 1


def test_a_later_revision_takes_the_place_of_the_pick_list(till):
    reference = till.connector().queue(PICK_LIST)

    for _ in range(2):
        till.connector().amend(reference, amended())

    known = till.connector().status(PICK_LIST.fulfillment_id)
    assert (known.revision, known.canceled) == (2, False)
    received = till.received()[PICK_LIST.fulfillment_id]
    assert [line["sku"] for line in received["lines"]] == ["MLK-1"]


def test_an_earlier_revision_that_comes_late_changes_nothing(till):
    reference = till.connector().queue(PICK_LIST)
    reference = till.connector().amend(reference, amended(3))

    till.connector().queue(PICK_LIST)

    assert till.connector().status(PICK_LIST.fulfillment_id).revision == 3


def test_it_can_be_asked_what_it_has(till):
    assert till.connector().status(PICK_LIST.fulfillment_id) is None

    reference = till.connector().queue(PICK_LIST)

    known = till.connector().status(PICK_LIST.fulfillment_id)
    assert (known.reference, known.revision, known.canceled) == (reference, 1, False)
    till.connector().cancel(reference, PICK_LIST.fulfillment_id)
    assert till.connector().status(PICK_LIST.fulfillment_id).canceled


def test_what_is_withdrawn_can_be_queued_again_as_a_later_revision(till):
    reference = till.connector().queue(PICK_LIST)
    till.connector().cancel(reference, PICK_LIST.fulfillment_id)

    till.connector().queue(amended())

    known = till.connector().status(PICK_LIST.fulfillment_id)
    assert (known.revision, known.canceled) == (2, False)


def test_what_it_cannot_do_it_refuses_for_good(till):
    pos = till.connector()
    assert pos.can <= ABILITIES.keys()
    asked = {"list": pos.pick_lists, "receipts": pos.receipts, "stock": pos.stock}
    for name, ask in asked.items():
        if name in pos.can:
            assert ask("").rows == ()
            continue
        with pytest.raises(NotSupported) as caught:
            ask("")
        assert caught.value.permanent


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
        "revision",
        "status",
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
