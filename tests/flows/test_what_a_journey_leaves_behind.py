"""The demo's journey over HTTP with real relays, and what of its customer can be found afterwards.

The customer's name, phone, e-mail address, PIN, link and the site's key are the canaries: none may
stand readable in a table, a log line or a metric. The simulators stand for other people's systems,
which do get them.
"""

import io
import logging
import re
import threading
from pathlib import Path

import pytest
import requests
from django.db import connection, transaction

from hub.api.keys import SCOPES, create_key
from hub.connectors.registry import sms_connector
from hub.connectors.sms.memory import MemorySms
from hub.demo.journey import PHONE, STORE, Journey
from hub.demo.web import wait_for
from hub.events.models import Delivery, Fact
from hub.events.relay import Relay
from hub.logs import JsonFormatter, Redact
from hub.simulators.models import SimulatedPickList, SimulatedText
from hub.stores.models import PosConnection, SalesChannel, Store
from inventory.models import Item
from notifications.models import Message
from orders.chain.access import open_demo_access
from orders.chain.demo import demo_chain
from orders.chain.load import load
from tests.factories import stock

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

TRACE = "c0ffee" * 5 + "42"
VENDOR = "tests.flows.test_what_a_journey_leaves_behind.VendorSms"


class VendorSms(MemorySms):
    """A provider with real phones at its other end."""

    name = "vendor"


@pytest.fixture
def written():
    """The lines that the hub's log handler writes meanwhile."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redact())
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    before, root.level = root.level, logging.INFO
    root.addHandler(handler)
    yield stream.getvalue
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def journey(live_server, settings, tmp_path):
    """The demo's site, store and customer; the site names a trace of its own."""
    settings.PUBLIC_BASE_URL = live_server.url
    settings.SMS_CONNECTOR = "handset"
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    settings.DEBUG = True
    load(demo_chain())
    access = open_demo_access(demo_chain())
    stock(Store.objects.get(code=STORE), dict.fromkeys(Item.objects.all(), 30))
    made = Journey(live_server.url, access, Path(tmp_path), say=lambda *_: None)
    made.site.session.headers["traceparent"] = f"00-{TRACE}-{'1' * 16}-01"
    return made


@pytest.fixture
def relay():
    """A relay at work beside the test."""
    working = Relay()

    def work():
        working.run()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    working.stop()
    thread.join()
    for other in threading.enumerate():
        if other.name == "listen":
            other.join(10)


def rows_of_every_table():
    """(table, row as text) of the whole database, what the simulators hold left out."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            if not table.startswith("simulators_"):
                cursor.execute(f'SELECT "{table}"::text FROM "{table}"')
                yield from ((table, row) for (row,) in cursor.fetchall())


def readable(canary, text):
    """Whether it stands there as it is, or as the bytes of a column that is not sealed."""
    plain = rf"(?<![\d.]){re.escape(canary)}(?!\d)"
    return bool(re.search(plain, text)) or canary.encode().hex() in text


def canaries_of(journey):
    text = journey.text
    return {
        "name": "Ann Archer",
        "surname": "Archer",
        "phone": PHONE.removeprefix("+"),
        "e-mail": f"ann-{journey.number.lower()}@example.com",
        "pin": journey._match(re.compile(r"PIN (\d{6})")),
        "link": journey._match(re.compile(r"/p/([\w-]{22})")),
        "key": journey.access["api_keys"]["web-gb"].rpartition("_")[2],
        "text": text[:30],
    }


def test_nobody_can_read_who_the_customer_was_or_what_opens_a_door(journey, relay, written):
    journey.run()

    canaries = canaries_of(journey)
    found = {
        (table, name): row
        for table, row in rows_of_every_table()
        for name, canary in canaries.items()
        if readable(canary, row)
    }
    assert found == {}
    lines, metrics = written(), requests.get(f"{journey.base_url}/metrics", timeout=10).text
    assert '"logger": "hub.access"' in lines
    assert "hub_work_pending" in metrics
    for name, canary in canaries.items():
        assert not readable(canary, lines), f"{name} in a log line"
        assert not readable(canary, metrics), f"{name} in a metric"


def test_the_search_for_canaries_finds_what_is_not_sealed(journey):
    with transaction.atomic():
        Store.objects.filter(code=STORE).update(name="Ann Archer")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE stores_posconnection SET secret = %s", [b"Ann Archer"])

    tables = {table for table, row in rows_of_every_table() if readable("Ann Archer", row)}

    assert tables == {"stores_store", "stores_posconnection"}


def test_one_trace_runs_from_the_site_s_call_to_the_vendors_and_back(journey, relay):
    journey.ask()
    journey.place()
    journey.till()
    order = f"order:{Message.objects.earliest('pk').order_id}"
    wait_for("the receipt", lambda: "message.delivered" in names_of(subject=order))

    assert {"order.placed", "fulfillment.proposed"} <= names_of(trace_id=TRACE)
    # what the vendors received came with the trace, and so did what they told the hub of it
    assert {"simulator.pick_list_received", "fulfillment.acknowledged"} <= names_of(trace_id=TRACE)
    assert {"simulator.text_received", "message.delivered"} <= names_of(trace_id=TRACE)


def names_of(**wanted):
    return set(Fact.objects.filter(**wanted).values_list("name", flat=True))


def test_an_order_of_a_test_key_reaches_no_real_phone_and_no_real_pos(journey, relay, settings):
    settings.CONNECTORS = settings.CONNECTORS | {
        "sms": settings.CONNECTORS["sms"] | {"vendor": VENDOR}
    }
    settings.SMS_CONNECTOR = "vendor"
    vendor = sms_connector("vendor")
    assert isinstance(vendor, VendorSms)
    vendor.clear()
    PosConnection.objects.update(base_url="http://127.0.0.1:9/real-till")
    channel = SalesChannel.objects.get(code="web-gb")
    _, secret = create_key(channel=channel, name="test", scopes=SCOPES, is_test=True)
    access = journey.access | {"api_keys": {"web-gb": secret}}
    test = Journey(journey.base_url, access, journey.mail, say=journey.say)

    test.ask()
    test.place()
    test.till()
    wait_for("the simulated text", SimulatedText.objects.exists)
    assert SimulatedPickList.objects.count() == 1
    assert vendor.texts == []

    # the same order of a live key goes where the test order must not
    journey.ask()
    journey.place()
    wait_for("the vendor's text", lambda: vendor.texts)
    wait_for(
        "the real till's refusal",
        Delivery.objects.filter(lane__startswith="pos:", attempts__gt=0, state="pending").exists,
    )
    assert SimulatedPickList.objects.count() == SimulatedText.objects.count() == 1
