"""Answers by text: what counts as one, to which question, and what needs a look at the page."""

from datetime import timedelta

import pytest

from hub import clock
from hub.crypto import lookup_hash
from inventory.models import Item
from orders.substitution.answering import answer_offers
from orders.substitution.texts import take_answer
from tests.factories import CUSTOMER, ask_for, make_missing

PHONE = CUSTOMER["phone"]


def take(said, phone=PHONE):
    return take_answer(phone_hash=lookup_hash("phone", phone), said=said)


@pytest.fixture
def asked(db):
    return ask_for(*make_missing())


def test_ok_takes_what_is_harmless(asked):
    taken = take(True)
    assert taken
    assert (taken.asked, taken.result) == (asked, "taken")
    offer = asked.offers.get()
    assert (offer.outcome, offer.answered_by) == ("accepted", "text")


def test_no_leaves_it_out(asked):
    taken = take(False)
    assert taken
    assert taken.result == "taken"
    assert asked.offers.get().outcome == "declined"


@pytest.mark.django_db
def test_what_carries_a_warning_is_not_accepted_by_text_but_may_be_declined():
    asked = ask_for(*make_missing(offered={"allergens": ["milk"]}))
    taken = take(True)
    assert taken
    assert taken.result == "look"
    assert asked.offers.get().outcome == ""
    taken = take(False)
    assert taken
    assert taken.result == "taken"
    assert asked.offers.get().outcome == "declined"


def test_a_text_after_the_deadline_is_late(asked):
    with clock.turned_to(asked.deadline + timedelta(seconds=1)):
        taken = take(True)
    assert taken
    assert taken.result == "late"
    assert asked.offers.get().outcome == ""


def test_a_text_after_the_answer_is_late(asked):
    answer_offers(asked=asked, answers={1: False})
    taken = take(True)
    assert taken
    assert taken.result == "late"


def test_a_text_long_after_all_is_none_of_ours(asked):
    with clock.turned_to(clock.now() + timedelta(days=2)):
        assert take(True) is None


def test_another_number_answers_nothing(asked):
    assert take(True, phone="+48600111222") is None
    assert take_answer(phone_hash="", said=True) is None
    assert asked.offers.get().outcome == ""


def test_a_number_that_was_not_offered_needs_a_look(asked):
    taken = take({7: True})
    assert taken
    assert taken.result == "look"


def test_with_two_questions_open_the_page_has_to_say_which(asked):
    other = ask_for(*make_missing())
    taken = take(True)
    assert taken
    assert (taken.asked, taken.result) == (other, "look")
    assert Item.objects.filter(pk=asked.offers.get().item_id).exists()
    assert {asked.offers.get().outcome, other.offers.get().outcome} == {""}
