"""Offers of substitutes: made, taken, refused, or left to silence."""

from datetime import timedelta

import pytest
from django.db.models import F

from hub import clock
from hub.events.catalog import FulfillmentCanceled
from hub.events.models import Fact
from hub.trace import acting
from inventory.errors import InsufficientStock
from inventory.models import SafetyStock, SalesStop, StockLevel
from orders.errors import Blocked, StaleVersion
from orders.models import Block, FulfillmentLine, FulfillmentOrder, OrderLine
from orders.picking.services import accept, finish_picking
from orders.placing.cancel import cancel_order
from orders.substitution.answering import answer_offers, close_overdue, withdraw_offers
from orders.substitution.errors import (
    AnsweredOtherwise,
    NotAsked,
    NothingOffered,
    RoundOpen,
    RoundOver,
    TooLateToOffer,
    TooManyUnits,
    UnfitSubstitute,
    UnknownOffer,
)
from orders.substitution.handlers import withdraw_question
from orders.substitution.offering import Proposal, offer_substitutes
from orders.substitution.suggesting import suggest
from orders.tasks import close_substitution_rounds
from tests.factories import (
    PLAIN,
    ask_for,
    make_fulfillment,
    make_item,
    make_missing,
    make_picking,
    make_ready,
    make_store,
    stock,
)
from tests.orders.test_invariants import broken

pytestmark = pytest.mark.django_db


def facts(part):
    rows = Fact.objects.filter(subject=f"order:{part.order_id}").order_by("pk")
    return list(rows.values_list("name", flat=True))


def allocated(part, item):
    return StockLevel.objects.get(store=part.store, item=item).allocated


def open_blocks():
    return list(Block.objects.filter(lifted_at__isnull=True).values_list("reason", flat=True))


def outcome(asked):
    return asked.offers.get().outcome


def after_the_deadline(asked):
    return clock.turned_to(asked.deadline + timedelta(seconds=1))


def test_an_offer_makes_its_units_short_and_lets_no_more_be_sold():
    part, line, other = make_missing()
    asked = ask_for(part, line, other, units=2)
    line.refresh_from_db()
    assert (line.allocated, line.short, line.picked) == (3, 2, 0)
    assert allocated(part, line.item) == 1
    assert SalesStop.objects.filter(item=line.item, reason="short_pick").exists()
    assert open_blocks() == ["substitution"]
    assert facts(part)[-1] == "fulfillment.substitutes_offered"
    assert (asked.offers.get().number, asked.offers.get().unit_price_minor) == (1, 500)


def test_units_that_are_short_already_are_offered_for_first():
    part, line, other = make_missing()
    answer_offers(asked=ask_for(part, line, other, units=2), answers={1: False})
    third = make_item(**PLAIN)
    stock(part.store, {third: 5})
    ask_for(part, line, third, units=3)
    line.refresh_from_db()
    assert (line.short, allocated(part, line.item)) == (3, 0)


def test_accepting_sets_the_substitute_aside_beside_the_line_it_stands_for():
    part, line, other = make_missing()
    asked = ask_for(part, line, other, units=2)
    with acting("customer"):
        answer_offers(asked=asked, answers={1: True})
    new = FulfillmentLine.objects.get(fulfillment=part, stands_for=line)
    assert (new.item, new.allocated, new.unit_price_minor) == (other, 2, 500)
    assert allocated(part, other) == 2
    assert asked.offers.get().supplied == new
    assert (outcome(asked), asked.closed_by) == ("accepted", "customer")
    assert open_blocks() == []
    assert facts(part)[-2:] == ["fulfillment.substitutes_answered", "fulfillment.amended"]


def test_declining_leaves_the_line_short():
    part, line, other = make_missing()
    asked = ask_for(part, line, other)
    answer_offers(asked=asked, answers={1: False})
    line.refresh_from_db()
    assert (line.short, allocated(part, other), outcome(asked)) == (2, 0, "declined")
    assert "fulfillment.amended" not in facts(part)


def test_the_pick_goes_on_but_cannot_be_finished_while_the_customer_is_asked():
    part, line, other = make_missing()
    asked = ask_for(part, line, other, units=2)
    with pytest.raises(Blocked):
        finish_picking(fulfillment=part, picked={line.pk: 1})
    answer_offers(asked=asked, answers={1: False})
    part.refresh_from_db()
    assert part.status == "picking"


def test_a_question_does_not_keep_another_part_from_being_started():
    part, line, other = make_missing()
    ask_for(part, line, other)
    sibling = make_fulfillment()
    sibling.order = part.order
    sibling.save(update_fields=["order"])
    accept(fulfillment=sibling)
    assert sibling.status == "accepted"


def test_silence_takes_what_fits_when_the_customer_said_so():
    part, line, other = make_missing(allow="accepted")
    asked = ask_for(part, line, other)
    assert close_overdue() == 0
    with after_the_deadline(asked):
        assert close_substitution_rounds() == 1
        assert close_substitution_rounds() == 0
    asked.refresh_from_db()
    assert (outcome(asked), asked.closed_by) == ("accepted", "silence")
    assert allocated(part, other) == 2


