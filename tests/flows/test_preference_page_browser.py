"""The page on how a customer is told, in a real browser: without JavaScript, by keyboard, for
everybody."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from hub.customers.consent import is_refused
from hub.customers.letters import preferences_path, unsubscribe_url
from hub.customers.models import Contact, Profile
from hub.customers.preferences import choices_of
from tests.factories import make_fulfillment
from tests.flows.browsing import PHONE, SIZES, look, picture
from tests.flows.pickup import look_in_every_language, token_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def part(bought):
    return make_fulfillment(**bought)


@pytest.mark.parametrize("size", SIZES)
def test_choosing_pausing_and_stopping_without_javascript(new_context, part, size):
    context = new_context(java_script_enabled=False, viewport=SIZES[size], locale="en-GB")
    page = context.new_page()
    profile = part.order.profile
    page.goto(preferences_path(profile))
    picture(page, f"telling-{size}-1-fresh")

    page.get_by_label(re.compile("^Order news")).select_option("E-mail, else text")
    page.get_by_label(re.compile("^Ready to collect")).select_option("Text only")
    page.get_by_role("button", name="Save my choice").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    grid = choices_of(profile)
    assert (grid["order_updates"], grid["pickup"]) == (["email", "sms"], ["sms"])

    page.get_by_label("Write nothing for").select_option("one week")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="End the pause")).to_be_visible()
    picture(page, f"telling-{size}-2-paused")

    page.get_by_label("Time zone").select_option("Europe/Paris")
    page.get_by_role("button", name="Save the time zone").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")

    page.get_by_role("button", name="Stop everything").click()
    expect(page.get_by_role("button", name="Write to •••56 again")).to_be_visible()
    picture(page, f"telling-{size}-3-stopped")
    contact = Contact.objects.get()
    assert is_refused(contact.phone_hash, "sms")
    assert Profile.objects.get().chosen_timezone == "Europe/Paris"

    page.get_by_text("Language: English").click()
    page.get_by_role("button", name="Polski").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jak mamy pisać")


def test_everybody_can_use_it_in_every_language(page, part):
    look_in_every_language(page, preferences_path(part.order.profile), "telling")


def test_unsubscribing_asks_first_and_then_says_so(page, part):
    order = part.order
    page.goto(urlsplit(unsubscribe_url(order.profile, order.contact)).path)
    look(page, "telling-off")
    page.get_by_role("button", name="Send no more e-mails").click()
    expect(page.get_by_role("status")).to_contain_text("a•••@e•••")
    look(page, "telling-off-done")
    page.get_by_role("link", name="Choose how we tell you").click()
    expect(page.get_by_role("button", name="Write to a•••@e••• again")).to_be_visible()


def test_the_pickup_page_leads_there(page, part):
    page.set_viewport_size(PHONE)
    page.goto(f"/p/{token_of(part)}/changes")
    picture(page, "telling-0-changes")
    page.get_by_role("button", name="More: what, when, pause, stop").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How we tell you")
