"""The sign on the post: it leads to the own page, and never acts by itself."""

import re

import pytest

from hub.links.models import Link
from orders.curbside.handing import hand_off
from orders.curbside.pages.cookies import MOST
from orders.curbside.signs import replace_sign, sign_of
from orders.models import Spot, StrayArrival, Visit
from tests.factories import make_ready, make_spots, make_store, pin_of
from tests.orders.curbside.test_page import link_to, stamp_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def part():
    """A ready order at a store with three spots."""
    part = make_ready()
    make_spots(part.store)
    return part


@pytest.fixture
def sign(part):
    """The sign of spot 2 of that store."""
    return sign_of(store=part.store, spot=Spot.objects.get(label="2"))


def scanned(client, sign):
    return client.get(f"/s/{sign.code}")


def test_opening_the_page_keeps_its_token_for_signs_alone(client, part):
    reply = client.get(link_to(part))
    (cookie,) = reply.cookies.values()
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"]) == ("Lax", "/s/")


def test_the_cookie_is_secure_on_a_site_with_https(client, part, settings):
    settings.PUBLIC_BASE_URL = "https://pickup.example"
    (cookie,) = client.get(link_to(part)).cookies.values()
    assert cookie["secure"]


def test_a_sign_leads_to_the_own_page_with_the_spot_chosen(client, part, sign):
    page = link_to(part)
    client.get(page)
    reply = scanned(client, sign)
    assert (reply.status_code, reply["Location"]) == (302, f"{page}?sign={sign.code}")
    text = client.get(reply["Location"]).text
    assert 'name="spot" value="2" checked' in text
    assert "The sign says spot 2" in text
    assert not Visit.objects.exists()
    fields = {"stamp": stamp_of(client, page), "spot": "2", "sign": sign.code}
    client.post(f"{page}/arrive", fields)
    visit = Visit.objects.get()
    assert (visit.spot.label, visit.source) == ("2", "sign")


def test_without_a_cookie_a_sign_explains_in_five_languages(client, sign):
    text = scanned(client, sign).text
    for said in ("You are at spot 2", "la place 2", "miejsce 2", "место 2", "la plaza 2"):
        assert said in text
    assert text.count("HERE 2") == 5


def test_the_first_language_is_the_browsers(client, sign):
    text = client.get(f"/s/{sign.code}", headers={"Accept-Language": "pl-PL"}).text
    assert re.search(r"<h1>([^<]+)", text)[1] == "To jest miejsce 2"


def test_the_sign_of_the_whole_area_names_no_spot(client, part):
    text = scanned(client, sign_of(store=part.store)).text
    assert "You are at the pickup area" in text
    client.get(link_to(part))
    reply = client.get(scanned(client, sign_of(store=part.store))["Location"])
    assert "The sign says" not in reply.text


def test_who_opened_several_pages_chooses(client, part, sign):
    other = make_ready(store=part.store, lines={part.lines.get().item: 1})
    for one in (part, other):
        client.get(link_to(one))
    text = scanned(client, sign).text
    assert "Which order do you collect?" in text
    assert text.count(f"?sign={sign.code}") == 2
    assert "PIN" not in text


def test_the_order_at_the_signs_store_goes_first(client, part, sign):
    elsewhere = make_ready()
    page = link_to(part)
    for address in (page, link_to(elsewhere)):
        client.get(address)
    assert scanned(client, sign)["Location"].startswith(page)


def test_links_that_are_over_lead_nowhere_and_their_cookies_go(client, part, sign):
    client.get(link_to(part))
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    reply = scanned(client, sign)
    assert reply.status_code == 200
    (cookie,) = reply.cookies.values()
    assert cookie["max-age"] == 0
    assert cookie["path"] == "/s/"


def test_at_most_five_pages_are_kept(client, part, sign):
    for _ in range(MOST + 3):
        client.get(link_to(part))
    reply = scanned(client, sign)
    assert reply.text.count(f"?sign={sign.code}") == MOST
    assert len(reply.cookies) == 3


def test_forged_cookies_are_put_aside(client, sign):
    for name, value in {"a": "x", "b": "9" * 40 + "." + "A" * 22, "c": f"1.{'A' * 22}"}.items():
        client.cookies[f"pickup_{name}"] = value
    assert "You are at spot 2" in scanned(client, sign).text


def test_unknown_and_replaced_signs_get_the_constant_answer(client, sign):
    gone = client.get("/p/" + "A" * 22)
    replace_sign(sign=sign)
    for code in (sign.code, "A" * 22, "x", "%00", "é" * 22):
        reply = client.get(f"/s/{code}")
        assert (reply.status_code, reply.content) == (404, gone.content)
        assert reply["Cache-Control"] == "no-store"


def test_a_wrong_sign_in_an_address_is_as_good_as_none(client, part):
    assert client.get(link_to(part), {"sign": "nonsense\0"}).status_code == 200


def test_a_sign_of_another_store_asks_before_it_tells_anybody(client, part):
    page, other = link_to(part), make_store(name="Praga Port", latitude=52.26)
    client.get(page)
    foreign = sign_of(store=other)
    address = scanned(client, foreign)["Location"]
    text = client.get(address).text
    assert "This sign is another store’s" in text
    assert "You are at Praga Port" in text
    for _ in range(50):
        client.get(address)
    assert not StrayArrival.objects.exists()
    fields = {"stamp": stamp_of(client, page), "sign": foreign.code}
    assert client.post(f"{page}/sign?sign={foreign.code}", fields).status_code == 303
    text = client.get(address).text
    assert "You are at another store" in text
    assert "another store’s" not in text
    assert StrayArrival.objects.get().store == other
    assert Link.objects.filter(read_only_at__isnull=True).exists()


def test_robots_on_signs_cause_no_arrival(client, part, sign):
    client.get(link_to(part))
    for _ in range(50):
        assert scanned(client, sign).status_code == 302
    assert not Visit.objects.exists()
