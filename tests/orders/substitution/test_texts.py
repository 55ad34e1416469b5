"""Answers by text: what counts as one, to which question, and what needs a look at the page."""

from datetime import timedelta

import pytest

from hub import clock
from inventory.models import Item
from orders.substitution.answering import answer_offers
from orders.substitution.texts import read_answer, take_text
from tests.factories import CUSTOMER, ask_for, make_missing

PHONE = CUSTOMER["phone"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("OK", True),
        (" ok! ", True),
        ("ОК", True),
        ("Tak.", True),
        ("НЕТ", False),
        ("no", False),
        ("non", False),
        ("OK 1", {1: True}),
        ("ok 1, 3 no 2", {1: True, 3: True, 2: False}),
        ("NIE 2 OK 1", {2: False, 1: True}),
        ("OK 1 NO 1", None),
        ("1", None),
        ("OK please", None),
        ("OK 1x", None),
        ("which bus stop?", None),
        ("STOP", None),
        ("CANCEL", None),
        ("", None),
        ("☃", None),
        ("OK " + "1 " * 5000, {1: True}),
        ("ok ²", {2: True}),
    ],
)
def test_a_text_says_yes_no_or_nothing(text, said):
    assert read_answer(text) == said


@pytest.fixture
def asked(db):
    return ask_for(*make_missing())


def test_ok_takes_what_is_harmless(asked):
    taken = take_text(phone=PHONE, text="OK")
    assert taken
    assert (taken.asked, taken.result) == (asked, "taken")
    offer = asked.offers.get()
    assert (offer.outcome, offer.answered_by) == ("accepted", "text")


def test_no_leaves_it_out(asked):
    taken = take_text(phone="+48 500 123 456", text="nie")
    assert taken
    assert taken.result == "taken"
    assert asked.offers.get().outcome == "declined"


@pytest.mark.django_db
def test_what_carries_a_warning_is_not_accepted_by_text_but_may_be_declined():
    asked = ask_for(*make_missing(offered={"allergens": ["milk"]}))
    taken = take_text(phone=PHONE, text="OK")
    assert taken
    assert taken.result == "look"
    assert asked.offers.get().outcome == ""
    taken = take_text(phone=PHONE, text="NO")
    assert taken
    assert taken.result == "taken"
    assert asked.offers.get().outcome == "declined"


def test_a_text_after_the_deadline_is_late(asked):
    with clock.turned_to(asked.deadline + timedelta(seconds=1)):
        taken = take_text(phone=PHONE, text="OK")
    assert taken
    assert taken.result == "late"
    assert asked.offers.get().outcome == ""


def test_a_text_after_the_answer_is_late(asked):
    answer_offers(asked=asked, answers={1: False})
    taken = take_text(phone=PHONE, text="OK")
    assert taken
    assert taken.result == "late"


def test_a_text_long_after_all_is_none_of_ours(asked):
    with clock.turned_to(clock.now() + timedelta(days=2)):
        assert take_text(phone=PHONE, text="OK") is None


@pytest.mark.parametrize(
    ("phone", "text"),
    [
        ("+48600111222", "OK"),
        ("", "OK"),
        ("nobody", "OK"),
        (PHONE, "hello"),
    ],
)
def test_other_numbers_and_other_texts_are_none_of_ours(asked, phone, text):
    assert take_text(phone=phone, text=text) is None
    assert asked.offers.get().outcome == ""


def test_a_number_that_was_not_offered_needs_a_look(asked):
    taken = take_text(phone=PHONE, text="OK 7")
    assert taken
    assert taken.result == "look"


def test_with_two_questions_open_the_page_has_to_say_which(asked):
    other = ask_for(*make_missing())
    taken = take_text(phone=PHONE, text="OK")
    assert taken
    assert (taken.asked, taken.result) == (other, "look")
    assert Item.objects.filter(pk=asked.offers.get().item_id).exists()
    assert {asked.offers.get().outcome, other.offers.get().outcome} == {""}
