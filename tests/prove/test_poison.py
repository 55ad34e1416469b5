"""A fact whose handler ends its whole process, among healthy ones."""

import os
import subprocess
import sys
import time
from collections import defaultdict

import pytest
from django.db import connection, transaction

from hub.events import registry
from hub.events.catalog import OrderPlaced
from hub.events.leases import State
from hub.events.models import Delivery
from hub.events.outbox import publish
from hub.events.registry import handles

pytestmark = [pytest.mark.prove, pytest.mark.django_db(transaction=True)]

POISON, HEALTHY = 500, 999
RELAY = f"""
import os, sys, time
from collections import defaultdict
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
import django
django.setup()
from hub.events import leases, registry
from hub.events.catalog import OrderPlaced
from hub.events.models import Delivery
from hub.events.relay import Relay
registry._by_fact, registry._by_name = defaultdict(list), {{}}
leases.LEASE_SECONDS = 1
def react(fact):
    if fact.order_id == {POISON}:
        os._exit(9)
react.__module__, react.__qualname__ = "shop", "react"
registry.handles(OrderPlaced)(react)
Relay().run(until=lambda: not Delivery.objects.filter(state="pending").exists())
"""


@pytest.fixture
def only_this_reaction(monkeypatch):
    """The same single handler that the relay process has."""
    monkeypatch.setattr(registry, "_by_fact", defaultdict(list))
    monkeypatch.setattr(registry, "_by_name", {})

    def react(fact):
        """Runs in the relay's process only."""

    react.__module__, react.__qualname__ = "shop", "react"
    handles(OrderPlaced)(react)


def test_a_poison_fact_is_parked_and_all_healthy_ones_are_done(only_this_reaction):
    with transaction.atomic():
        for number in range(1, HEALTHY + 2):
            publish(OrderPlaced(order_id=number))

    deaths, deadline = 0, time.monotonic() + 120
    words = [sys.executable, "-c", RELAY, str(connection.settings_dict["NAME"])]
    while Delivery.objects.filter(state=State.PENDING).exists():
        assert time.monotonic() < deadline, "the poison still holds up the others"
        deaths += subprocess.run(words, env=os.environ, check=False).returncode == 9

    assert Delivery.objects.filter(state=State.DONE).count() == HEALTHY
    parked = Delivery.objects.get(state=State.PARKED)
    assert parked.fact.data == {"order_id": POISON}
    assert parked.attempts == deaths == Delivery.MAX_ATTEMPTS
