"""The customer's page: what it shows, what it hides, what a tap does."""

import re
from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client

from hub import clock
from hub.customers.models import Contact
from hub.links.models import Link
from hub.links.services import make_link
from orders.blocks import lift_block
from orders.curbside.handing import hand_off
from orders.curbside.visits import arrive, begin_service, say_on_my_way
from orders.models import Block, FulfillmentOrder, Spot, Visit
from orders.picking.rejecting import reject
from orders.picking.services import finish_picking, mark_ready
from orders.placing.cancel import cancel_order
from tests.factories import (
    CUSTOMER,
    make_fulfillment,
    make_item,
    make_picking,
    make_ready,
    make_spots,
    pin_of,
)

pytestmark = pytest.mark.django_db

NAUGHTY = [
    "",
    "\x00",
    "\ud7ff\uffff",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{ 7*7 }}{% debug %}",
    "\u202egnp.exe",
    "Ω≈ç√∫˜µ≤≥÷",
    "👩‍👩‍👧‍👦" * 20,
    "A" * 10_000,
    "../../etc/passwd",
    "%00%0d%0aSet-Cookie:x",
]

# In UTF-7, ``+2AA-`` is half a character, which no other encoding can write.
SURROGATE = (
    b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n+2AA-\r\n' % name
        for name in (b"stamp", b"place", b"plate", b"spot", b"minutes")
    )
    + b"--x--\r\n"
)


def link_to(fulfillment):
    return "/p/" + make_link(purpose="pickup", subject=f"fulfillment:{fulfillment.pk}")


def found_in(reply, pattern):
    found = re.search(pattern, reply.text)
    assert found
    return found[1]


def stamp_of(client, page):
    return found_in(client.get(page), r'name="stamp" value="([^"]+)"')


def post(client, page, action, **fields):
    return client.post(f"{page}/{action}", {"stamp": stamp_of(client, page)} | fields)


def shown(client, page, **query):
    """The page's words without its markup."""
    reply = client.get(page, query)
    assert reply.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.text))


def test_an_order_in_preparation_says_when_it_should_be_ready(client):
    page = link_to(make_fulfillment())
    words = shown(client, page)
    assert "Your order is being prepared" in words
    assert "Should be ready" in words
    assert "Your PIN" not in words


def test_a_late_order_does_not_name_a_time_that_has_passed(client):
    fulfillment = make_fulfillment()
    with clock.turned_to(fulfillment.promised_at + timedelta(minutes=1)):
        words = shown(client, link_to(fulfillment))
    assert "a little longer" in words
    assert "Should be ready" not in words


def test_a_ready_order_shows_its_pin_and_its_last_day(client):
    fulfillment = make_ready()
    words = shown(client, link_to(fulfillment))
    pin = pin_of(fulfillment)
    assert f"{pin[:3]} {pin[3:]}" in words
    assert "We keep it until" in words
    assert "can be read until" not in words


@pytest.mark.parametrize("ready", [False, True])
def test_headlines_follow_the_visit(client, ready):
    fulfillment = make_ready() if ready else make_fulfillment()
    page = link_to(fulfillment)
    say_on_my_way(fulfillment=fulfillment, minutes=10)
    assert ("See you soon" if ready else "the store expects you") in shown(client, page)
    arrive(fulfillment=fulfillment)
    assert ("We know you are here" if ready else "knows you are here") in shown(client, page)
    begin_service(fulfillment=fulfillment)
    assert ("on our way to you" if ready else "knows you are here") in shown(client, page)


def test_on_my_way_is_taken_over_and_leads_back_to_the_page(client):
    fulfillment = make_fulfillment()
    page = link_to(fulfillment)
    reply = post(client, page, "on-my-way", minutes="20")
    assert (reply.status_code, reply["Location"]) == (303, f"{page}?lang=en")
    assert Visit.objects.get().status == "on_my_way"