@pytest.mark.parametrize(
    "marks",
    [
        {"allergens": ["milk"]},
        {"allergens": None},
        {"diets": None},
        {"minimum_age": 18},
    ],
)
def test_silence_never_takes_what_the_customer_should_have_known_of(marks):
    part, line, other = make_missing(allow="accepted", offered=marks)
    asked = ask_for(part, line, other)
    with after_the_deadline(asked):
        close_overdue()
    assert (outcome(asked), allocated(part, other)) == ("declined", 0)


def test_silence_never_takes_what_loses_a_diet():
    part, line, other = make_missing(allow="accepted")
    line.item.diets = ["vegan"]
    line.item.save(update_fields=["diets"])
    asked = ask_for(part, line, other)
    with after_the_deadline(asked):
        close_overdue()
    assert outcome(asked) == "declined"


def test_silence_takes_nothing_for_somebody_who_wanted_to_be_asked():
    part, line, other = make_missing(allow="ask")
    asked = ask_for(part, line, other)
    with after_the_deadline(asked):
        close_overdue()
    assert outcome(asked) == "declined"


def test_a_late_answer_is_refused_even_before_the_sweep():
    part, line, other = make_missing()
    asked = ask_for(part, line, other)
    with after_the_deadline(asked), pytest.raises(RoundOver):
        answer_offers(asked=asked, answers={1: True})
    assert (outcome(asked), allocated(part, other)) == ("", 0)


def test_the_first_answer_stands_and_the_same_again_changes_nothing():
    part, line, other = make_missing()
    asked = ask_for(part, line, other)
    answer_offers(asked=asked, answers={1: True})
    answer_offers(asked=asked, answers={1: True})
    with pytest.raises(AnsweredOtherwise):
        answer_offers(asked=asked, answers={1: False})
    assert (outcome(asked), allocated(part, other)) == ("accepted", 2)


@pytest.mark.parametrize("answers", [{}, {2: True}, {1: True, 2: True}])
def test_an_answer_to_what_was_not_asked_is_refused(answers):
    asked = ask_for(*make_missing())
    with pytest.raises(UnknownOffer):
        answer_offers(asked=asked, answers=answers)


def test_what_is_not_answered_yet_stays_open():
    part, line, other = make_missing()
    item, third = make_item(**PLAIN), make_item(**PLAIN)
    stock(part.store, {item: 9, third: 9})
    bought = OrderLine.objects.create(
        order=part.order, number=2, item=item, quantity=1, unit_price_minor=5, substitution="ask"
    )
    second = FulfillmentLine.objects.create(
        fulfillment=part, order_line=bought, item=item, allocated=1, short=1
    )
    asked = offer_substitutes(
        fulfillment=part,
        proposals=[
            Proposal(line_id=line.pk, item_id=other.pk, units=1),
            Proposal(line_id=second.pk, item_id=third.pk, units=1),
        ],
    )
    answer_offers(asked=asked, answers={2: True})
    assert asked.closed_at is None
    assert open_blocks() == ["substitution"]
    with after_the_deadline(asked):
        close_overdue()
    assert list(asked.offers.values_list("outcome", flat=True)) == ["declined", "accepted"]


def test_what_has_been_sold_meanwhile_stays_short_and_is_told_as_gone():
    part, line, other = make_missing(spare=2)
    asked = ask_for(part, line, other)
    make_fulfillment(store=part.store, lines={other: 1})
    answer_offers(asked=asked, answers={1: True})
    assert outcome(asked) == "gone"
    assert not FulfillmentLine.objects.filter(stands_for=line).exists()


def test_units_canceled_meanwhile_are_not_supplied():
    part, line, other = make_missing()
    asked = ask_for(part, line, other, units=2)
    OrderLine.objects.filter(pk=line.order_line_id).update(canceled=1)
    answer_offers(asked=asked, answers={1: True})
    assert FulfillmentLine.objects.get(stands_for=line).allocated == 1


@pytest.fixture
def two_lines():
    """A part with milk and cream, of which the milk may be missing, in a store with more cream."""
    store, milk, cream = make_store(), make_item(**PLAIN), make_item(**PLAIN)
    stock(store, {milk: 3, cream: 7})
    part = make_picking(store=store, lines={milk: 3, cream: 2})
    part.order.lines.update(substitution="ask")
    lines = part.lines.select_related("item", "order_line", "fulfillment")
    return part, lines.get(item=milk), cream


def test_goods_of_another_line_of_the_part_may_stand_in(two_lines):
    part, line, cream = two_lines
    asked = ask_for(part, line, cream, units=2)
    answer_offers(asked=asked, answers={1: True})

    assert (outcome(asked), allocated(part, cream)) == ("accepted", 4)
    counts = dict(part.lines.values_list("pk", "allocated"))
    finish_picking(fulfillment=part, picked={**counts, line.pk: 1})
    assert not broken()
    assert sorted(part.lines.filter(item=cream).values_list("picked", flat=True)) == [2, 2]
    assert cream not in [one.item for one in suggest(line)]


