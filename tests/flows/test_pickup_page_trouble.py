"""The customer's page when something is in the way: no script, no network, an old link."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from hub import clock
from hub.links.models import Link
from orders.curbside.handing import hand_off
from orders.models import Complaint, Delegate, Rating, Visit
from tests.factories import make_ready, pin_of
from tests.flows.browsing import NO_CONTACT, PHONE, picture
from tests.flows.pickup import FIRST_LOAD_BYTES, choose, headline, look_in_every_language

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GEOLOCATION = {"latitude": 52.231, "longitude": 21.011, "accuracy": 20}


def test_a_tap_that_does_not_get_through_says_so_and_keeps_the_answer(
    page, trouble, address, bought
):
    trouble.allow(*NO_CONTACT)
    fulfillment = make_ready(**bought)
    page.set_viewport_size(PHONE)
    page.goto(address(fulfillment))
    choose(page, "spot", "4")
    page.get_by_text("Your car and where the bags go").click()
    page.get_by_label("Number plate").fill("WX 1")
    page.context.set_offline(True)
    page.get_by_role("button", name="I’m here").click()
    page.get_by_role("heading", name="Not sent").wait_for(timeout=8_000)
    picture(page, "pickup-phone-not-sent")
    assert page.get_by_label("Number plate").input_value() == "WX 1"
    text = page.get_by_role("link", name="Text HERE to the store")
    assert text.get_attribute("href") == "sms:+48221234567?&body=HERE%204"
    assert page.locator("#unsent a[href='tel:+48221234567']").is_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="I’m here").click()
    headline(page).filter(has_text="We know you are here").wait_for()
    assert not page.locator("#unsent").is_visible()
    assert Visit.objects.get(spot__label="4").vehicle == "WX 1"


def test_a_tap_without_an_answer_gives_up_after_five_seconds(page, trouble, address, bought):
    trouble.allow("htmx:")
    page.goto(address(make_ready(**bought)))
    page.route("**/on-my-way?*", lambda route: None)
    page.get_by_role("button", name="I’m on my way").click()
    page.get_by_role("button", name="Sending…").wait_for()
    page.get_by_role("heading", name="Not sent").wait_for(timeout=7_000)
    assert page.get_by_role("button", name="I’m on my way").is_enabled()


def test_everything_works_without_javascript(new_context, address, bought):
    context = new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    fulfillment = make_ready(**bought)
    page.goto(address(fulfillment))
    assert page.get_by_role("link", name="Check for news").is_visible()
    assert not page.locator("#share").is_visible()
    choose(page, "minutes", "30")
    page.get_by_role("button", name="I’m on my way").click()
    assert headline(page).inner_text() == "See you soon"

    page.get_by_role("link", name="Somebody else collects it").click()
    picture(page, "pickup-phone-changes")
    page.get_by_label("Name of this person").fill("Bo Lee")
    page.get_by_role("button", name="Make a code").click()
    assert page.get_by_role("heading", name="Code for Bo L.").is_visible()
    code = Delegate.objects.get(fulfillment=fulfillment).code
    assert page.locator(".smaller").inner_text().replace("\n", "") == code

    choose(page, "spot", "2")
    page.get_by_role("button", name="I’m here").click()
    assert headline(page).inner_text() == "We know you are here"
    page.reload()
    assert Visit.objects.filter(spot__label="2").count() == 1
    picture(page, "pickup-phone-no-javascript")

    hand_off(fulfillment=fulfillment, pin=pin_of(fulfillment), by=None)
    page.reload()
    page.locator("label[for=star-4]").click()
    page.get_by_role("button", name="Send my rating").click()
    assert page.get_by_text("You gave 4 of 5").is_visible()
    page.locator("summary", has_text="Tell the store").click()
    page.get_by_role("radio", name="Apples").check()
    choose(page, "kind", "damaged")
    page.locator("#wrong-form").get_by_role("button").click()
    assert page.get_by_text("Damaged: Apples").is_visible()
    picture(page, "pickup-phone-told")
    assert Rating.objects.get().stars == 4
    assert Complaint.objects.get().line.item.name == "Apples"


def test_a_location_is_asked_for_only_on_a_tap_and_brings_nearby(new_context, address, bought):
    context = new_context(geolocation=GEOLOCATION, viewport=PHONE)
    page = context.new_page()
    fulfillment = make_ready(**bought)
    page.goto(address(fulfillment))
    page.get_by_role("button", name="Share my location instead").click()
    page.get_by_text("does not tell where you are").wait_for()
    assert not Visit.objects.exists()

    context.grant_permissions(["geolocation"])
    page.get_by_role("button", name="Share my location instead").click()
    headline(page).filter(has_text="Almost there").wait_for()
    page.get_by_text("Your location is being shared").wait_for()
    picture(page, "pickup-phone-nearby")
    page.get_by_role("button", name="Stop sharing").click()
    page.get_by_text("Only while this page is open").wait_for()
    assert Visit.objects.get().status == "nearby"


def test_the_language_is_chosen_by_a_tap_and_remembered(page, address, bought):
    fulfillment = make_ready(**bought)
    url = address(fulfillment)
    page.goto(url)
    page.locator(".languages summary").click()
    picture(page, "pickup-desk-languages")
    page.get_by_role("button", name="Français").click()
    headline(page).filter(has_text="Votre commande est prête").wait_for()
    page.get_by_role("button", name="Je suis là").click()
    headline(page).filter(has_text="Nous savons que vous êtes là").wait_for()
    page.goto(address(fulfillment))
    headline(page).filter(has_text="Nous savons que vous êtes là").wait_for()


def test_a_link_that_ends_while_the_page_is_open_says_so(page, trouble, address, bought):
    trouble.allow("status of 404")
    page.set_viewport_size(PHONE)
    url = address(make_ready(**bought))
    page.goto(url)
    Link.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    page.get_by_text("There is no page here").wait_for(timeout=10_000)
    picture(page, "pickup-phone-gone")


def test_a_keyboard_reaches_everything_and_targets_are_large(page, address, bought):
    page.set_viewport_size(PHONE)
    page.goto(address(make_ready(**bought)))
    page.get_by_text("Your car and where the bags go").click()
    targets = page.locator("button, a.button, .menu a, .tile, .check, summary, .field input").all()
    shown = [target for target in targets if target.is_visible()]
    assert len(shown) > 30
    for target in shown:
        assert target.bounding_box()["height"] >= 44, target.inner_text()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.name || document.activeElement.tagName"))
    assert {"spot", "place", "plate", "placement", "remember", "BUTTON", "SUMMARY", "A"} <= reached


def test_the_first_load_is_small_on_the_wire(page, address, bought):
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    loaded: list[float] = []
    session.on("Network.loadingFinished", lambda told: loaded.append(told["encodedDataLength"]))
    page.goto(address(make_ready(**bought)))
    page.wait_for_load_state("networkidle")
    assert len(loaded) >= 3
    assert sum(loaded) <= FIRST_LOAD_BYTES
    names = page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
    assert all(re.search(r"/p/files/\w+\.(js|css)$", name) for name in names if "data:" not in name)


def test_nothing_scrolls_sideways_in_any_language(page, address, bought):
    look_in_every_language(page, address(make_ready(**bought)), "pickup")