def test_i_am_here_is_taken_over_with_spot_and_car(client):
    fulfillment = make_fulfillment()
    make_spots(fulfillment.store)
    page = link_to(fulfillment)
    for _ in range(2):
        assert post(client, page, "arrive", spot="2", colour="red", model="van").status_code == 303
    visit = Visit.objects.get(spot__label="2")
    assert (visit.status, visit.vehicle) == ("arrived", "red van")
    assert "red van" not in client.get(page).text


def test_a_script_gets_the_changed_part_at_once(client):
    fulfillment = make_fulfillment()
    page = link_to(fulfillment)
    fields = {"stamp": stamp_of(client, page), "minutes": "20"}
    reply = client.post(f"{page}/on-my-way", fields, headers={"HX-Request": "true"})
    assert reply.status_code == 200
    assert "the store expects you" in reply.text
    assert "<html" not in reply.text


def test_a_taken_spot_is_explained_and_what_was_typed_is_kept(client):
    fulfillment, other = make_fulfillment(), make_fulfillment()
    FulfillmentOrder.objects.filter(pk=other.pk).update(store=fulfillment.store)
    make_spots(fulfillment.store)
    page = link_to(fulfillment)
    stamp = stamp_of(client, page)
    arrive(fulfillment=FulfillmentOrder.objects.get(pk=other.pk), spot="2")
    reply = client.post(f"{page}/arrive", {"stamp": stamp, "spot": "2", "colour": "red van"})
    assert reply.status_code == 409
    assert "already stands on this spot" in reply.text
    assert 'value="red van"' in reply.text


@pytest.mark.parametrize("minutes", ["", "0", "-1", "1e3", "10080", "9" * 500, "x", "٢٠"])
def test_odd_minutes_are_explained(client, minutes):
    page = link_to(make_fulfillment())
    reply = post(client, page, "on-my-way", minutes=minutes)
    assert reply.status_code in {303, 422}
    assert Visit.objects.exists() == (reply.status_code == 303)


@pytest.mark.parametrize("text", NAUGHTY)
@pytest.mark.parametrize("field", ["spot", "place", "plate", "placement", "stamp", "unknown"])
def test_naughty_strings_never_break_the_page(client, field, text):
    fulfillment = make_fulfillment()
    make_spots(fulfillment.store)
    page = link_to(fulfillment)
    assert post(client, page, "arrive", **{field: text}).status_code in {303, 409, 422}
    reply = client.get(page)
    assert reply.status_code == 200
    assert "<script>alert" not in reply.text


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"x" * 2_000_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a=1" for _ in range(2000)), "application/x-www-form-urlencoded"),
        (b"--nothing", "multipart/form-data; boundary=x"),
        (b"--nothing", "multipart/form-data"),
        (b"{}", "application/json"),
        (b"\xff\xfe=%ff", "application/x-www-form-urlencoded"),
        (b"stamp=\xff", "application/x-www-form-urlencoded; charset=utf-7"),
        (SURROGATE, "multipart/form-data; boundary=x; charset=utf-7"),
        (SURROGATE, "multipart/form-data; boundary=x; charset=nonsense"),
        (SURROGATE, "multipart/form-data; boundary=x; charset=utf-16"),
    ],
)
def test_odd_bodies_get_a_friendly_page(client, body, content_type):
    page = link_to(make_fulfillment())
    reply = client.generic("POST", f"{page}/arrive", body, content_type=content_type)
    assert reply.status_code in {400, 409}
    assert "Your order is being prepared" in reply.text
    assert not Visit.objects.exists()


def test_a_post_without_the_links_own_stamp_changes_nothing(client):
    page, other = link_to(make_fulfillment()), link_to(make_fulfillment())
    stamps = ["", "forged", stamp_of(client, other), signing.dumps(Link.objects.earliest("pk").pk)]
    for stamp in stamps:
        reply = client.post(f"{page}/arrive", {"stamp": stamp})
        assert reply.status_code == 409
        assert "open for a long time" in reply.text
    assert not Visit.objects.exists()


