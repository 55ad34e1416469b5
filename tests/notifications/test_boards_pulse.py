"""Talks and calls move their own boards and that of what needs a person."""

from __future__ import annotations

import pytest

from notifications.models import CallTask, Thread
from orders.models import FulfillmentOrder
from orders.pulse import fresh_pulse
from tests.factories import make_store
from tests.notifications.doing import ready_message

pytestmark = pytest.mark.django_db

BOARDS = ["talks", "calls", "exceptions", "pick", "arrivals"]


@pytest.fixture
def store():
    return make_store()


def moved(store, act):
    """The boards of the store whose pulse ``act`` changes, and what waits then."""
    before = {board: fresh_pulse([store.pk], board).sign for board in BOARDS}
    act()
    after = {board: fresh_pulse([store.pk], board).sign for board in BOARDS}
    counts = fresh_pulse([store.pk], "talks").counts
    return {board for board in BOARDS if before[board] != after[board]}, counts


def test_words_nobody_has_read_move_talks_and_exceptions(store):
    def text():
        Thread.objects.create(store=store, phone_hash="a" * 32, unread=2)

    boards, counts = moved(store, text)
    assert boards == {"talks", "exceptions"}
    assert counts == {"talks": 2, "exceptions": 1}

    boards, counts = moved(store, lambda: Thread.objects.update(unread=0))
    assert boards == {"talks", "exceptions"}
    assert counts == {}


def test_somebody_who_was_not_reached_moves_calls_and_exceptions():
    message = ready_message()
    part = FulfillmentOrder.objects.get(order_id=message.order_id)

    def not_reached():
        CallTask.objects.create(
            store=part.store,
            fulfillment_id=part.pk,
            order_id=part.order_id,
            message=message,
            reason="no receipt",
        )

    boards, counts = moved(part.store, not_reached)
    assert boards == {"calls", "exceptions"}
    assert (counts["calls"], counts["exceptions"]) == (1, 1)
