"""A receiver that hangs keeps its own lane waiting and nobody else's."""

import threading
import time

import pytest

from hub.events.relay import Relay
from hub.webhooks import calls
from hub.webhooks.endpoints import create_endpoint
from hub.webhooks.models import WebhookCall
from tests.factories import make_channel
from tests.hub.connectors.wire import HANG, reply, vendor

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = 30


def test_a_hanging_receiver_does_not_delay_another(tell, monkeypatch):
    monkeypatch.setattr(calls, "TIMEOUT", (1, 8))
    with vendor(HANG) as dead, vendor(reply(204, b"")) as alive:
        channel = make_channel()
        for site in (dead, alive):
            create_endpoint(channel=channel, url=site.url)
        for _ in range(EVENTS):
            tell(channel)
        good = WebhookCall.objects.filter(endpoint__url=alive.url, state="done")
        relay = Relay()
        worker = threading.Thread(target=relay.run)
        worker.start()
        over = time.monotonic() + 7.5  # before the first of the hanging calls is given up
        while good.count() < EVENTS and time.monotonic() < over:
            time.sleep(0.05)
        done_in_time = good.count()
        relay.stop()
        worker.join(30)

    assert done_in_time == EVENTS
    assert len({request["headers"]["webhook-id"] for request in alive.requests}) == EVENTS