def test_robots_may_open_every_address_and_nothing_happens(client):
    page = link_to(make_fulfillment())
    for _ in range(50):
        assert client.get(page).status_code == 200
    for _ in range(5):
        assert client.get(f"{page}/state").status_code == 200
        assert client.get(f"{page}/arrive").status_code == 302
        assert client.head(f"{page}/on-my-way").status_code == 302
    assert not Visit.objects.exists()


def test_no_address_of_the_page_gives_the_customer_away(client):
    fulfillment = make_ready()
    make_spots(fulfillment.store)
    page = link_to(fulfillment)
    arrive(fulfillment=fulfillment, spot="1", vehicle="WX 12345")
    contact = Contact.objects.get()
    secrets = [*CUSTOMER.values(), contact.name, contact.phone, contact.phone[-6:], "WX 12345"]
    for address in (page, f"{page}/state"):
        text = client.get(address).text
        assert not [secret for secret in secrets if secret in text]
        assert not re.search(r"[\w.]+@[\w.]+", text)


def test_page_and_state_show_the_same(client):
    fulfillment = make_ready()
    page = link_to(fulfillment)
    part = client.get(f"{page}/state").text
    whole = client.get(page).text
    unstamped = re.compile(r'(value|data-stamp)="[^"]+:[^"]+:[^"]+"')
    assert unstamped.sub("", part).strip() in unstamped.sub("", whole)


def test_the_state_is_sent_only_when_it_changed(client):
    fulfillment = make_fulfillment()
    page = link_to(fulfillment)
    version = found_in(client.get(page), r'data-version="(\w+)"')
    assert client.get(f"{page}/state", {"v": version}).status_code == 204
    say_on_my_way(fulfillment=fulfillment, minutes=10)
    assert client.get(f"{page}/state", {"v": version}).status_code == 200


