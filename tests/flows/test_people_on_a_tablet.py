"""Two people on one tablet in a real browser: enrolled, switched by badge and by PIN, each step
under its own name; and a second factor set up by its picture.

Pictures of the pages lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django_otp.oath import TOTP

from hub.events.models import Fact
from hub.staff import badges, roles
from hub.staff.models import AppFactor, RolePolicy, Tablet
from tests.factories import make_fulfillment, make_item, make_role, make_store, stock
from tests.flows.browsing import TABLET, log_in_by_form, look, type_scan

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORD = "walks-fast-9"
PIN = "739156"
SECONDS_TO_SWITCH = 3


def of_store(role, store, first, last, **values):
    person = make_role(role, store, first_name=first, last_name=last, **values)
    person.set_password(WORD)
    person.save()
    return person


def come_in(page, person):
    log_in_by_form(page, person.username, WORD)


def enroll(page):
    page.goto(reverse("admin:staff_tablet_add"))
    page.fill("[name=name]", "Back room 1")
    look(page, "people-enrol")
    page.click("button:has-text('Make it a tablet')")
    page.wait_for_selector(".hub-people")


def step(page, part, button):
    page.goto(reverse("admin:orders_fulfillmentorder_change", args=[part.pk]))
    with page.expect_navigation():
        page.click(f"button:has-text('{button}')")


def test_two_people_share_a_tablet_and_each_step_has_its_own_name(page):
    store = make_store(name="Warszawa Centrum")
    item = make_item()
    stock(store, {item: 50})
    part = make_fulfillment(store=store, lines={item: 2})
    lead = of_store(roles.LEAD, store, "Lena", "Lead")
    ann, bob = (
        of_store(roles.PICKER, store, first, last)
        for first, last in (("Ann", "Arrow"), ("Bob", "Basket"))
    )
    badge = badges.issue_badge(person=ann, by="lead")
    badges.set_pin(person=bob, pin=PIN)

    page.set_viewport_size(TABLET)
    come_in(page, lead)
    enroll(page)
    assert page.locator(".hub-people li").count() == 2
    look(page, "people-tiles")
    began = time.monotonic()
    type_scan(page, badge)
    page.wait_for_selector(".hub-switch:has-text('Ann Arrow')")
    assert time.monotonic() - began < SECONDS_TO_SWITCH
    step(page, part, "Accept")

    page.click(".hub-switch")
    page.click(".hub-people a:has-text('Bob Basket')")
    look(page, "people-pin")
    for digit in "111":
        page.click(f"[data-key='{digit}']")
    for _ in "111":
        page.click("[data-key='back']")
    began = time.monotonic()
    for digit in PIN:
        page.click(f"[data-key='{digit}']")
    page.wait_for_selector(".hub-switch:has-text('Bob Basket')")
    assert time.monotonic() - began < SECONDS_TO_SWITCH
    step(page, part, "Start picking")
    look(page, "people-at-work")

    # from any page, with the focus in a field: the scan switches and leaves nothing behind
    page.goto(reverse("admin:orders_fulfillmentorder_find"))
    type_scan(page, badge)
    page.wait_for_selector(".hub-switch:has-text('Ann Arrow')")
    assert page.url.endswith(reverse("admin:orders_fulfillmentorder_find"))

    actors = dict(
        Fact.objects.filter(subject=f"order:{part.order_id}").values_list("name", "actor")
    )
    assert actors["fulfillment.accepted"] == f"staff:{ann.pk}"
    assert actors["fulfillment.picking_started"] == f"staff:{bob.pk}"

    Tablet.objects.update(ended_at="2026-01-01T00:00:00Z")
    page.reload()
    page.wait_for_selector("[name=password]")


def test_a_wrong_pin_is_said_and_the_badge_sheet_is_shown_once(page, trouble):
    store = make_store(name="Warszawa Centrum")
    lead = of_store(roles.LEAD, store, "Lena", "Lead")
    badges.set_pin(person=lead, pin=PIN)
    come_in(page, lead)
    page.goto(reverse("admin:staff_staffkey_changelist"))
    look(page, "people-of-store")
    page.click("button:has-text('Issue a badge')")
    page.click("dialog[open] button.go")
    code = page.inner_text("[data-secret]")
    assert badges.BADGE.match(code)
    look(page, "people-badge")
    page.goto(reverse("staff:me"))
    look(page, "people-me")
    page.goto(reverse("admin:admin_logentry_changelist"))
    look(page, "people-trail")
    enroll(page)
    page.click(".hub-people a")
    for digit in "111112":
        page.click(f"[data-key='{digit}']")
    page.wait_for_selector("[role=alert]")
    look(page, "people-wrong-pin")
    # the browser itself tells its console of a page that was refused
    trouble.allow("status of 4")


def test_a_second_factor_is_set_up_from_its_picture_and_asked_for_again(page):
    person = of_store(roles.OPERATIONS, make_store(), "Olga", "Ops")
    RolePolicy.objects.create(group=Group.objects.get(name=roles.OPERATIONS), second_factor=True)
    come_in(page, person)
    page.wait_for_selector("img.hub-qr")
    look(page, "people-factor-set-up")
    device = AppFactor.objects.get(user=person)
    totp = TOTP(device.bin_key)
    totp.time = time.time()
    page.fill("[name=code]", f"{totp.token():06d}")
    page.click("button.go")
    codes = page.locator(".hub-codes li").all_inner_texts()
    look(page, "people-codes")
    page.click("text=I have kept them")
    page.wait_for_selector("#nav-sidebar-apps, .hub-jobs")
    page.context.clear_cookies()
    come_in(page, person)
    look(page, "people-factor")
    page.fill("[name=code]", codes[0])
    page.click("button.go")
    page.wait_for_selector("#nav-sidebar-apps, .hub-jobs")
