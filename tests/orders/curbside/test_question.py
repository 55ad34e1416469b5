"""The question about substitutes on the customer's page."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from hub import clock
from hub.links.services import make_link
from inventory.models import StockLevel
from orders.curbside.pages.questions import warnings_in_words
from orders.curbside.pages.words import WORDS
from orders.models import FulfillmentLine
from orders.substitution.answering import answer_offers
from tests.factories import ask_for, make_missing

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor():
    return Client()


def open_page(visitor, part, query=""):
    address = "/p/" + make_link(purpose="pickup", subject=f"fulfillment:{part.pk}")
    return address, visitor.get(address + query).content.decode()


def fields_in(html):
    return dict(re.findall(r'name="(stamp|round)" value="([^"]+)"', html))


def answer(visitor, address, html, **answers):
    data = fields_in(html) | {f"answer_{key[1:]}": said for key, said in answers.items()}
    return visitor.post(f"{address}/answer", data)


def test_the_page_asks_and_looking_changes_nothing(visitor):
    part, line, other = make_missing(offered={"price_minor": 450})
    asked = ask_for(part, line, other)
    _, html = open_page(visitor, part)
    assert "We have a question about your order" in html
    assert other.name in html
    assert f"instead of 2 × {line.item.name}" in html
    assert "4.50\xa0EUR each" in html
    assert "Without an answer it is left out." in html
    assert asked.offers.get().outcome == ""


def test_a_yes_is_taken_and_the_page_shows_what_stands_for_what(visitor):
    part, line, other = make_missing()
    ask_for(part, line, other)
    address, html = open_page(visitor, part)
    reply = answer(visitor, address, html, n1="yes")
    assert reply.status_code == 303
    assert FulfillmentLine.objects.get(stands_for=line).allocated == 2
    html = visitor.get(address).content.decode()
    assert "We have a question" not in html
    assert f"instead of {line.item.name}" in html


def test_a_no_leaves_the_line_short(visitor):
    part, line, other = make_missing()
    asked = ask_for(part, line, other)
    address, html = open_page(visitor, part)
    answer(visitor, address, html, n1="no")
    assert asked.offers.get().outcome == "declined"
    assert "2 not available" in visitor.get(address).content.decode()


@pytest.mark.parametrize("said", [{}, {"n1": "perhaps"}, {"n2": "yes"}])
def test_every_offer_wants_a_yes_or_a_no(visitor, said):
    part, line, other = make_missing()
    asked = ask_for(part, line, other)
    address, html = open_page(visitor, part)
    reply = answer(visitor, address, html, **said)
    assert reply.status_code == 422
    assert "Please say yes or no to each of them." in reply.content.decode()
    assert asked.offers.get().outcome == ""


def test_a_late_answer_is_told_so(visitor):
    part, line, other = make_missing()
    asked = ask_for(part, line, other)
    address, html = open_page(visitor, part)
    with clock.turned_to(asked.deadline + timedelta(seconds=1)):
        reply = answer(visitor, address, html, n1="yes")
    assert reply.status_code == 409
    assert "This is settled already, or the time was over." in reply.content.decode()
    assert StockLevel.objects.get(item=other).allocated == 0


def test_who_comes_second_sees_the_first_answer(visitor):
    part, line, other = make_missing()
    asked = ask_for(part, line, other)
    address, html = open_page(visitor, part)
    answer_offers(asked=asked, answers={1: True})
    reply = answer(visitor, address, html, n1="no")
    assert reply.status_code == 409
    shown = reply.content.decode()
    assert "Another answer came first" in shown
    assert f"instead of {line.item.name}" in shown


@pytest.mark.parametrize("name", ["", "sub_nothing", "\x00", "☃"])
def test_a_question_that_does_not_exist_is_settled(visitor, name):
    part, line, other = make_missing()
    ask_for(part, line, other)
    address, html = open_page(visitor, part)
    data = fields_in(html) | {"round": name, "answer_1": "yes"}
    assert visitor.post(f"{address}/answer", data).status_code == 409


def test_a_question_about_another_order_cannot_be_answered(visitor):
    part, line, other = make_missing()
    foreign = ask_for(*make_missing())
    ask_for(part, line, other)
    address, html = open_page(visitor, part)
    data = fields_in(html) | {"round": foreign.public_id, "answer_1": "yes"}
    assert visitor.post(f"{address}/answer", data).status_code == 409
    assert foreign.offers.get().outcome == ""


def test_warnings_are_sentences_in_the_language_of_the_page(visitor):
    marks = {"allergens": ["milk", "nuts"], "diets": [], "minimum_age": 18}
    part, line, other = make_missing(offered=marks)
    ask_for(part, line, other)
    _, html = open_page(visitor, part, "?lang=fr")
    assert "Contient : lait, fruits à coque, contrairement à l’article commandé." in html
    assert "Vendu seulement à partir de 18 ans." in html


@pytest.mark.parametrize("language", list(WORDS))
def test_every_warning_has_a_sentence_in_every_language(language):
    codes = ["allergens_unknown", "diets_unknown", "allergen:milk", "diet:vegan", "age:16"]
    said = warnings_in_words(codes, language, WORDS[language])
    assert len(said) == 5
    assert all(":" not in one or "allergen" not in one for one in said)


def test_a_mark_without_a_word_is_shown_as_it_is():
    assert "kiwi" in warnings_in_words(["allergen:kiwi"], "en", WORDS["en"])[0]