def test_every_answer_is_private(client):
    page = link_to(make_fulfillment())
    wrong = "/p/" + "A" * 22
    replies = [client.get(page), client.get(f"{page}/state"), client.get(wrong)]
    replies += [client.post(f"{page}/arrive"), post(client, page, "arrive", place="door")]
    for reply in replies:
        assert reply["Cache-Control"] == "no-store"
        assert reply["Referrer-Policy"] == "no-referrer"
        assert "noindex" in reply["X-Robots-Tag"]
        policy = reply["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    assert not any(reply.cookies for reply in replies[1:])


def test_wrong_links_get_one_constant_answer(client):
    page = link_to(make_fulfillment())
    ended = link_to(make_fulfillment())
    other_purpose = "/p/" + make_link(purpose="preferences", subject="profile:1")
    Link.objects.filter(subject__startswith="fulfillment").order_by("-pk").update(
        expires_at=clock.now()
    )
    nowhere = "/p/" + make_link(purpose="pickup", subject="fulfillment:999999")
    tokens = ["A" * 22, "short", "x" * 5000, "%00", "..", "é" * 22]
    pages = [page, ended, other_purpose, nowhere, *(f"/p/{token}" for token in tokens)]
    answers = {
        (reply.status_code, reply.content)
        for address in pages
        for reply in (client.get(address), client.get(f"{address}/state"))
    }
    answers |= {
        (reply.status_code, reply.content)
        for reply in (client.post(f"{page}/arrive"), client.post(f"{nowhere}/on-my-way"))
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 404


def test_guessing_is_throttled_but_an_own_link_still_opens(client):
    page = link_to(make_fulfillment())
    statuses = [client.get(f"/p/{number:022}").status_code for number in range(40)]
    assert (statuses.count(404), statuses.count(429)) == (30, 10)
    assert client.get(page).status_code == 200


def test_after_the_hand_off_the_page_is_a_receipt_that_takes_nothing(client):
    fulfillment = make_picking(lines={make_item(name="Oats"): 3})
    finish_picking(fulfillment=fulfillment, picked={fulfillment.lines.get().pk: 2})
    mark_ready(fulfillment=fulfillment, staging_location="A", bags=1)
    page = link_to(fulfillment)
    stamp = stamp_of(client, page)
    lift_block(block=Block.objects.get())  # the site has settled the smaller amount
    hand_off(fulfillment=fulfillment, pin=pin_of(fulfillment), by=None)
    words = shown(client, page)
    assert "Collected. Thank you!" in words
    assert "Receipt" in words
    assert "This page can be read until" in words
    assert "10.00\xa0EUR" in client.get(page).text
    assert "1 not available" in words
    assert "Your PIN" not in words
    acts = re.findall(r'action="[^"]+/([a-z-]+)\?', client.get(page).text)
    assert sorted(acts) == ["complain", "language", "preferences", "rate"]
    reply = client.post(f"{page}/arrive", {"stamp": stamp})
    assert reply.status_code == 409
    assert "can only be read" in reply.text


def test_a_canceled_order_takes_no_arrival(client):
    fulfillment = make_fulfillment()
    page = link_to(fulfillment)
    stamp = stamp_of(client, page)
    cancel_order(order=fulfillment.order, reason="")
    reply = client.post(f"{page}/arrive", {"stamp": stamp})
    assert reply.status_code == 409
    assert "nothing left to collect" in reply.text
    assert "has been canceled" in shown(client, page)


def test_a_rejected_order_tells_the_customer_not_to_come(client):
    fulfillment = make_fulfillment()
    page = link_to(fulfillment)
    reject(fulfillment=fulfillment, reason="power cut")
    words = shown(client, page)
    assert "cannot prepare this order" in words
    assert "power cut" not in words


def test_the_language_is_the_orders_unless_another_is_chosen(client):
    fulfillment = make_fulfillment(lines={make_item(name="Milk", names={"pl": "Mleko"}): 1})
    fulfillment.order.locale = "pl-PL"
    fulfillment.order.save(update_fields=["locale"])
    page = link_to(fulfillment)
    assert "Przygotowujemy Twoje zamówienie" in shown(client, page)
    assert "Mleko" in shown(client, page)
    assert "en préparation" in shown(client, page, lang="fr")
    assert "Przygotowujemy" in shown(client, page, lang="<xx>")


def test_spots_of_others_cannot_be_chosen_and_ones_own_is(client):
    fulfillment, other = make_fulfillment(), make_fulfillment()
    FulfillmentOrder.objects.filter(pk=other.pk).update(store=fulfillment.store)
    make_spots(fulfillment.store)
    Spot.objects.filter(label="3").update(accessible=True)
    arrive(fulfillment=FulfillmentOrder.objects.get(pk=other.pk), spot="1")
    page = link_to(fulfillment)
    arrive(fulfillment=fulfillment, spot="2")
    text = client.get(page).text
    assert 'name="spot" value="1" disabled' in text
    assert 'name="spot" value="2" checked' in text
    assert "accessible" in text


def test_a_spot_without_lists_is_asked_in_words(client):
    text = client.get(link_to(make_fulfillment())).text
    assert 'name="spot"' not in text
    assert 'name="place"' in text


def test_the_page_stays_small_and_its_queries_few(client, django_assert_max_num_queries):
    fulfillment = make_ready(lines={make_item(): 1 for _ in range(30)})
    make_spots(fulfillment.store, " ".join(map(str, range(1, 25))))
    page = link_to(fulfillment)
    with django_assert_max_num_queries(19):
        assert len(client.get(page).content) < 40_000


@pytest.mark.parametrize("query", ["lang=%00", "lang=%ED%A0%80", "v=%00%FF", "lang=" + "e" * 5000])
def test_odd_queries_get_the_page(client, query):
    page = link_to(make_fulfillment())
    assert client.get(f"{page}?{query}").status_code == 200
    assert client.get(f"{page}/state?{query}").status_code == 200


def test_a_foreign_site_cannot_act_even_with_csrf_checks_on():
    strict = Client(enforce_csrf_checks=True)
    page = link_to(make_fulfillment())
    assert post(strict, page, "arrive", place="door").status_code == 303
