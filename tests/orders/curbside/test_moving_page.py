"""The customer's page when the store cannot: the question about another store, and the way on."""

import re

import pytest

from hub.links.services import make_link
from orders.curbside.handlers import end_visit
from orders.models import FulfillmentOrder, MoveOffer
from orders.picking.rejecting import reject
from tests.factories import make_fulfillment, make_item, make_store, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked():
    """A rejected part whose customer was asked, and the page's address."""
    item = make_item()
    home = make_store(latitude=52.0, name="Old Town")
    rival = make_store(latitude=52.02, name="Riverside", street="Long Lane 5")
    for store in (home, rival):
        stock(store, {item: 9})
    part = make_fulfillment(store=home, lines={item: 2})
    page = f"/p/{make_link(purpose='pickup', subject=f'fulfillment:{part.pk}')}"
    reject(fulfillment=part, reason="too_busy")
    end_visit(type("Told", (), {"fulfillment_id": part.pk})())
    return part, page


def form_of(client, page):
    text = client.get(page).content.decode()
    return {
        name: re.search(f'name="{name}" value="([^"]+)"', text)[1] for name in ("stamp", "offer")
    }


def test_the_page_asks_and_reading_it_moves_nothing(client, asked):
    _, page = asked
    text = client.get(page).content.decode()
    assert "May another store prepare it?" in text
    assert "Riverside" in text
    assert "2.2 km from Old Town" in text
    assert client.get(page + "/move?answer=yes").status_code == 302
    assert MoveOffer.objects.get().state == "open"


def test_a_yes_leads_the_same_link_to_the_new_store(client, asked):
    part, page = asked
    values = form_of(client, page) | {"answer": "yes"}
    assert client.post(page + "/move", values).status_code == 303
    assert client.post(page + "/move", values).status_code == 303
    text = client.get(page).content.decode()
    assert "Your order is being prepared" in text
    assert "Riverside" in text
    assert FulfillmentOrder.objects.filter(order=part.order_id).count() == 2


def test_a_no_is_kept_and_another_answer_is_too_late(client, asked):
    _, page = asked
    values = form_of(client, page)
    client.post(page + "/move", values | {"answer": "no"})
    assert MoveOffer.objects.get().state == "declined"
    late = client.post(page + "/move", values | {"answer": "yes"})
    assert late.status_code == 409
    assert "settled already" in late.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [{"answer": ""}, {"answer": "maybe"}, {"offer": "mov_x"}, {"offer": "\0"}, {"stamp": "x"}],
)
def test_what_makes_no_sense_moves_nothing(client, asked, wrong):
    _, page = asked
    values = form_of(client, page) | {"answer": "yes"} | wrong
    assert client.post(page + "/move", values).status_code in (409, 422)
    assert MoveOffer.objects.get().state == "open"


@pytest.mark.parametrize("language", ["fr", "pl", "ru", "es"])
def test_every_language_asks(client, asked, language):
    _, page = asked
    assert "Riverside" in client.get(f"{page}?lang={language}").content.decode()
