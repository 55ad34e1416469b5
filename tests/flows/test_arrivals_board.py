"""The arrivals board in a real browser: it follows by itself, and every tap takes effect once.

Pictures of the board lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from hub import clock
from hub.events.models import Fact
from orders.curbside.signs import sign_of
from orders.curbside.visits import arrive, claim, say_on_my_way
from orders.models import CurbSettings, Spot, StrayArrival, Visit, VisitStatus
from tests.factories import (
    make_fulfillment,
    make_item,
    make_ready,
    make_spots,
    make_store,
    stock,
)
from tests.flows.browsing import NO_CONTACT, look, look_at_all, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIVE_MS = 5000
BOARD = "orders_fulfillmentorder_arrivals"


@pytest.fixture
def store():
    store = make_store(name="Warszawa Centrum")
    make_spots(store, "1 2 3 4 5 6 12")
    Spot.objects.filter(store=store, label="1").update(accessible=True, zone="by the door")
    Spot.objects.filter(store=store, label="5").update(closed_for="snow is cleared")
    Spot.objects.filter(store=store, label="12").update(oversize=True)
    return store


@pytest.fixture
def goods(store):
    goods = [
        make_item(name="Wholemeal bread 500 g"),
        make_item(name="Butter", zone="chilled"),
        make_item(name="Beer", minimum_age=18),
    ]
    stock(store, dict.fromkeys(goods, 500))
    return goods


@pytest.fixture
def board(tablet, pola):
    """The board on a tablet that Pola holds."""
    open_board(tablet)
    return tablet


def open_board(page):
    page.goto(reverse(f"admin:{BOARD}"))
    page.wait_for_selector("#arrivals")


def ready_part(store, goods, **values):
    return make_ready(store=store, lines=dict.fromkeys(goods, 1), **values)


def await_card(page, words):
    return page.wait_for_selector(f".curb-card:has-text('{words}')", timeout=LIVE_MS)


def more(page):
    page.locator(".curb-card >> nth=0 >> summary").click()


def told(name):
    return Fact.objects.filter(name=name).count()


def test_an_arrival_appears_by_itself_sounds_and_is_noted_as_shown(board, store, goods):
    board.wait_for_selector("text=Nobody is at the curb")

    arrive(fulfillment=ready_part(store, goods), spot="2", vehicle="green Skoda")

    card = await_card(board, "Spot 2").inner_text()
    assert "green Skoda" in card
    assert "in time" in card
    assert "bring ID: 18+" in card
    assert "Arrived: Spot 2" in board.locator("[data-heard]").inner_text()
    board.wait_for_selector("[data-arrivals][data-sounded='1']")
    board.wait_for_function("!document.querySelector('[data-unshown]')")
    wait_for(lambda: Visit.objects.get().shown_at)


def test_a_hidden_board_shows_nobody_until_somebody_looks(board, store, goods):
    board.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    arrive(fulfillment=ready_part(store, goods), spot="2")
    await_card(board, "Spot 2")
    board.wait_for_timeout(500)
    assert Visit.objects.get().shown_at is None

    board.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    wait_for(lambda: Visit.objects.get().shown_at)


def test_a_customer_is_claimed_and_served_with_a_tap_each(board, store, goods):
    arrive(fulfillment=ready_part(store, goods), spot="2")
    await_card(board, "Spot 2")

    board.click("button:has-text('I go')")
    await_card(board, "you go")
    board.click("button:has-text('Bring it out')")
    await_card(board, "being served")
    board.wait_for_selector("a:has-text('Hand over')")

    visit = Visit.objects.get()
    assert (visit.claimed_by, visit.status) == ("Pola Mak", VisitStatus.BEING_SERVED)


def test_one_tap_in_two_tabs_acts_once(board, store, goods, trouble):
    trouble.allow("ERR_FAILED")
    arrive(fulfillment=ready_part(store, goods), spot="2")
    await_card(board, "Spot 2")
    other = board.context.new_page()
    open_board(other)
    await_card(other, "Spot 2")
    for tab in (board, other):
        tab.route("**/boards/*", lambda route: route.abort())

    board.click("button:has-text('Bring it out')")
    await_card(board, "being served")
    other.click("button:has-text('Bring it out')")
    await_card(other, "being served")

    assert told("visit.being_served") == 1
    assert not other.locator("[role=alert]").count()


def test_who_goes_already_may_be_relieved(board, store, goods):
    arrive(fulfillment=(part := ready_part(store, goods)), spot="2")
    somebody = User.objects.create_user("jan", first_name="Jan")
    claim(visit=Visit.objects.get(), by=somebody)
    await_card(board, "Jan goes")
    board.click("button:has-text('I take over')")
    await_card(board, "you go")
    assert Visit.objects.get(pickups__fulfillment=part).claimed_by == "Pola Mak"


def test_a_customer_who_is_not_found_is_asked_and_moved(board, store, goods):
    arrive(fulfillment=ready_part(store, goods), spot="2")
    await_card(board, "Spot 2")

    more(board)
    board.click("button:has-text('Customer not found')")
    await_card(board, "Not found; asked where he is")
    board.click("button:has-text('Wrong spot: ask')")
    await_card(board, "Asked which spot")
    board.fill("input[name=spot]", "5")
    board.click("button:has-text('Move')")
    board.wait_for_selector("[role=alert]", timeout=LIVE_MS)
    board.fill("input[name=spot]", "3")
    board.click("button:has-text('Move')")
    await_card(board, "Spot 3")

    assert Visit.objects.get().spot.label == "3"
    assert (told("visit.customer_missing"), told("visit.spot_asked")) == (1, 1)


def test_a_text_is_chosen_and_sent_once(board, store, goods):
    arrive(fulfillment=ready_part(store, goods), spot="2")
    await_card(board, "Spot 2")
    more(board)
    board.select_option("select[name=text]", "running_late")
    moment = clock.now()
    with clock.turned_to(moment):
        for _ in range(2):
            board.click("button:has-text('Send')")
            board.wait_for_selector("text=Sent: It takes a little longer", timeout=LIVE_MS)
            board.wait_for_timeout(200)
    assert told("visit.texted") == 1
    assert Fact.objects.get(name="visit.texted").data["text"] == "running_late"


def test_what_is_being_filled_in_outlasts_a_change_on_the_board(board, store, goods):
    arrive(fulfillment=ready_part(store, goods), spot="2")
    await_card(board, "Spot 2")
    more(board)
    board.select_option("select[name=text]", "come_inside")
    board.fill("input[name=spot]", "4")

    arrive(fulfillment=ready_part(store, goods, customer=OTHER), spot="3")

    await_card(board, "Spot 3")
    assert board.locator("details[open]").count() == 1
    assert board.input_value("details[open] select[name=text]") == "come_inside"
    assert board.input_value("details[open] input[name=spot]") == "4"


def test_somebody_who_walks_up_is_found_and_put_on_the_board(board, store, goods):
    part = ready_part(store, goods)
    board.click("text=Somebody walks up or calls")
    board.fill("input[name=q]", part.order.external_id)
    board.click("button:has-text('Find')")
    board.fill("input[name=place]", "at the counter")
    board.click("button:has-text('The customer is here')")
    await_card(board, "at the counter")
    assert Visit.objects.get().source == Visit.Source.STAFF


def test_a_stray_is_a_note_without_a_name_and_can_be_put_aside(board, store, goods):
    elsewhere = make_ready(customer=OTHER)
    StrayArrival.objects.create(
        store=store, fulfillment=elsewhere, spot=Spot.objects.get(store=store, label="4")
    )
    board.reload()
    note = board.wait_for_selector(".curb-stray").inner_text()
    assert "Wrong store" in note
    assert elsewhere.order.external_id not in board.content()
    assert OTHER["name"] not in board.content()
    board.click("button:has-text('Put aside')")
    board.wait_for_selector(".curb-stray", state="detached", timeout=LIVE_MS)
    assert StrayArrival.objects.get().seen_at is not None


def test_a_wait_changes_words_and_marks_as_time_passes(board, store, goods):
    arrive(fulfillment=ready_part(store, goods), spot="2")
    Visit.objects.update(arrived_at=clock.now() - timedelta(minutes=4, seconds=57))
    board.reload()
    assert "getting long" in await_card(board, "Spot 2").inner_text()
    await_card(board, "over the target")
    assert board.locator(".curb-card.danger").count() == 1


def test_sound_can_be_turned_off_for_good(board, store, goods):
    board.click("[data-sound]")
    board.wait_for_timeout(100)
    if "tap to allow" in board.locator("[data-sound]").inner_text() or wants_sound(board):
        board.click("[data-sound]")
    board.wait_for_selector("text=Sound is off")
    board.reload()
    board.wait_for_selector("text=Sound is off")
    arrive(fulfillment=ready_part(store, goods), spot="2")
    await_card(board, "Spot 2")
    assert board.get_attribute("[data-arrivals]", "data-sounded") in (None, "0")


def wants_sound(page):
    return page.get_attribute("[data-sound]", "aria-pressed") == "true"


def test_a_board_that_lost_contact_says_so_and_catches_up(board, store, goods, trouble):
    trouble.allow(*NO_CONTACT)
    board.wait_for_selector("text=Live · last contact", timeout=LIVE_MS)
    board.context.set_offline(True)
    board.wait_for_selector("text=No contact since", timeout=LIVE_MS)
    arrive(fulfillment=ready_part(store, goods), spot="2")
    board.context.set_offline(False)
    await_card(board, "Spot 2")


OTHER = {"name": "Bert Vos", "phone": "+48500999888", "email": "bert@example.com"}


def test_the_board_fits_every_screen(board, store, goods):
    fill(store, goods)
    board.reload()
    more(board)
    look(board, "curb-board")
    board.goto(reverse(f"admin:{BOARD}_open") + "?q=Ann%20Lee")
    look(board, "curb-open")


def test_the_registry_fits_every_screen(page, store, chief):
    for spot in [None, *Spot.objects.filter(store=store).order_by("pk")[:3]]:
        sign_of(store=store, spot=spot)
    curb = CurbSettings.objects.create(store=store, alert_phone="+48500123456")
    pages = {
        "signs": reverse("admin:orders_sign_board"),
        "many": reverse("admin:orders_spot_many"),
        "spots": reverse("admin:orders_spot_changelist"),
        "settings": reverse("admin:orders_curbsettings_change", args=[curb.pk]),
    }
    look_at_all(page, {f"curb-{name}": where for name, where in pages.items()})


def fill(store, goods):
    """Somebody in every state, and a note of a stray."""
    CurbSettings.objects.create(store=store)
    waits = [9, 6, 4, 1]
    for place, minutes in enumerate(waits, 1):
        customer = {"name": f"Ann Lee {place}", "phone": f"+4850012300{place}"}
        part = ready_part(store, goods, customer=customer)
        visit = arrive(
            fulfillment=part, spot=str(place) if place != 4 else "", accessible=place == 1
        )
        Visit.objects.filter(pk=visit.pk).update(
            arrived_at=clock.now() - timedelta(minutes=minutes),
            vehicle="blue Škoda Octavia, WX 12345",
            placement="trunk" if place == 2 else "",
        )
    claim(visit=Visit.objects.get(spot__label="2"), by=User.objects.get(first_name="Pola"))
    Visit.objects.filter(spot__label="3").update(missing_at=clock.now())
    early = make_fulfillment(
        store=store, lines={goods[0]: 1}, customer={"name": "Early Bird", "phone": "+48500123777"}
    )
    arrive(fulfillment=early, spot="6")
    say_on_my_way(
        fulfillment=ready_part(store, goods, customer={"name": "Ann Lee", "phone": "+48500123009"}),
        minutes=9,
    )
    StrayArrival.objects.create(store=store, fulfillment=make_ready(customer=OTHER))
