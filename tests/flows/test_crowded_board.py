"""An arrivals board with many cards: what came of a tap is seen, wherever it was made."""

from __future__ import annotations

import pytest
from django.urls import reverse

from orders.curbside.visits import arrive
from tests.factories import make_item, make_ready, make_store, stock
from tests.flows.browsing import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CROWD = 12
IN_SIGHT = """() => {
    const told = document.querySelector(".curb-said");
    const box = told && told.getBoundingClientRect();
    return Boolean(box) && box.top >= 0 && box.bottom <= window.innerHeight;
}"""


@pytest.fixture
def store():
    return make_store()


def come(store, item, number):
    customer = {"name": f"Ann Lee {number}", "phone": f"+48500123{number:03}"}
    arrive(
        fulfillment=make_ready(store=store, lines={item: 1}, customer=customer),
        place=f"row {number}",
    )


def test_what_came_of_a_tap_is_in_sight_and_outlasts_a_change_on_the_board(page, store, pola):
    item = make_item()
    stock(store, {item: 100})
    for number in range(CROWD):
        come(store, item, number)
    page.set_viewport_size(PHONE)
    page.goto(reverse("admin:orders_fulfillmentorder_arrivals"))
    page.get_by_role("button", name="I go").last.click()
    page.wait_for_selector("text=You go. The others see it.")
    assert page.evaluate("window.scrollY") > PHONE["height"]
    assert page.evaluate(IN_SIGHT)

    come(store, item, CROWD)
    page.wait_for_selector(f"text=row {CROWD}")
    assert page.is_visible("text=You go. The others see it.")
