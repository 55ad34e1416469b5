"""Every tap on the customer's page: what it does, what it refuses, what it never shows."""

import json
import re
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub import clock
from hub.customers.models import Contact, Profile, Vehicle
from hub.customers.preferences import ranked_channels
from orders.curbside.handing import hand_off
from orders.curbside.visits import active_visit, arrive, ask_spot, customer_missing
from orders.models import (
    Complaint,
    CurbSettings,
    Delegate,
    FulfillmentOrder,
    FulfillmentStatus,
    Rating,
    Visit,
)
from tests.factories import (
    CUSTOMER,
    make_fulfillment,
    make_item,
    make_ready,
    make_spots,
    make_store,
    pin_of,
    stock,
)
from tests.orders.curbside.test_page import NAUGHTY, link_to, post, shown, stamp_of

pytestmark = pytest.mark.django_db

FIELDS = {
    "on-my-way": ["minutes"],
    "location": ["latitude", "longitude", "accuracy"],
    "arrive": ["colour", "make", "model", "placement"],
    "sign": ["sign"],
    "delegate": ["name"],
    "window": ["start"],
    "store": ["store"],
    "cancel": ["units_1", "units_x", "units_٢", "units_999999"],
    "tell": ["channels"],
    "language": ["locale"],
    "answer": ["round", "answer_1"],
    "move": ["offer", "answer"],
    "rate": ["stars", "words"],
    "complain": ["line", "kind", "units", "words"],
}
FRIENDLY = {303, 400, 403, 404, 409, 422}


@pytest.mark.parametrize("act", FIELDS)
def test_naughty_strings_get_a_friendly_answer_from_every_act(client, act):
    part = make_ready()
    page = link_to(part)
    stamp = stamp_of(client, page)
    for text in NAUGHTY:
        reply = client.post(f"{page}/{act}", {"stamp": stamp} | dict.fromkeys(FIELDS[act], text))
        assert reply.status_code in FRIENDLY
        assert "<script>alert" not in reply.text
    assert client.get(page).status_code == 200
    part.refresh_from_db()
    assert part.status == FulfillmentStatus.READY


def test_an_act_that_does_not_exist_gets_the_constant_answer(client):
    page = link_to(make_ready())
    gone = client.get("/p/" + "A" * 22).content
    for method in (client.get, client.post):
        reply = method(f"{page}/open-sesame")
        assert (reply.status_code, reply.content) == (404, gone)


def test_a_get_of_any_act_changes_nothing(client):
    page = link_to(make_ready())
    for act in [*FIELDS, "extend", "leave", "no-delegate"]:
        assert client.get(f"{page}/{act}?minutes=5&name=x&locale=fr&stars=5").status_code == 302
    assert client.get(f"{page}/changes").status_code == 200
    assert not Visit.objects.exists()
    assert not Delegate.objects.exists()
    assert Profile.objects.get().chosen_locale == ""


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [("0", "0"), ("91", "0"), ("nan", "1"), ("inf", "1"), ("x", "y"), ("", ""), ("1e999", "2")],
)
def test_places_that_cannot_be_are_explained(client, latitude, longitude):
    page = link_to(make_ready())
    reply = post(client, page, "location", latitude=latitude, longitude=longitude, accuracy="5")
    assert reply.status_code == 422
    assert "a place that cannot be" in reply.text
    assert not Visit.objects.exists()


def test_a_location_close_by_makes_the_customer_nearby_and_is_not_kept(client):
    part = make_ready()
    page = link_to(part)
    reply = post(client, page, "location", latitude="52.231", longitude="21.012", accuracy="20")
    assert reply.status_code == 303
    assert Visit.objects.get().status == "nearby"
    assert "Almost there" in shown(client, page)
    assert "52.231" not in client.get(page).text


def test_a_remembered_car_fills_the_form_but_for_its_plate(client):
    part = make_ready()
    page = link_to(part)
    car = {"colour": "blue", "make": "Škoda", "model": "Octavia", "plate": "WX 12345"}
    post(client, page, "arrive", remember="on", placement="trunk", accessible="on", **car)
    visit = active_visit(part)
    assert (visit.vehicle, visit.placement) == ("blue Škoda Octavia, WX 12345", "trunk")
    assert visit.needs_accessible
    next_part = make_ready(customer=CUSTOMER)
    FulfillmentOrder.objects.filter(pk=next_part.pk).update(order=next_part.order)
    next_part.order.profile = part.order.profile
    next_part.order.save(update_fields=["profile"])
    page = link_to(next_part)
    text = client.get(page).text
    assert 'value="Octavia"' in text
    assert "12345" not in text
    assert "use the one from last time" in text
    post(client, page, "arrive", colour="blue", make="Škoda", model="Octavia", plate="")
    assert active_visit(next_part).vehicle.endswith("WX 12345")


