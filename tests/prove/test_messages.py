"""Relays that die between handing a text over and noting it: nothing is lost, and a text comes
twice only where that is better than never, and counted."""

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connection

from hub.events.models import Fact
from notifications.models import Message, Outcome
from tests.factories import CUSTOMER
from tests.notifications.doing import ready_message, received_message

pytestmark = [pytest.mark.prove, pytest.mark.django_db(transaction=True)]

EACH = 8
CHANCE = 0.1  # of dying at each step, once the first relay has died with all texts handed over
RELAY = """
import os, random, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ["HUB_PUBLIC_URL"] = sys.argv[2]
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.SMS_CONNECTOR = "handset"
import django
django.setup()
from hub.connectors.sms.handset import HandsetSms
from hub.events import leases
from hub.events.relay import Relay
from notifications.models import Message
from notifications.services import recording, sending
del HandsetSms.find  # a provider that cannot be asked
leases.LEASE_SECONDS = 1
recording.RETRY = leases.Backoff(base=0.1, cap=0.5)

def dying(work, chance):
    def mostly(*words):
        if random.random() < chance:
            os._exit(9)
        return work(*words)
    return mostly

chance = float(sys.argv[3])
sending._last_look = dying(sending._last_look, chance % 1)
sending.record = dying(sending.record, chance)
Relay().run(until=lambda: not Message.objects.filter(state="pending").exists())
"""


class Provider(BaseHTTPRequestHandler):
    """Takes every text and counts it by its reference."""

    taken: Counter = Counter()
    guard = threading.Lock()

    def do_POST(self):
        text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.guard:
            self.taken[text["reference"]] += 1
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_words):
        """Quiet."""


@pytest.fixture
def provider():
    """Its address; what it took is in ``Provider.taken``."""
    Provider.taken.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def people():
    return [CUSTOMER | {"phone": f"+4850055{1000 + n}", "email": ""} for n in range(2 * EACH)]


def test_whatever_dies_nothing_is_lost_and_what_came_twice_was_allowed_to(provider, settings):
    settings.SMS_CONNECTOR = "handset"
    who = people()
    ready = [ready_message(customer=person) for person in who[:EACH]]
    received = [received_message(customer=person) for person in who[EACH:]]
    Message.objects.exclude(pk__in=[one.pk for one in (*ready, *received)]).delete()

    deadline = time.monotonic() + 150
    words = [sys.executable, "-c", RELAY, str(connection.settings_dict["NAME"]), provider]
    codes = [subprocess.run([*words, "1"], env=os.environ, check=False, timeout=60).returncode]
    while Message.objects.filter(state="pending").exists():
        assert time.monotonic() < deadline, "messages still wait"
        again = subprocess.run([*words, str(CHANCE)], env=os.environ, check=False, timeout=60)
        codes.append(again.returncode)

    assert codes[0] == 9
    assert set(codes) <= {0, 9}
    _judge(ready, received)


def _judge(ready, received):
    for message in (*ready, *received):
        message.refresh_from_db()
    taken = Provider.taken
    for message in ready:
        assert message.outcome == Outcome.ACCEPTED
        assert 1 <= taken[message.public_id] <= 1 + message.unsure_tries
    for message in received:
        assert taken[message.public_id] <= 1
        if message.outcome != Outcome.ACCEPTED:
            assert (message.state, message.outcome) == ("parked", Outcome.AMBIGUOUS)
    accepted = Fact.objects.filter(name="message.accepted").count()
    assert accepted == sum(one.outcome == Outcome.ACCEPTED for one in (*ready, *received))
    assert any(one.unsure_tries for one in ready)
