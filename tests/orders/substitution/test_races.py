"""Answers, deadlines and cancellations that meet: one of them counts, and stock is right."""

from contextlib import suppress
from datetime import timedelta
from threading import Lock

import pytest

from hub import clock
from hub.events.models import Fact
from inventory.models import StockLevel
from orders.models import FulfillmentLine, SubstitutionRound
from orders.placing.cancel import cancel_order
from orders.substitution.answering import answer_offers, close_overdue
from orders.substitution.errors import AnsweredOtherwise, RoundOpen, RoundOver
from orders.substitution.offering import Proposal, offer_substitutes
from tests.factories import ask_for, make_missing
from tests.racing import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def allocated(item):
    return StockLevel.objects.get(item=item).allocated


def closings():
    return Fact.objects.filter(name="fulfillment.substitutes_answered").count()


def test_of_a_yes_and_a_no_at_once_the_first_counts_and_the_other_is_told():
    part, line, other = make_missing()
    asked = ask_for(part, line, other)

    def answer(number):
        mine = SubstitutionRound.objects.get(pk=asked.pk)
        try:
            answer_offers(asked=mine, answers={1: number % 2 == 0}, by=f"finger {number}")
        except AnsweredOtherwise:
            return None
        return number % 2 == 0

    said = {one for one in at_once(12, answer) if one is not None}
    offer = asked.offers.get()
    assert said == {offer.outcome == "accepted"}
    assert FulfillmentLine.objects.filter(stands_for=line).count() == (True in said)
    assert allocated(other) == (2 if True in said else 0)
    assert closings() == 1


def test_an_answer_at_the_deadline_counts_or_is_too_late_but_never_both():
    part, line, other = make_missing(allow="accepted")
    asked = ask_for(part, line, other)
    moments, lock = [asked.deadline - timedelta(seconds=1), asked.deadline], Lock()

    def ticking():
        """Some look at the clock before the deadline, some after."""
        with lock:
            moments.append(moments.pop(0))
            return moments[0]

    def act(number):
        if number % 2:
            return close_overdue()
        mine = SubstitutionRound.objects.get(pk=asked.pk)
        try:
            answer_offers(asked=mine, answers={1: False}, by="customer")
        except (AnsweredOtherwise, RoundOver):
            return 0
        return 1

    with clock.turned_to(ticking):
        at_once(10, act)
        close_overdue()
    offer = asked.offers.get()
    assert (offer.outcome, offer.answered_by) in [("declined", "customer"), ("accepted", "silence")]
    assert FulfillmentLine.objects.filter(stands_for=line).count() == (offer.outcome == "accepted")
    assert allocated(other) == (2 if offer.outcome == "accepted" else 0)
    assert closings() == 1


def test_several_sweeps_at_once_let_silence_answer_once():
    part, line, other = make_missing(allow="accepted")
    asked = ask_for(part, line, other)
    with clock.turned_to(asked.deadline):
        closed = at_once(6, lambda _: close_overdue())
    assert sum(closed) == 1
    assert allocated(other) == 2
    assert closings() == 1


def test_an_answer_beside_a_cancellation_leaves_nothing_set_aside():
    part, line, other = make_missing()
    asked = ask_for(part, line, other)

    def act(number):
        if number == 0:
            cancel_order(order=part.order, reason="")
            return
        mine = SubstitutionRound.objects.get(pk=asked.pk)
        with suppress(RoundOver):
            answer_offers(asked=mine, answers={1: True}, by="customer")

    at_once(4, act)
    assert allocated(other) == allocated(line.item) == 0


def test_of_many_taps_one_asks_the_customer():
    part, line, other = make_missing()
    proposal = Proposal(line_id=line.pk, item_id=other.pk, units=2)

    def offer(number):
        mine = type(part).objects.get(pk=part.pk)
        try:
            offer_substitutes(fulfillment=mine, proposals=[proposal], token=f"tap-{number}")
        except RoundOpen:
            return False
        return True

    assert sum(at_once(6, offer)) == 1
    line.refresh_from_db()
    assert (line.short, allocated(line.item)) == (2, 1)
