"""The hand-off in a real browser: the wrong PIN and the lead, what stays, and what comes later.

Pictures of the pages lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from orders.curbside.complaints import complain
from orders.curbside.delegates import name_delegate
from orders.curbside.handing import hand_off, rest_of
from orders.curbside.pins import qr_text
from orders.curbside.rating import rate
from orders.curbside.visits import arrive
from orders.models import HandOff, VisitPickup
from tests.factories import (
    make_channel,
    make_item,
    make_picking,
    make_ready,
    make_spots,
    make_store,
    pick_all,
    pin_of,
    stock,
)
from tests.flows.browsing import PHONE, look, type_scan
from tests.orders.curbside.curb_making import bagged, wrong_pin

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def store():
    return make_store(name="Warszawa Centrum")


@pytest.fixture
def part(store):
    """A ready order with bread, butter, peas and wine, in a bag for each zone."""
    return make_basket(store)


def make_basket(store, channel=None):
    goods = [
        make_item(name="Wholemeal bread 500 g"),
        make_item(name="Butter, unsalted, from grass-fed cows", zone="chilled"),
        make_item(name="Garden peas", zone="frozen"),
        make_item(name="Red wine 0.75 l", minimum_age=18),
    ]
    stock(store, dict.fromkeys(goods, 50))
    wanted = dict.fromkeys(goods, 2)
    found = make_picking(store=store, channel=channel or make_channel(), lines=wanted)
    pick_all(found)
    return bagged(found)


@pytest.fixture
def pola(page, pola, trouble):
    """Pola with a phone; what is refused is said on the page as well."""
    page.set_viewport_size(PHONE)
    trouble.allow("status of 4")
    return pola


def promote(person, *permissions):
    person.user_permissions.add(*Permission.objects.filter(codename__in=permissions))


def open_screen(page, part):
    page.goto(reverse("admin:orders_handoff_part", args=[part.pk]))


def field(part, kind, name):
    return f"[name={kind}_{part.lines.get(item__name__startswith=name).pk}]"


def open_line(page, name):
    page.click(f"summary:has-text('{name}')")


def give(page, pin, bags):
    """Say the PIN, count the bags, hand over."""
    page.fill("[name=pin]", pin)
    page.fill("[name=bags]", str(bags))
    page.click("button.go")


def scan(page, text, bags):
    """A scanner types into the field that has the focus, and Enter leads to the bags."""
    page.wait_for_selector("input[data-scan]:focus")
    type_scan(page, text)
    page.wait_for_selector("#bags:focus")
    type_scan(page, str(bags))


def test_five_wrong_pins_call_for_a_lead_who_says_why(page, store, pola):
    part = make_ready(store=store, lines=_simple(store))
    open_screen(page, part)
    for left in (4, 3, 2, 1, 0):
        give(page, wrong_pin(part), 2)
        page.wait_for_selector(f"text=Wrong PIN, {left} tries left")
    give(page, pin_of(part), 2)
    page.wait_for_selector("text=The PIN is locked after too many tries")
    assert page.locator("text=Without the PIN").count() == 0
    look(page, "hand-off-locked")

    promote(pola, "override_pin")
    page.reload()
    open_screen(page, part)
    page.fill("[name=bags]", "2")
    page.click("summary:has-text('Without the PIN')")
    page.click("button:has-text('Hand over without the PIN')")
    page.wait_for_selector("text=Say why the PIN was not asked for")
    page.click("summary:has-text('Without the PIN')")
    page.fill("[name=why]", "Regular customer, showed the order on her phone")
    page.click("button:has-text('Hand over without the PIN')")
    page.wait_for_selector("text=Handed over. Thank you!")
    proof = HandOff.objects.get()
    assert (proof.method, proof.by) == ("override", pola)
    look(page, "hand-off-overridden")


def test_what_is_damaged_refused_or_too_young_stays_and_the_rest_comes_later(page, part, pola):
    open_screen(page, part)
    look(page, "hand-off-form")
    open_line(page, "Butter")
    page.fill(field(part, "damaged", "Butter"), "1")
    page.fill(field(part, "reason", "Butter"), "lid open")
    open_line(page, "Garden peas")
    page.fill(field(part, "later", "Garden"), "2")
    give(page, pin_of(part), 2)
    page.wait_for_selector("text=Look at a proof of age")
    look(page, "hand-off-refused")
    assert page.input_value(field(part, "reason", "Butter")) == "lid open"
    open_line(page, "Red wine")
    page.fill(field(part, "age_refused", "Red"), "2")
    page.click("button.go")
    page.wait_for_selector("text=The rest waits at ICE1")
    look(page, "hand-off-proof")

    part.refresh_from_db()
    rest = rest_of(part)
    assert (part.status, rest.status) == ("completed", "ready")
    page.click("text=What is collected later")
    give(page, pin_of(rest), 1)
    page.wait_for_selector("text=Handed over. Thank you!")
    part.order.refresh_from_db()
    assert part.order.status == "completed"


def test_two_orders_of_one_car_are_handed_over_one_after_the_other(page, store, pola):
    site = make_channel()
    first, second = make_basket(store, site), make_basket(store, site)
    make_spots(store)
    visit = arrive(fulfillment=first, spot="1")
    VisitPickup.objects.get_or_create(visit=visit, fulfillment=second)
    name_delegate(fulfillment=first, name="Bob Ray")
    open_screen(page, first)
    page.wait_for_selector("text=Bob Ray, named by the customer")
    look(page, "hand-off-two-orders")
    scan(page, qr_text(first, pin_of(first)), 3)
    page.wait_for_selector("text=Look at a proof of age")
    page.check("[name=age_checked]")
    page.click("button.go")
    page.wait_for_selector(f"h2:has-text('Hand over {second.order.external_id}')")
    page.check("[name=age_checked]")
    page.fill("[name=bags]", "3")
    page.click("button:has-text('I saw an ID: Ann Lee')")
    page.wait_for_selector("text=Handed over. Thank you!")
    assert sorted(HandOff.objects.values_list("method", flat=True)) == ["id", "pin"]
    visit.refresh_from_db()
    assert visit.status == "done"


def test_a_complaint_is_answered_and_paid_back(page, store, pola):
    part = make_ready(store=store, lines=_simple(store))
    hand_off(fulfillment=part, pin=pin_of(part), by=pola)
    complaint = complain(
        fulfillment=part,
        kind="missing",
        line=part.lines.get(),
        units=2,
        words="There were only crisps in the bag, no bread at all.",
    )
    rate(fulfillment=part, stars=2, words="Friendly, but half of it was not there")
    promote(pola, "take_return")
    page.goto(reverse("admin:orders_complaint_changelist"))
    page.wait_for_selector("text=Missing: 2 × Bread rolls")
    look(page, "hand-off-complaints")
    page.goto(reverse("admin:orders_complaint_change", args=[complaint.pk]))
    look(page, "hand-off-complaint")
    page.fill("[name=answer]", "We are sorry. You get the price of both back.")
    page.fill("[name=units]", "2")
    page.click("button.go")
    page.wait_for_selector("text=2 × paid back")
    look(page, "hand-off-answered")
    page.goto(reverse("admin:orders_rating_report"))
    page.wait_for_selector("text=Friendly, but half of it")
    look(page, "hand-off-ratings")


def _simple(store):
    rolls = make_item(name="Bread rolls")
    stock(store, {rolls: 20})
    return {rolls: 2}
