"""The customer's page in a real browser: phone and desk, with and without JavaScript.

Pictures lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from hub.links.services import make_link
from orders.curbside.handing import hand_off
from orders.curbside.visits import arrive, begin_service, say_on_my_way
from orders.models import FulfillmentOrder, Spot, Visit
from orders.picking.rejecting import reject
from orders.picking.services import finish_picking, mark_ready
from tests.factories import (
    make_fulfillment,
    make_item,
    make_picking,
    make_ready,
    make_spots,
    make_store,
    pick_all,
    pin_of,
    stock,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURES = Path(settings.BASE_DIR) / "var" / "pictures"
SIZES = {
    "phone": {"width": 390, "height": 844},
    "tablet": {"width": 820, "height": 1180},
    "desk": {"width": 1280, "height": 800},
}
FIRST_LOAD_BYTES = 60_000


@pytest.fixture
def store():
    """A store with eight spots; one for wheelchairs, one for vans, one that is taken."""
    store = make_store(
        name="Warszawa Centrum",
        street="Marszałkowska 10",
        postal_code="00-590",
        phone="+48221234567",
    )
    make_spots(store, "1 2 3 4 5 6 7 8")
    Spot.objects.filter(store=store, label="1").update(accessible=True)
    Spot.objects.filter(store=store, label="8").update(oversize=True)
    return store


@pytest.fixture
def goods(store):
    """What is bought, in stock."""
    goods = {
        make_item(name="Wholemeal bread 500 g", names={"pl": "Chleb razowy 500 g"}): 1,
        make_item(name="Butter, unsalted, from cows that eat grass all summer long"): 2,
        make_item(name="Apples"): 6,
    }
    stock(store, dict.fromkeys(goods, 500))
    return goods


@pytest.fixture
def trouble(page):
    """What a page must not do: complain in the console or fail."""
    found: list[str] = []
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture
def address(live_server):
    """Where a part's page is."""

    def of(fulfillment):
        token = make_link(purpose="pickup", subject=f"fulfillment:{fulfillment.pk}")
        return f"{live_server.url}/p/{token}"

    return of


def picture(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / f"pickup-{name}.png"), full_page=True)


def choose(page, name, value):
    page.locator(f"input[name={name}][value='{value}']").check()


def headline(page):
    return page.locator("#headline")


def test_a_whole_visit_on_a_phone_without_a_reload(page, trouble, address, store, goods):
    fulfillment = make_picking(store=store, lines=goods)
    page.set_viewport_size(SIZES["phone"])
    page.goto(address(fulfillment))
    page.evaluate("window.never_reloaded = true")
    headline(page).filter(has_text="being prepared").wait_for()
    picture(page, "phone-1-preparing")

    pick_all(fulfillment)
    mark_ready(fulfillment=fulfillment, staging_location="A-1", bags=2)
    headline(page).filter(has_text="is ready").wait_for(timeout=10_000)
    pin = pin_of(fulfillment)
    assert page.locator(".digits").inner_text().replace("\n", "") == pin
    picture(page, "phone-2-ready")

    choose(page, "minutes", "10")
    page.get_by_role("button", name="I’m on my way").click()
    headline(page).filter(has_text="See you soon").wait_for()
    picture(page, "phone-3-coming")

    choose(page, "spot", "4")
    page.get_by_label("Your car").fill("blue estate")
    picture(page, "phone-4-about-to-arrive")
    page.get_by_role("button", name="I’m here").click()
    headline(page).filter(has_text="We know you are here").wait_for()
    picture(page, "phone-5-here")
    visit = Visit.objects.get(spot__label="4")
    assert visit.vehicle == "blue estate"

    begin_service(fulfillment=fulfillment)
    headline(page).filter(has_text="on our way to you").wait_for(timeout=10_000)
    hand_off(fulfillment=fulfillment, pin=pin, by=None)
    headline(page).filter(has_text="Collected").wait_for(timeout=10_000)
    picture(page, "phone-6-receipt")
    assert page.evaluate("window.never_reloaded")
    assert trouble == []


def test_what_is_typed_survives_news_and_a_refused_spot_is_explained(
    page, trouble, address, store, goods
):
    fulfillment = make_ready(store=store, lines=goods)
    other = make_fulfillment(store=store, lines=goods)
    page.set_viewport_size(SIZES["phone"])
    page.goto(address(fulfillment))
    choose(page, "spot", "5")
    page.get_by_label("Your car").fill("WX 1")
    say_on_my_way(fulfillment=FulfillmentOrder.objects.get(pk=fulfillment.pk), minutes=20)
    headline(page).filter(has_text="See you soon").wait_for(timeout=10_000)
    assert page.get_by_label("Your car").input_value() == "WX 1"
    assert page.locator("input[name=spot][value='5']").is_checked()

    page.route("**/state?*", lambda route: route.abort())
    arrive(fulfillment=FulfillmentOrder.objects.get(pk=other.pk), spot="5")
    page.get_by_role("button", name="I’m here").click()
    page.get_by_text("Somebody already stands on this spot").wait_for()
    picture(page, "phone-spot-taken")
    assert page.get_by_label("Your car").input_value() == "WX 1"
    assert page.locator("input[name=spot][value='5']").is_disabled()
    assert not Visit.objects.filter(pickups__fulfillment=fulfillment, status="arrived").exists()
    assert [line for line in trouble if "409" not in line and "ERR_FAILED" not in line] == []


