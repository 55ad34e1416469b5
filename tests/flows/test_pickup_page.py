"""The customer's page in a real browser: whole visits, at phone and desktop size."""

from __future__ import annotations

import pytest

from orders.curbside.handing import hand_off
from orders.curbside.signs import sign_of
from orders.curbside.visits import arrive, begin_service, say_on_my_way
from orders.models import FulfillmentOrder, Spot, StrayArrival, Visit
from orders.picking.services import mark_ready
from tests.factories import (
    CUSTOMER,
    make_fulfillment,
    make_picking,
    make_ready,
    make_store,
    pick_all,
    pin_of,
)
from tests.flows.browsing import PHONE, SIZES, picture
from tests.flows.pickup import choose, headline

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_a_whole_visit_without_a_reload(page, address, bought, size):
    fulfillment = make_picking(**bought)
    page.set_viewport_size(SIZES[size])
    page.goto(address(fulfillment))
    page.evaluate("window.never_reloaded = true")
    headline(page).filter(has_text="being prepared").wait_for()
    picture(page, f"pickup-{size}-1-preparing")

    pick_all(fulfillment)
    mark_ready(fulfillment=fulfillment, staging_location="A-1", bags=2)
    headline(page).filter(has_text="is ready").wait_for(timeout=10_000)
    pin = pin_of(fulfillment)
    assert page.locator(".digits").inner_text().replace("\n", "") == pin
    assert page.locator("time[data-phrase]").inner_text().endswith("left")
    picture(page, f"pickup-{size}-2-ready")

    choose(page, "minutes", "10")
    page.get_by_role("button", name="I’m on my way").click()
    headline(page).filter(has_text="See you soon").wait_for()
    picture(page, f"pickup-{size}-3-coming")

    choose(page, "spot", "4")
    page.get_by_text("Your car and where the bags go").click()
    page.get_by_label("Colour").fill("blue")
    page.get_by_label("Model").fill("estate")
    choose(page, "placement", "trunk")
    page.get_by_label("Remember my car").check()
    picture(page, f"pickup-{size}-4-about-to-arrive")
    page.get_by_role("button", name="I’m here").click()
    headline(page).filter(has_text="We know you are here").wait_for()
    picture(page, f"pickup-{size}-5-here")
    visit = Visit.objects.get(spot__label="4")
    assert (visit.vehicle, visit.placement) == ("blue estate", "trunk")

    begin_service(fulfillment=fulfillment)
    headline(page).filter(has_text="on our way to you").wait_for(timeout=10_000)
    hand_off(fulfillment=fulfillment, pin=pin, by=None)
    headline(page).filter(has_text="Collected").wait_for(timeout=10_000)
    picture(page, f"pickup-{size}-6-receipt")
    assert page.evaluate("window.never_reloaded")


def test_two_orders_of_one_customer_make_one_visit(page, address, bought):
    first, second = (make_ready(**bought, customer=CUSTOMER) for _ in range(2))
    page.set_viewport_size(PHONE)
    page.goto(address(first))
    number = second.order.external_id
    page.get_by_text(f"Order {number} in your name is ready here too").wait_for()
    choose(page, "spot", "3")
    page.get_by_role("button", name="I’m here").click()
    page.get_by_text(f"Order {number} comes along").wait_for()
    picture(page, "pickup-phone-two-orders")
    assert Visit.objects.get().pickups.count() == 2
    assert pin_of(second) not in page.content()
    page.goto(address(second))
    headline(page).filter(has_text="We know you are here").wait_for()


def test_mother_and_daughter_on_one_phone_see_only_their_own(page, address, bought):
    """One browser opens both pages: a sign then asks which, and neither page shows the other."""
    mother = make_ready(**bought, customer=CUSTOMER)
    daughter = make_ready(**bought, customer=CUSTOMER | {"name": "Eve Lee"})
    page.set_viewport_size(PHONE)
    for own, other in ((mother, daughter), (daughter, mother)):
        page.goto(address(own))
        assert other.order.external_id not in page.content()
        assert pin_of(other) not in page.content()
    sign = sign_of(store=bought["store"], spot=Spot.objects.get(store=bought["store"], label="2"))
    page.goto(f"/s/{sign.code}")
    page.get_by_role("heading", name="Which order do you collect?").wait_for()
    picture(page, "pickup-phone-sign-which")
    page.get_by_role("link", name=daughter.order.external_id).click()
    page.get_by_text("The sign says spot 2").wait_for()
    assert page.locator("input[name=spot][value='2']").is_checked()
    page.get_by_role("button", name="I’m here").click()
    headline(page).filter(has_text="We know you are here").wait_for()
    visit = Visit.objects.get()
    assert [pickup.fulfillment_id for pickup in visit.pickups.all()] == [daughter.pk]
    assert (visit.spot.label, visit.source) == ("2", "sign")


def test_a_sign_of_another_store_shows_the_way_after_a_tap(page, address, bought):
    fulfillment = make_ready(**bought)
    other = make_store(name="Praga Port", latitude=52.26, longitude=21.1)
    page.set_viewport_size(PHONE)
    page.goto(address(fulfillment))
    page.goto(f"/s/{sign_of(store=other).code}")
    page.get_by_text("This sign is another store’s").wait_for()
    assert not StrayArrival.objects.exists()
    picture(page, "pickup-phone-sign-of-another-store")
    page.get_by_role("button", name="Show me the way").click()
    headline(page).filter(has_text="You are at another store").wait_for()
    page.locator(".astray").get_by_role("link", name="Directions").wait_for()
    picture(page, "pickup-phone-wrong-store")
    assert StrayArrival.objects.get().store == other


def test_who_comes_early_is_told_a_time(page, address, bought):
    fulfillment = make_fulfillment(**bought)
    page.set_viewport_size(PHONE)
    page.goto(address(fulfillment))
    page.get_by_text("Are you here?").click()
    choose(page, "spot", "6")
    page.get_by_role("button", name="I’m here").click()
    headline(page).filter(has_text="the store knows you are here").wait_for()
    page.get_by_text("Ready for you around").wait_for()
    assert not page.get_by_text("Should be ready").is_visible()
    assert not page.get_by_role("button", name="I’m here").is_visible()
    picture(page, "pickup-phone-early")


def test_what_is_typed_survives_news_and_a_refused_spot_is_explained(
    page, trouble, address, bought
):
    trouble.allow("409", "ERR_FAILED")
    fulfillment = make_ready(**bought)
    other = make_fulfillment(**bought)
    page.set_viewport_size(PHONE)
    page.goto(address(fulfillment))
    choose(page, "spot", "5")
    page.get_by_text("Your car and where the bags go").click()
    page.get_by_label("Number plate").fill("WX 1")
    say_on_my_way(fulfillment=FulfillmentOrder.objects.get(pk=fulfillment.pk), minutes=20)
    headline(page).filter(has_text="See you soon").wait_for(timeout=10_000)
    assert page.get_by_label("Number plate").input_value() == "WX 1"
    assert page.locator("input[name=spot][value='5']").is_checked()

    page.route("**/state?*", lambda route: route.abort())
    arrive(fulfillment=FulfillmentOrder.objects.get(pk=other.pk), spot="5")
    page.get_by_role("button", name="I’m here").click()
    page.get_by_text("Somebody already stands on this spot").wait_for()
    picture(page, "pickup-phone-spot-taken")
    assert page.get_by_label("Number plate").input_value() == "WX 1"
    assert page.locator("input[name=spot][value='5']").is_disabled()
    assert not Visit.objects.filter(pickups__fulfillment=fulfillment, status="arrived").exists()
