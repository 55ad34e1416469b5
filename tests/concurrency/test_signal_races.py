"""Crossings of thresholds while many buy and several tell: each is told exactly once."""

from __future__ import annotations

import threading

import pytest

from hub.events.models import Fact
from inventory.services.allocations import allocate, release
from inventory.services.signals import set_signal_rule, tell_signals
from tests.factories import make_channel, make_item, make_store, stock
from tests.racing import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
WRITERS, TELLERS, TURNS = 8, 3, 4


class Town:
    """A store with 40 mugs, sold to 8 writers, while three processes tell a site what crosses."""

    def __init__(self):
        self.store, self.channel, self.mug = make_store(), make_channel(), make_item()
        stock(self.store, {self.mug: WRITERS * TURNS + WRITERS})
        set_signal_rule(channel=self.channel, low_units=10)
        tell_signals()

    def told_while(self, write):
        """The states told while every writer does ``write(number)``, and right after."""
        done, left = threading.Event(), threading.Semaphore(0)

        def work(number):
            if number < TELLERS:
                while not done.is_set():
                    tell_signals()
                return
            try:
                write(number)
            finally:
                left.release()
                if number == TELLERS:
                    for _ in range(WRITERS):
                        left.acquire(timeout=30)
                    done.set()

        at_once(TELLERS + WRITERS, work)
        tell_signals()
        facts = Fact.objects.filter(name="inventory.threshold_crossed").order_by("pk")
        states = [fact.data["state"] for fact in facts]
        Fact.objects.all().delete()
        return states

    def buy(self, number, turn):
        allocate(
            reference=f"ful_{number}_{turn}",
            channel=self.channel,
            store=self.store,
            lines={self.mug.pk: 1},
        )


def test_each_crossing_is_told_exactly_once():
    town = Town()

    def sell_most(number):
        for turn in range(TURNS):
            town.buy(number, turn)

    def give_back(number):
        for turn in range(TURNS + 1):
            release(reference=f"ful_{number}_{turn}")

    assert town.told_while(sell_most) == ["low"]
    assert town.told_while(lambda number: town.buy(number, TURNS)) == ["out"]
    back = town.told_while(give_back)
    assert back in (["back"], ["back", "in_stock"])
