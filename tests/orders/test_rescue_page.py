"""Exceptions that a person solves: another store, the customer's yes, more time."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from hub import clock
from hub.stores.models import StaffScope
from inventory.models import SalesStop
from orders.admin.exceptions import problems
from orders.clocks.accepting import escalate
from orders.models import FulfillmentOrder, MoveOffer
from orders.picking.rejecting import reject
from tests.factories import make_fulfillment, make_item, make_person, make_ready
from tests.orders.routing.doing import store_at

pytestmark = pytest.mark.django_db

NEAR = {"near": {"latitude": 52.0, "longitude": 21.0}}


@pytest.fixture
def item():
    return make_item(name="Oat milk")


@pytest.fixture
def lead(client):
    """A lead of stores that are named later."""
    person = make_person()
    person.user_permissions.add(Permission.objects.get(codename="change_order"))
    client.force_login(person)
    return person


def works_in(person, *stores):
    for store in stores:
        StaffScope.objects.get_or_create(user=person, store=store)


def page(part):
    return reverse("admin:orders_fulfillmentorder_rescue", args=[part.pk])


def do(client, part, **fields):
    reply = client.post(page(part) + "do/", fields, follow=True)
    assert reply.status_code == 200
    return " ".join(str(message) for message in reply.context["messages"])


def titles(*stores):
    return [problem.title for problem in problems(type(stores[0]).objects.all())]


def test_a_rejected_part_without_a_store_is_an_exception_until_one_is_found(client, lead, item):
    home = store_at(1, item)
    works_in(lead, home)
    part = make_fulfillment(pickup=NEAR, lines={item: 2})
    reject(fulfillment=part, reason="too_busy")
    board = client.get(reverse("admin:orders_fulfillmentorder_exceptions")).content.decode()
    assert "No store works on it" in board
    assert "Look for a store again" in board
    assert "no store in reach" in do(client, part, act="again", next="exceptions").lower()
    other = store_at(3, item)
    assert "Another store has it" in do(client, part, act="again", next="exceptions")
    assert part.replacements.get().store == other
    assert "No store works on it" not in titles(home)


def test_a_lead_sends_it_to_a_store_of_the_list_or_by_code(client, lead, item):
    home, listed = store_at(1, item), store_at(80, item)
    works_in(lead, home)
    part = make_fulfillment(pickup=NEAR, lines={item: 2})
    reject(fulfillment=part, reason="too_busy")
    shown = client.get(page(part)).content.decode()
    assert f'<option value="{listed.code}">' in shown
    assert "no such store" in do(client, part, act="send", other="NOWHERE").lower()
    assert "choose a store" in do(client, part, act="send").lower()
    assert str(listed) in do(client, part, act="send", store=listed.code)
    assert part.replacements.get().store == listed


def test_a_named_store_needs_the_customers_yes(client, lead, item):
    home, other = store_at(1, item), store_at(2, item)
    works_in(lead, home)
    part = make_fulfillment(store=home, lines={item: 2})
    reject(fulfillment=part, reason="too_busy")
    assert titles(home) == ["Waits for the customer"]
    assert "has not agreed" in do(client, part, act="send", store=other.code)
    assert str(other) in do(client, part, act="send", store=other.code, consent="on")
    assert MoveOffer.objects.get().state == "withdrawn"


def test_what_is_not_accepted_is_shown_and_can_be_sent_elsewhere(client, lead, item):
    home, other = store_at(1, item), store_at(2, item)
    works_in(lead, home)
    part = make_fulfillment(pickup=NEAR, lines={item: 2})
    FulfillmentOrder.objects.filter(pk=part.pk).update(accept_by=clock.now())
    escalate()
    assert "Not accepted" in titles(home)
    do(client, part, act="send", store=other.code)
    part.refresh_from_db()
    assert part.status == "rejected"


def test_a_promise_that_is_near_with_nobody_at_work_is_at_risk(item):
    home = store_at(1, item)
    part = make_fulfillment(store=home, lines={item: 1})
    assert titles(home) == []
    with clock.turned_to(part.promised_at - timedelta(minutes=10)):
        assert titles(home) == ["Promise at risk"]
    with clock.turned_to(part.promised_at + timedelta(minutes=1)):
        assert titles(home) == ["Promise broken"]


def test_ready_goods_are_kept_longer(client, lead, item):
    home = store_at(1, item)
    works_in(lead, home)
    part = make_ready(store=home, lines={item: 1})
    before = part.expires_at
    assert "Kept until" in do(client, part, act="extend", days=2)
    part.refresh_from_db()
    assert part.expires_at - before >= timedelta(days=2)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"act": "x"},
        {"act": "send", "store": "\0"},
        {"act": "extend", "days": "-1"},
        {"act": "again", "token": "x" * 65},
    ],
)
def test_nonsense_is_answered_in_words(client, lead, item, fields):
    home = store_at(1, item)
    works_in(lead, home)
    part = make_fulfillment(pickup=NEAR, lines={item: 2})
    reject(fulfillment=part, reason="too_busy")
    assert do(client, part, **fields)


def test_other_stores_and_people_without_the_right_are_kept_out(client, item):
    home = store_at(1, item)
    part = make_fulfillment(pickup=NEAR, lines={item: 2})
    reject(fulfillment=part, reason="too_busy")
    picker = make_person()
    client.force_login(picker)
    assert client.get(page(part)).status_code == 404
    works_in(picker, home)
    assert client.get(page(part)).status_code == 200
    assert client.post(page(part) + "do/", {"act": "again"}).status_code == 404
    assert client.get(page(part) + "do/").status_code == 405


def test_rejecting_on_the_work_page_names_the_goods(client, lead, item):
    home = store_at(1, item)
    works_in(lead, home)
    part = make_fulfillment(store=home, lines={item: 1})
    shown = client.get(reverse("admin:orders_fulfillmentorder_change", args=[part.pk]))
    line = part.lines.get()
    assert f'name="missing_{line.pk}"' in shown.content.decode()
    step = reverse("admin:orders_fulfillmentorder_step", args=[part.pk])
    fields = {"action": "reject", "reason": "out_of_stock", f"missing_{line.pk}": 1, "token": "t"}
    client.post(step, fields)
    part.refresh_from_db()
    assert (part.status, part.reason) == ("rejected", "out of stock")
    assert list(SalesStop.objects.values_list("item_id", flat=True)) == [item.pk]
