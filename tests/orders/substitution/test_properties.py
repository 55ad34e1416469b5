"""Whatever is missing, offered, answered or canceled: no more than was bought, and stock agrees."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import clock
from hub.errors import HubError
from hub.invariants import shipped
from inventory.models import StockLevel
from orders.actions import lock_parts
from orders.models import FulfillmentLine, OrderLine, SubstitutionRound
from orders.substitution.answering import answer_offers, close_overdue, withdraw_offers
from orders.substitution.offering import Proposal, offer_substitutes
from tests.factories import PLAIN, make_item, make_picking, make_store, stock

pytestmark = pytest.mark.django_db

WATCHED = {
    "no_more_set_aside_than_ordered",
    "work_agrees_with_stock",
    "substitute_stands_for_its_own_line",
    "settled_question_has_all_answers",
    "silence_took_nothing_with_a_warning",
}
INVARIANTS = [one for one in shipped() if one.name in WATCHED]
MARKS = [{}, {"allergens": ["milk"]}, {"allergens": None}, {"minimum_age": 18}]

OFFER = st.tuples(st.just("offer"), st.integers(0, 1), st.integers(0, 3), st.integers(0, 5))
ANSWER = st.tuples(st.just("answer"), st.booleans())
REST = st.one_of(
    st.tuples(st.sampled_from(["silence", "withdraw", "cancel"])),
    st.tuples(st.just("sell"), st.integers(0, 3), st.integers(1, 3)),
)
steps = st.lists(st.one_of(OFFER, ANSWER, REST), min_size=4, max_size=12)


class Shop:
    """One part that is being picked, two lines of it, and four things that could stand in."""

    def __init__(self, allow: str) -> None:
        self.store = make_store()
        self.bought = [make_item(**PLAIN), make_item(**PLAIN)]
        self.others = [make_item(**PLAIN | marks) for marks in MARKS]
        stock(self.store, dict.fromkeys([*self.bought, *self.others], 6))
        self.part = make_picking(store=self.store, lines=dict.fromkeys(self.bought, 4))
        self.part.order.lines.update(substitution=allow)

    def do(self, step) -> None:
        with suppress(HubError):  # a refusal is an answer too: what it left behind is what counts
            getattr(self, step[0])(*step[1:])

    def offer(self, line, item, units) -> None:
        row = self.part.lines.filter(stands_for__isnull=True)[line]
        proposal = Proposal(line_id=row.pk, item_id=self.others[item].pk, units=units)
        offer_substitutes(fulfillment=self.part, proposals=[proposal])

    def answer(self, wanted) -> None:
        asked = SubstitutionRound.objects.latest("pk") if self.part.rounds.exists() else None
        if asked:
            answer_offers(asked=asked, answers={1: wanted})

    def silence(self) -> None:
        with clock.turned_to(clock.now() + timedelta(days=2)):
            close_overdue()

    def withdraw(self) -> None:
        for asked in self.part.rounds.all():
            withdraw_offers(asked=asked)

    def sell(self, item, units) -> None:
        """Somebody else buys what was offered."""
        make_picking(store=self.store, lines={self.others[item]: units})

    def cancel(self) -> None:
        """Units that are missing are wanted no more, as cancel by line leaves them."""
        lock_parts(self.part.order_id)
        for bought in self.part.order.lines.all():
            taken = sum(one.allocated - one.short for one in bought.work.all())
            if (missing := bought.quantity - bought.canceled - taken) > 0:
                rows = OrderLine.objects.filter(pk=bought.pk)
                rows.update(canceled=F("canceled") + missing)


def broken() -> set[str]:
    found = set()
    with connection.cursor() as cursor:
        for invariant in INVARIANTS:
            cursor.execute(f"SELECT count(*) FROM ({invariant.sql}) AS broken")
            if cursor.fetchone()[0]:
                found.add(invariant.name)
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(allow=st.sampled_from(["ask", "accepted"]), todo=steps)
def test_substitutes_never_exceed_what_was_bought_and_stock_agrees(allow, todo):
    shop = Shop(allow)
    for step in todo:
        shop.do(step)
        assert broken() == set(), step
    for level in StockLevel.objects.filter(store=shop.store):
        assert 0 <= level.allocated + level.held <= level.on_hand - level.unavailable
    supplied = FulfillmentLine.objects.filter(fulfillment=shop.part, stands_for__isnull=False)
    assert supplied.count() == shop.part.rounds.filter(offers__outcome="accepted").count()