def test_a_tap_that_does_not_get_through_says_so_and_keeps_the_answer(page, address, store, goods):
    fulfillment = make_ready(store=store, lines=goods)
    page.set_viewport_size(SIZES["phone"])
    page.goto(address(fulfillment))
    page.get_by_label("Your car").fill("WX 1")
    page.context.set_offline(True)
    page.get_by_role("button", name="I’m here").click()
    page.get_by_text("Not sent. Check your connection").wait_for(timeout=8_000)
    picture(page, "phone-not-sent")
    assert page.get_by_label("Your car").input_value() == "WX 1"
    page.context.set_offline(False)
    page.get_by_role("button", name="I’m here").click()
    headline(page).filter(has_text="We know you are here").wait_for()
    assert Visit.objects.get().vehicle == "WX 1"


def test_everything_works_without_javascript(browser, address, store, goods):
    context = browser.new_context(java_script_enabled=False, viewport=SIZES["phone"])
    page = context.new_page()
    fulfillment = make_ready(store=store, lines=goods)
    page.goto(address(fulfillment))
    assert page.get_by_role("link", name="Check for news").is_visible()
    choose(page, "minutes", "30")
    page.get_by_role("button", name="I’m on my way").click()
    assert headline(page).inner_text() == "See you soon"
    choose(page, "spot", "2")
    page.get_by_role("button", name="I’m here").click()
    assert headline(page).inner_text() == "We know you are here"
    page.reload()
    assert Visit.objects.filter(spot__label="2").count() == 1
    picture(page, "phone-no-javascript")
    context.close()


def test_every_language_and_size_fits(page, trouble, address, store, goods):
    fulfillment = make_ready(store=store, lines=goods)
    url = address(fulfillment)
    for language, _name in settings.LANGUAGES:
        for size, viewport in SIZES.items():
            page.set_viewport_size(viewport)
            page.goto(f"{url}?lang={language}")
            assert page.locator("html").get_attribute("lang") == language
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{language} at {size} scrolls sideways by {wide}"
            if size != "tablet" or language == "en":
                picture(page, f"{size}-{language}")
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{url}?lang=ru")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert trouble == []


def test_the_language_is_changed_by_a_link(page, address, store, goods):
    page.goto(address(make_ready(store=store, lines=goods)))
    page.locator(".languages summary").click()
    picture(page, "desk-languages")
    page.get_by_role("link", name="Français").click()
    headline(page).filter(has_text="Votre commande est prête").wait_for()
    page.get_by_role("button", name="Je suis là").click()
    headline(page).filter(has_text="Nous savons que vous êtes là").wait_for()


def test_dark_pages_and_the_ends_of_an_order(page, address, store, goods):
    page.set_viewport_size(SIZES["phone"])
    page.emulate_media(color_scheme="dark")
    page.goto(address(make_ready(store=store, lines=goods)))
    picture(page, "phone-dark")
    page.emulate_media(color_scheme="light")
    rejected = make_fulfillment(store=store, lines=goods)
    url = address(rejected)
    reject(fulfillment=rejected, reason="no power")
    page.goto(url)
    picture(page, "phone-rejected")
    short = make_picking(store=store, lines=goods)
    counts = {line.pk: line.allocated for line in short.lines.all()}
    counts[max(counts)] = 4
    finish_picking(fulfillment=short, picked=counts)
    page.goto(address(short))
    picture(page, "phone-short")
    page.goto(url[:-22] + "A" * 22)
    picture(page, "phone-gone")


def test_a_keyboard_reaches_everything_and_targets_are_large(page, address, store, goods):
    page.set_viewport_size(SIZES["phone"])
    fulfillment = make_ready(store=store, lines=goods)
    say_on_my_way(fulfillment=fulfillment, minutes=10)
    page.goto(address(fulfillment))
    targets = page.locator("button, a.button, .tile, summary, .field input").all()
    shown = [target for target in targets if target.is_visible()]
    assert len(shown) > 15
    for target in shown:
        assert target.bounding_box()["height"] >= 44, target.inner_text()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.name || document.activeElement.tagName"))
    assert {"spot", "place", "vehicle", "BUTTON", "SUMMARY", "A"} <= reached


def test_the_first_load_is_small(page, address, store, goods):
    loaded = []
    page.on("response", lambda reply: loaded.append(len(reply.body())))
    page.goto(address(make_ready(store=store, lines=goods)))
    page.wait_for_load_state("networkidle")
    assert sum(loaded) < FIRST_LOAD_BYTES