def test_another_car_is_not_given_the_remembered_plate(client):
    part = make_ready()
    page = link_to(part)
    post(client, page, "arrive", remember="on", model="Octavia", plate="WX 12345")
    post(client, page, "arrive", model="Fabia", plate="")
    assert active_visit(part).vehicle == "Fabia"
    assert Vehicle.objects.count() == 1


def test_leaving_ends_the_visit_and_a_new_one_may_follow(client):
    part = make_ready()
    page = link_to(part)
    post(client, page, "on-my-way", minutes="10")
    post(client, page, "leave")
    assert active_visit(part) is None
    assert "Your order is ready" in shown(client, page)
    post(client, page, "arrive", place="door")
    assert active_visit(part).status == "arrived"


def test_a_customer_nobody_finds_is_asked_where_he_is(client):
    part = make_ready()
    make_spots(part.store)
    page = link_to(part)
    visit = arrive(fulfillment=part, spot="1")
    customer_missing(visit=visit, by=None)
    assert "We cannot find you" in shown(client, page)
    assert "<summary>Are you somewhere else now?" not in client.get(page).text
    post(client, page, "arrive", spot="2")
    assert "We know you are here" in shown(client, page)
    ask_spot(visit=active_visit(part), by=None)
    assert "Where are you parked?" in shown(client, page)


def test_who_comes_early_is_told_a_time(client):
    part = make_fulfillment()
    page = link_to(part)
    assert "Ready for you around" not in shown(client, page)
    post(client, page, "arrive", place="door")
    assert "Ready for you around" in shown(client, page)


def test_somebody_else_may_collect_with_a_code_of_his_own(client):
    part = make_ready()
    page = link_to(part)
    post(client, page, "delegate", name="Bo van Lee")
    code = Delegate.objects.get().code
    words = shown(client, page)
    assert "Code for Bo L." in words
    assert f"{code[:3]} {code[3:]}" in words
    assert "van Lee" not in client.get(page).text
    assert "van Lee" not in client.get(f"{page}/changes").text
    post(client, page, "no-delegate")
    assert code[:3] + " " + code[3:] not in shown(client, page)
    assert "enter the name" in post(client, page, "delegate", name=" ").text


def test_one_more_day_is_one_more_day_however_often_the_tap_arrives(client):
    part = make_ready()
    page = link_to(part)
    before = part.expires_at
    fields = {"stamp": stamp_of(client, page)}
    for _ in range(3):
        assert client.post(f"{page}/extend", fields).status_code == 303
    part.refresh_from_db()
    assert timedelta(0) < part.expires_at - before <= timedelta(days=1, hours=2)


def test_a_window_is_chosen_from_those_the_page_offers(client):
    part = make_fulfillment()
    page = link_to(part)
    text = client.get(f"{page}/changes").text
    starts = re.findall(r'name="start" value="([^"]+)"', text)
    assert post(client, page, "window", start=starts[-1]).status_code == 303
    part.refresh_from_db()
    assert part.window_start.isoformat() == starts[-1]
    assert "Your time" in shown(client, page)
    reply = post(client, page, "window", start="2020-01-01T10:00:00+00:00")
    assert "cannot be collected at that time" in reply.text
    assert "<form" in reply.text


def test_items_are_canceled_and_too_many_are_refused(client):
    part = make_fulfillment(lines={make_item(name="Oats"): 3})
    page = link_to(part)
    assert "3 × ordered" in shown(client, f"{page}/changes")
    assert post(client, page, "cancel", units_1="4").status_code in {409, 422}
    assert post(client, page, "cancel", units_1="1").status_code == 303
    assert "2 × Oats" in shown(client, page)


def test_another_store_takes_the_order_and_the_link_leads_to_it(client):
    item = make_item()
    home, rival = make_store(latitude=52.0), make_store(latitude=52.02, name="Riverside")
    for store in (home, rival):
        stock(store, {item: 9})
    part = make_fulfillment(store=home, lines={item: 2})
    page = link_to(part)
    assert "Riverside" in shown(client, f"{page}/changes")
    assert post(client, page, "store", store=rival.public_id).status_code == 303
    assert "Riverside" in shown(client, page)
    assert part.order.fulfillments.filter(store=rival, status="proposed").exists()


def test_what_the_store_switched_off_is_not_offered(client):
    part = make_fulfillment()
    off = {f"may_{one}": False for one in ("change_window", "change_store", "cancel_items")}
    CurbSettings.objects.create(store=part.store, **off, may_extend=False)
    page = link_to(part)
    words = shown(client, page)
    for label in ("Come at another time", "another store", "Cancel items", "one more day"):
        assert label not in words
    assert "Somebody else collects it" in words
    reply = post(client, page, "cancel", units_1="1")
    assert reply.status_code == 409
    assert "does not let this be changed" in reply.text


