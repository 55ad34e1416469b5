"""Announcing in one line."""

import itertools

import pytest
from django.db import transaction

from hub import clock
from hub.webhooks.services import announce

_numbers = itertools.count(1)


@pytest.fixture
def tell():
    """Announce one event to a channel; returns it."""

    def tell(channel, **values):
        values = {
            "event_id": f"evt_{next(_numbers):026}",
            "type": "order.placed",
            "occurred_at": clock.now(),
            "data": {"order_id": "ord_1", "store": "S1"},
        } | values
        with transaction.atomic():
            return announce(channel_id=channel.pk, **values)

    return tell