def test_goods_of_another_line_that_are_kept_back_do_not_stand_in(two_lines):
    part, line, cream = two_lines
    asked = ask_for(part, line, cream, units=2)
    SafetyStock.objects.create(store=part.store, item=cream, units=4)
    answer_offers(asked=asked, answers={1: True})
    assert (outcome(asked), allocated(part, cream)) == ("gone", 2)


def test_units_that_were_handed_over_already_are_not_lacking():
    part, line, other = make_missing()
    asked = ask_for(part, line, other, units=2)
    bought = OrderLine.objects.filter(pk=line.order_line_id)
    bought.update(quantity=F("quantity") + 5, canceled=1)
    earlier = FulfillmentOrder.objects.create(
        order=part.order, store=part.store, promised_at=clock.now(), status="completed"
    )
    FulfillmentLine.objects.create(
        fulfillment=earlier, order_line=bought.get(), item=line.item, allocated=5
    )
    answer_offers(asked=asked, answers={1: True})
    assert FulfillmentLine.objects.get(stands_for=line).allocated == 1


def test_withdrawing_lets_the_order_move_on():
    part, line, other = make_missing()
    asked = ask_for(part, line, other)
    withdraw_offers(asked=asked)
    withdraw_offers(asked=asked)
    assert (outcome(asked), open_blocks()) == ("withdrawn", [])
    with pytest.raises(AnsweredOtherwise):
        answer_offers(asked=asked, answers={1: True})


def test_the_question_ends_with_the_part():
    part, line, other = make_missing()
    asked = ask_for(part, line, other)
    cancel_order(order=part.order, reason="")
    withdraw_question(FulfillmentCanceled(order_id=part.order_id, fulfillment_id=part.pk))
    asked.refresh_from_db()
    assert (outcome(asked), open_blocks()) == ("withdrawn", [])
    assert asked.closed_at


def test_the_answer_is_due_in_fifteen_open_minutes_but_not_after_the_promise():
    part, line, other = make_missing()
    now = clock.now()
    part.promised_at = now + timedelta(days=2)
    part.save(update_fields=["promised_at"])
    with clock.turned_to(now.replace(hour=11, minute=0)):
        asked = ask_for(part, line, other)
        assert asked.deadline == clock.now() + timedelta(minutes=15)
        withdraw_offers(asked=asked)
        part.promised_at = clock.now() + timedelta(minutes=8)
        part.save(update_fields=["promised_at"])
        assert ask_for(part, line, other).deadline == part.promised_at


def test_a_promise_that_is_over_leaves_five_minutes():
    part, line, other = make_missing()
    part.promised_at = clock.now() - timedelta(hours=1)
    part.save(update_fields=["promised_at"])
    with clock.turned_to(clock.now()):
        assert ask_for(part, line, other).deadline == clock.now() + timedelta(minutes=5)


def test_one_tap_asks_once():
    part, line, other = make_missing()
    proposal = Proposal(line_id=line.pk, item_id=other.pk, units=1)
    first = offer_substitutes(fulfillment=part, proposals=[proposal], token="tap-1")
    again = offer_substitutes(fulfillment=part, proposals=[proposal], token="tap-1")
    assert first == again
    with pytest.raises(RoundOpen):
        offer_substitutes(fulfillment=part, proposals=[proposal], token="tap-2")


def test_what_cannot_be_offered_is_refused_by_its_code():
    part, line, other = make_missing()

    def offer(item=other, units=1, line_id=line.pk, version=None):
        proposal = Proposal(line_id=line_id, item_id=item.pk, units=units)
        offer_substitutes(fulfillment=part, proposals=[proposal], version=version)

    with pytest.raises(NothingOffered):
        offer_substitutes(fulfillment=part, proposals=[])
    with pytest.raises(TooManyUnits):
        offer(units=4)
    with pytest.raises(TooManyUnits):
        offer(units=0)
    with pytest.raises(UnfitSubstitute):
        offer(item=line.item)
    with pytest.raises(UnfitSubstitute):
        offer(line_id=line.pk + 1)
    with pytest.raises(InsufficientStock):
        offer(item=make_item(**PLAIN))
    with pytest.raises(StaleVersion):
        offer(version=part.version + 1)
    line.refresh_from_db()
    assert (line.short, open_blocks()) == (0, [])


def test_who_wants_no_substitute_is_not_asked():
    part, line, other = make_missing(allow="refused")
    with pytest.raises(NotAsked):
        ask_for(part, line, other)


def test_nothing_is_offered_once_the_pick_is_finished():
    part = make_ready()
    line = part.lines.get()
    with pytest.raises(TooLateToOffer):
        ask_for(part, line, make_item())
