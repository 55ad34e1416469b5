"""The question about substitutes in a real browser. Pictures lie in ``var/pictures`` afterwards."""

from __future__ import annotations

import pytest

from orders.models import FulfillmentLine
from orders.substitution.offering import Proposal, offer_substitutes
from tests.factories import PLAIN, make_item, make_picking, make_store, stock
from tests.flows.browsing import PHONE, look
from tests.flows.pickup import look_in_every_language, token_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def asked():
    """A question with two offers: a harmless one, and one that the customer is warned of."""
    store = make_store(name="Warszawa Centrum", street="Marszałkowska 10", phone="+48221234567")
    oat, tea = make_item(**PLAIN, name="Oat drink 1 l"), make_item(**PLAIN, name="Green tea 100 g")
    wine, apples = make_item(name="Cider, dry, from old orchards"), make_item(name="Apples 1 kg")
    soya = make_item(**PLAIN | {"allergens": ["soya", "milk"]}, name="Soya drink «Barista» 1 l")
    cider = make_item(name="Apple wine 0.75 l", minimum_age=18, price_minor=420)
    stock(store, dict.fromkeys([oat, tea, wine, apples, soya, cider], 50))
    part = make_picking(store=store, lines={oat: 3, wine: 1, apples: 2})
    part.order.lines.update(substitution="accepted")
    first, second, _ = part.lines.all()
    return offer_substitutes(
        fulfillment=part,
        proposals=[
            Proposal(line_id=first.pk, item_id=soya.pk, units=2),
            Proposal(line_id=second.pk, item_id=cider.pk, units=1),
        ],
    )


@pytest.fixture
def address(asked):
    """Where the part's page is."""
    return f"/p/{token_of(asked.fulfillment)}"


def test_every_language_and_size_fits(page, address):
    look_in_every_language(page, address, "question")


def test_the_customer_answers_without_a_reload_and_sees_what_comes(page, address, asked):
    page.set_viewport_size(PHONE)
    page.goto(address)
    page.evaluate("window.never_reloaded = true")
    page.get_by_role("button", name="Send my answer").click()
    assert asked.offers.filter(outcome="").count() == 2  # the browser wants both answers
    page.locator("input[name=answer_1][value=yes]").check()
    page.locator("input[name=answer_2][value=no]").check()
    look(page, "question-chosen")
    page.get_by_role("button", name="Send my answer").click()
    page.locator("#headline").filter(has_text="being prepared").wait_for()
    page.get_by_text("instead of Oat drink 1 l").wait_for()
    look(page, "question-answered")
    assert list(asked.offers.values_list("outcome", flat=True)) == ["accepted", "declined"]
    assert FulfillmentLine.objects.filter(stands_for__isnull=False).count() == 1
    assert page.evaluate("window.never_reloaded")