def test_language_and_channels_are_remembered(client):
    part = make_ready()
    page = link_to(part)
    reply = post(client, page, "language", locale="fr")
    assert reply["Location"] == f"{page}?lang=fr"
    assert "Votre commande est prête" in shown(client, page)
    post(client, page, "tell", channels="email")
    assert ranked_channels(part.order.profile) == ["email"]
    assert post(client, page, "tell", channels="pigeon").status_code == 422
    assert post(client, page, "language", locale="xx").status_code == 422


def test_the_law_of_age_is_told_beforehand(client):
    part = make_ready(lines={make_item(minimum_age=18): 1})
    page = link_to(part)
    words = shown(client, page)
    assert "bring an ID: some goods are sold only from the age of 18" in words
    assert "handed over again" not in words
    hour = clock.now().astimezone(ZoneInfo(part.store.timezone)).hour
    opens, closes = (time((hour + ahead) % 24) for ahead in (5, 6))
    CurbSettings.objects.create(store=part.store, age_sale_from=opens, age_sale_until=closes)
    assert "handed over again" in shown(client, page)


def test_afterwards_the_page_takes_a_rating_and_complaints_and_nothing_else(client):
    part = make_ready(lines={make_item(name="Oats"): 3, make_item(name="Milk"): 1})
    page = link_to(part)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    post(client, page, "rate", stars="4", words="quick")
    assert Rating.objects.get().stars == 4
    assert "You gave 4 of 5" in shown(client, page)
    assert post(client, page, "rate", stars="6").status_code == 422
    post(client, page, "complain", line="1", kind="missing", units="2")
    complaint = Complaint.objects.get()
    assert (complaint.line.item.name, complaint.units) == ("Oats", 2)
    Complaint.objects.update(answer="We are sorry", answered_at=clock.now())
    words = shown(client, page)
    assert "Missing: Oats" in words
    assert "We are sorry" in words
    assert post(client, page, "complain", line="7", kind="missing", units="1").status_code == 422
    assert post(client, page, "complain", line="1", kind="stolen", units="1").status_code == 422
    for act in ("arrive", "on-my-way", "leave", "delegate", "extend", "tell", "window"):
        assert "can only be read" in post(client, page, act).text
    assert client.get(f"{page}/changes").status_code == 302


def test_after_seven_days_the_page_is_gone(client):
    part = make_ready()
    page = link_to(part)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    with clock.turned_to(clock.now() + timedelta(days=6, hours=23)):
        assert client.get(page).status_code == 200
    with clock.turned_to(clock.now() + timedelta(days=7, minutes=1)):
        assert client.get(page).status_code == 404
        assert client.post(f"{page}/rate", {"stars": "5"}).status_code == 404


def test_page_and_json_say_the_same_and_neither_gives_the_customer_away(client):
    part = make_ready()
    make_spots(part.store)
    page = link_to(part)
    post(client, page, "arrive", spot="1", plate="WX 12345", remember="on")
    post(client, page, "delegate", name="Bo Lee")
    told = client.get(f"{page}/state.json")
    assert told["Content-Type"] == "application/json"
    text = client.get(page).text
    state = json.loads(told.content)
    assert f'data-version="{state["version"]}"' in text
    assert state["headline"] in text
    assert state["pin"] == pin_of(part)
    contact = Contact.objects.get()
    secrets = [*CUSTOMER.values(), contact.name, contact.phone[-6:], "12345", "Bo Lee"]
    for said in (text, told.text, client.get(f"{page}/changes").text):
        assert not [secret for secret in secrets if secret in said]
        assert not re.search(r"[\w.]+@[\w.]+", said)


def test_every_answer_of_the_json_is_private(client):
    reply = client.get(f"{link_to(make_ready())}/state.json")
    assert reply["Cache-Control"] == "no-store"
    assert reply["Referrer-Policy"] == "no-referrer"
    assert client.get("/p/" + "A" * 22 + "/state.json").status_code == 404


def test_script_and_style_are_small_kept_and_named_by_their_content(client):
    text = client.get(link_to(make_ready())).text
    names = re.findall(r'"(/p/files/[0-9a-f]{12}\.(?:js|css))"', text)
    assert len(names) == 2
    sizes = []
    for name in names:
        reply = client.get(name, headers={"Accept-Encoding": "gzip, br"})
        assert reply["Content-Encoding"] == "gzip"
        assert "immutable" in reply["Cache-Control"]
        sizes.append(len(reply.content))
        plain = client.get(name)
        assert "Content-Encoding" not in plain
        assert len(plain.content) > sizes[-1]
    assert sum(sizes) < 30_000
    old = client.get("/p/files/000000000000.js")
    assert (old.status_code, old["Cache-Control"]) == (200, "no-cache")
    assert client.get("/p/files/passwd").status_code == 404
