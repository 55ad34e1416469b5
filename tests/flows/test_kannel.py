"""A real Kannel with a pretended network: texts out, receipts in, customers' texts in."""

import json
import re
import time
from urllib.parse import unquote_to_bytes

import pytest

from hub.connectors.sms.kannel import texts_url
from hub.events.models import Breaker
from hub.inbox.models import InboundCall
from hub.providers.services import account_named, connector_for
from notifications.models import Message, Outcome
from tests.factories import make_provider, make_ready, pin_of
from tests.flows.kannel import LONGEST_SECONDS, PASSWORD, USER, Kannel, is_installed
from tests.notifications.test_flow import relay_until

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not is_installed(), reason="the packages kannel and kannel-extras"),
]

SECRET = "what Kannel's addresses are made of"
TO = "+15551230001"


@pytest.fixture
def provider(settings, live_server):
    settings.PUBLIC_BASE_URL = live_server.url
    settings.PRIVATE_NETWORKS = ["127.0.0.0/8"]
    return make_provider(
        name="kannel",
        connector="kannel",
        account=USER,
        secret=PASSWORD,
        callback_secret=SECRET,
        sender="5550100",
    )


@pytest.fixture
def kannel(provider, tmp_path):
    url = account_named(provider.name, channel="sms").callback_url
    found = Kannel(tmp_path, texts_url(url, SECRET))
    provider.base_url = found.base_url
    provider.save()
    with found.running():
        yield found


def send(provider, body, reference="msg_1", to=TO):
    connector = connector_for(account_named(provider.name, channel="sms"))
    return connector.send(to=to, body=body, reference=reference, valid_seconds=600)


def calls(count):
    """The canonical bodies in the inbox once there are so many."""
    end = time.monotonic() + LONGEST_SECONDS
    while InboundCall.objects.count() < count and time.monotonic() < end:
        time.sleep(0.05)
    return [json.loads(row.body) for row in InboundCall.objects.order_by("pk")]


def arrived(seen):
    """The texts that the network was given, by its own words."""
    found = re.findall(r"Got message \d+: <\S+ \S+ (\S+) (.*)>", seen.read_text())
    return [
        unquote_to_bytes(text.replace("+", " ")).decode("utf-16-be") if kind == "ucs-2" else text
        for kind, text in found
    ]


def test_a_text_goes_out_and_its_receipts_come_in(kannel, provider):
    with kannel.network() as seen:
        assert send(provider, "Ready. PIN 482013") == "msg_1"
        receipts = calls(2)

    # the two are told at once, by two calls of which either may be first
    assert {one["type"] for one in receipts} == {"message.sent", "message.delivered"}
    assert {one["data"]["reference"] for one in receipts} == {"msg_1"}
    assert arrived(seen) == ["Ready. PIN 482013"]


def test_a_text_in_other_letters_arrives_as_such(kannel, provider):
    with kannel.network() as seen:
        send(provider, "Готово żółć")
        calls(2)
    assert arrived(seen) == ["Готово żółć"]


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("text I am here in bay 4", "I am here in bay 4"),
        ("text  HERE   4 ", "HERE   4"),
        ("ucs2 " + "".join(f"%{b:02x}" for b in "Я здесь".encode("utf-16-be")), "Я здесь"),
    ],
)
def test_what_a_customer_writes_comes_in_word_for_word(kannel, provider, sent, text):
    with kannel.network(f"{TO} 5550100 {sent}"):
        (received,) = calls(1)

    assert received["type"] == "message.received"
    assert received["data"]["from"] == TO
    assert received["data"]["to"] == "5550100"
    assert received["data"]["text"].strip() == text
    assert received["data"]["id"]


def test_a_ready_text_goes_the_whole_way_and_counts_as_delivered(kannel, provider):
    part = make_ready()
    with kannel.network() as seen:
        relay_until(lambda: Message.objects.filter(outcome=Outcome.DELIVERED).exists())

    ready = Message.objects.get(purpose="ready")
    assert (ready.outcome, ready.lane) == (Outcome.DELIVERED, "sms:kannel")
    assert pin_of(part) in arrived(seen)[0]


def test_a_kannel_that_is_not_there_loses_no_text(provider, unused_tcp_port):
    provider.base_url = f"http://127.0.0.1:{unused_tcp_port}"
    provider.save()
    make_ready()
    relay_until(lambda: Breaker.objects.filter(key="sms:kannel").exists())
    assert Message.objects.get(purpose="ready").outcome != Outcome.FAILED


@pytest.fixture
def unused_tcp_port():
    return 9
