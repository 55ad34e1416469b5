"""The page at the counter: goods come back, a lead lowers a price, everybody sees what is due."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub.stores.models import StaffScope
from orders.blocks import lift_block
from orders.models import Block, FulfillmentLine, GoodsReturn, Refund
from orders.picking.services import finish_picking, mark_ready
from tests.factories import make_item, make_person, make_picking, make_store
from tests.orders.returns.making import bring_back, make_collected, make_ready

pytestmark = pytest.mark.django_db

ALL = ["take_return", "adjust_price"]


def logged_in(store, *permissions):
    person = make_person()
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    StaffScope.objects.create(user=person, store=store)
    client = Client()
    client.force_login(person)
    return client


def address(name, part):
    return reverse(f"admin:orders_goodsreturn_{name}", args=[part.pk])


def take(page, part, **fields):
    body = {"token": "tap-1", "reason": "too large"} | fields
    return page.post(address("take", part), body, follow=True)


def lower(page, part, price, **fields):
    line = part.lines.get()
    body = {"token": "tap-2", "reason": "dented", "price": price, "line": line.pk} | fields
    return page.post(address("price", part), body, follow=True)


def test_goods_are_taken_back_and_the_refund_is_shown():
    part = make_collected()
    page, line = logged_in(part.store, *ALL), part.lines.get()
    assert "What comes back?" in page.get(address("part", part)).text
    said = take(page, part, **{f"restock_{line.pk}": "1", f"damaged_{line.pk}": "1"}).text
    assert "The site is told to refund 10.00 EUR." in said
    assert "All of it has come back." in said
    assert GoodsReturn.objects.get().lines.count() == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Say which goods came back."),
        ({"restock_LINE": "9"}, "The customer does not have that many units."),
        ({"restock_LINE": "-1"}, "Units are whole numbers."),
        ({"restock_LINE": "1.5"}, "Units are whole numbers."),
        ({"restock_x": "1"}, "Units are whole numbers."),
        ({"restock_LINE": "1", "reason": " "}, "Say why."),
        ({"restock_LINE": "1", "reason": "x" * 201}, "has at most 200 characters"),
    ],
)
def test_what_makes_no_sense_is_said_on_the_page(fields, said):
    part = make_collected()
    page, line = logged_in(part.store, *ALL), part.lines.get()
    named = {name.replace("LINE", str(line.pk)): value for name, value in fields.items()}
    assert said in take(page, part, **named).text
    assert not GoodsReturn.objects.exists()


def test_a_lead_lowers_a_price_within_the_limit():
    part = make_ready()
    page = logged_in(part.store, *ALL)
    assert "A unit costs 4.50 EUR now." in lower(page, part, "4.50").text
    assert "You may go down to 400." in lower(page, part, "3,99", token="tap-3").text
    assert FulfillmentLine.objects.get().unit_price_minor == 450
    assert Refund.objects.get().amount_minor == 100


@pytest.mark.parametrize(
    "price", ["", "x", "4.505", "NaN", "1e99", "1e9999999", "-1", "٣", "Infinity"]
)
def test_an_odd_price_is_refused_on_the_page(price):
    part = make_ready()
    reply = lower(logged_in(part.store, *ALL), part, price)
    assert reply.status_code == 200
    assert FulfillmentLine.objects.get().unit_price_minor is None


def test_without_the_permissions_there_are_no_forms():
    part = make_collected()
    page = logged_in(part.store)
    shown = page.get(address("part", part)).text
    assert "You may not take goods back; ask a lead." in shown
    assert "Lower…" not in shown
    assert page.post(address("take", part), {}).status_code == 404
    assert "Only a lead may lower a price." in lower(page, part, "4.50").text


def test_fresh_goods_can_only_be_damaged():
    part = make_collected(lines={make_item(zone="frozen"): 1})
    page, line = logged_in(part.store, *ALL), part.lines.get()
    shown = page.get(address("part", part)).text
    assert f"restock_{line.pk}" not in shown
    assert f"damaged_{line.pk}" in shown


def test_people_of_other_stores_see_nothing_of_it():
    part = make_collected()
    goods = bring_back(part, 1)
    stranger = logged_in(make_store(), *ALL)
    assert stranger.get(address("part", part)).status_code == 404
    assert stranger.post(address("take", part), {}).status_code == 404
    assert stranger.post(address("price", part), {}).status_code == 404
    change = reverse("admin:orders_goodsreturn_change", args=[goods.pk])
    assert stranger.get(change).status_code == 404
    own = logged_in(part.store)
    assert own.get(change)["Location"] == address("part", part)
    listed = own.get(reverse("admin:orders_goodsreturn_changelist")).text
    assert part.order.external_id in listed


def test_a_changed_amount_is_shown_until_the_site_has_settled_it():
    part = make_picking(lines={make_item(): 3})
    finish_picking(fulfillment=part, picked={part.lines.get().pk: 1})
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    page = logged_in(part.store)
    waiting = page.get(address("part", part)).text
    assert "15.00 EUR" in waiting
    assert "The site has to settle the changed amount" in waiting
    lift_block(block=Block.objects.get())
    assert "The site has settled the changed amount." in page.get(address("part", part)).text


def test_the_work_page_leads_here():
    part = make_collected()
    page = logged_in(part.store)
    work = page.get(reverse("admin:orders_fulfillmentorder_change", args=[part.pk])).text
    assert address("part", part) in work


def test_the_page_costs_the_same_number_of_queries_however_many_lines():
    def queries(part):
        page = logged_in(part.store, *ALL)
        page.get(address("part", part))
        with CaptureQueriesContext(connection) as asked:
            assert page.get(address("part", part)).status_code == 200
        return len(asked)

    few = queries(make_ready())
    assert queries(make_ready(lines={make_item(): 1 for _ in range(12)})) == few
