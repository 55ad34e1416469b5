"""The arrivals board behind its page: what it reads, what changes its pulse, whom it lets in."""

from __future__ import annotations

from datetime import timedelta
from zlib import crc32

import pytest
from django.contrib.auth.models import Permission
from django.core import signing
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub import clock
from hub.events.models import Fact
from hub.stores.models import StaffScope, Store
from orders import pulse
from orders.curbside.texting import MOST_TEXTS, TEXTS, TooManyTexts, UnknownText, send_text
from orders.curbside.visits import arrive, ask_spot, claim, leave, say_on_my_way
from orders.models import Spot, StrayArrival, Visit, VisitStatus
from orders.pulse import TicketOver, fresh_pulse, pulse_of_ticket, ticket_for
from tests.factories import make_item, make_person, make_ready, make_spots, make_store, stock

pytestmark = pytest.mark.django_db

NAME = "admin:orders_fulfillmentorder_arrivals"


@pytest.fixture
def store():
    store = make_store()
    make_spots(store)
    return store


@pytest.fixture
def picker(client, store):
    person = make_person()
    StaffScope.objects.create(user=person, store=store)
    client.force_login(person)
    return person


def ready_at(store, name="Ann Lee"):
    item = make_item()
    stock(store, {item: 5})
    who = {"name": name, "phone": f"+48500{crc32(name.encode()) % 10**6:06}"}
    return make_ready(store=store, lines={item: 1}, customer=who)


def page(name="", *args):
    return reverse(NAME + name, args=args)


def tap(client, visit, act, **fields):
    reply = client.post(page("_tap", visit.pk), {"act": act} | fields, follow=True)
    return " ".join(str(message) for message in reply.context["messages"])


# --- the pulse ----------------------------------------------------------------------------------


def test_a_pulse_changes_with_everything_the_board_shows_and_with_nothing_else(store):
    part = ready_at(store)
    ticket = ticket_for([store.pk], "arrivals")
    other = ticket_for([make_store().pk], "arrivals")
    elsewhere = pulse_of_ticket(other)
    seen = [pulse_of_ticket(ticket)]

    def changes(act):
        act()
        seen.append(pulse_of_ticket(ticket))
        assert seen[-1].sign not in [pulse.sign for pulse in seen[:-1]]
        assert pulse_of_ticket(ticket) == seen[-1] == fresh_pulse([store.pk], "arrivals")

    changes(lambda: say_on_my_way(fulfillment=part, minutes=5))
    changes(lambda: arrive(fulfillment=part, spot="1"))
    visit = Visit.objects.get()
    changes(lambda: claim(visit=visit, by=make_person()))
    changes(lambda: ask_spot(visit=visit, by=None))
    changes(lambda: type(part).objects.filter(pk=part.pk).update(version=F("version") + 1))
    changes(lambda: Spot.objects.filter(store=store, label="2").update(closed_for="snow"))
    changes(lambda: StrayArrival.objects.create(store=store, fulfillment=part))
    changes(lambda: leave(fulfillment=part))
    assert pulse_of_ticket(other) == elsewhere


def test_a_ticket_of_all_stores_hears_of_every_store(store):
    ticket = ticket_for(None, "arrivals")
    before = pulse_of_ticket(ticket)
    arrive(fulfillment=ready_at(store), spot="1")
    assert pulse_of_ticket(ticket) != before


def test_a_pulse_costs_no_statement_while_it_is_fresh(store, client, monkeypatch):
    monkeypatch.setattr(pulse, "PATIENCE", 1000)
    address = reverse("board-pulse", args=[ticket_for([store.pk], "arrivals")])
    first = client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).content == first.content
    assert not queries
    assert first["Cache-Control"] == "no-store"


FOREIGN = signing.dumps([1])  # signed, but not as a ticket; with its time, so no name for a test


@pytest.mark.parametrize(
    "ticket",
    ["x", "a:b:c", "%00", "1" * 4000, pytest.param(FOREIGN, id="foreign")],
)
def test_a_made_up_ticket_is_over(client, ticket):
    assert client.get(f"/boards/{ticket}").status_code == 410
    with pytest.raises(TicketOver):
        pulse_of_ticket(ticket)


def test_a_ticket_is_over_after_a_shift(store, monkeypatch):
    ticket = ticket_for([store.pk], "arrivals")
    assert pulse_of_ticket(ticket)
    later = pulse.time.time() + pulse.TICKET_SECONDS + 1
    monkeypatch.setattr(pulse.time, "time", lambda: later)
    with pytest.raises(TicketOver):
        pulse_of_ticket(ticket)


# --- the board ----------------------------------------------------------------------------------


def test_who_waits_longest_stands_first_with_all_orders_of_the_visit(client, store, picker):
    first, second = ready_at(store), ready_at(store)  # of one account
    arrive(fulfillment=first, spot="1")
    Visit.objects.update(arrived_at=clock.now() - timedelta(minutes=6))
    arrive(fulfillment=ready_at(store, "Bo Ek"), spot="2")
    say_on_my_way(fulfillment=ready_at(store, "Cy Fox"), minutes=9)

    cards = client.get(page()).context["cards"]

    assert [card.title for card in cards[:2]] == ["Spot 1", "Spot 2"]
    numbers = {part.number for part in cards[0].parts}
    assert numbers == {first.order.external_id, second.order.external_id}
    assert [card.wait_words for card in cards[:2]] == ["over the target", "in time"]
    assert cards[2].expected == "expected in 8 min"


def test_who_finds_no_free_spot_gets_a_place_in_line(client, store, picker):
    for label in ("1", "2", "3"):
        arrive(fulfillment=ready_at(store, f"Guest {label}"), spot=label)
    for name in ("Dan One", "Eve Two"):
        arrive(fulfillment=ready_at(store, name))
    lines = {card.customer: card.line for card in client.get(page()).context["cards"]}
    assert (lines["Dan One"], lines["Eve Two"], lines["Guest 1"]) == (1, 2, None)

    Spot.objects.create(store=store, label="4")
    assert not any(card.line for card in client.get(page()).context["cards"])


def test_the_board_takes_the_same_statements_for_one_customer_and_for_six(client, store, picker):
    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get(page("_cards"))
        return len(queries)

    arrive(fulfillment=ready_at(store), spot="1")
    count()
    one = count()
    for number in range(5):
        arrive(fulfillment=ready_at(store, f"Guest {number}"), place="here")
    assert count() == one


def test_a_tap_without_script_goes_back_to_the_board_with_a_word(client, store, picker):
    visit = arrive(fulfillment=ready_at(store), spot="1")
    reply = client.post(page("_tap", visit.pk), {"act": "serve", "store": store.code})
    assert (reply.status_code, reply["Location"]) == (303, f"{page()}?store={store.code}")
    visit.refresh_from_db()
    assert visit.status == VisitStatus.BEING_SERVED


@pytest.mark.parametrize(
    "fields",
    [
        {"act": ""},
        {"act": "fly"},
        {"act": "x" * 21},
        {"act": "move"},
        {"act": "move", "spot": "99"},
        {"act": "move", "spot": "2"},
        {"act": "move", "spot": "\u202e\x00" + "9" * 30},
        {"act": "text", "text": "insult"},
        {"act": "claim", "token": "t" * 65},
    ],
)
def test_a_senseless_tap_is_refused_in_words(client, store, picker, fields):
    visit = arrive(fulfillment=ready_at(store), spot="1")
    arrive(fulfillment=ready_at(store, "Bo Ek"), spot="2")
    before = Visit.objects.values().get(pk=visit.pk)
    act = fields.pop("act")
    assert tap(client, visit, act, **fields)
    assert Visit.objects.values().get(pk=visit.pk) == before


def test_a_tap_on_a_visit_that_is_over_is_refused_in_words(client, store, picker):
    visit = arrive(fulfillment=(part := ready_at(store)), spot="1")
    leave(fulfillment=part)
    for act in ("claim", "serve", "missing", "ask_spot", "gone"):
        assert tap(client, visit, act)
    assert tap(client, visit, "text", text="bring_id")
    assert not Fact.objects.filter(name="visit.texted").exists()


def test_another_stores_board_does_not_exist(client, picker):
    foreign = make_store()
    make_spots(foreign)
    part = ready_at(foreign)
    visit = arrive(fulfillment=part, spot="1")
    stray = StrayArrival.objects.create(store=foreign, fulfillment=part)
    assert part.order.external_id not in client.get(page()).content.decode()
    assert not client.get(page(), {"store": foreign.code}).context["cards"]
    assert client.post(page("_tap", visit.pk), {"act": "serve"}).status_code == 404
    assert client.post(page("_stray", stray.pk)).status_code == 404
    assert client.post(page("_do_open", part.pk)).status_code == 404
    client.post(page("_shown"), {"visit": [visit.pk, "x", "9" * 30]})
    visit.refresh_from_db()
    assert (visit.status, visit.shown_at) == (VisitStatus.ARRIVED, None)
    assert client.get(page("_open"), {"q": part.order.external_id}).context["found"] == []


def test_who_may_look_but_works_in_no_store_has_no_buttons(client, store):
    visit = arrive(fulfillment=ready_at(store), spot="1")
    observer = make_person()
    client.force_login(observer)
    assert client.get(page()).status_code == 404
    observer.user_permissions.add(Permission.objects.get(codename="view_fulfillmentorder"))
    assert client.get(page()).status_code == 200
    assert client.post(page("_tap", visit.pk), {"act": "serve"}).status_code == 404
    assert client.post(page("_shown"), {"visit": visit.pk}).status_code == 404


def test_a_tap_needs_post_and_a_csrf_token(store, picker):
    visit = arrive(fulfillment=ready_at(store), spot="1")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(picker)
    for name, key in [("_tap", visit.pk), ("_stray", 1), ("_do_open", 1)]:
        assert strict.get(page(name, key)).status_code == 405
        assert strict.post(page(name, key)).status_code == 403


def test_a_caller_is_found_by_name_or_digits_and_refused_a_taken_spot(client, store, picker):
    part = ready_at(store, "Dee Poe")
    arrive(fulfillment=ready_at(store, "Bo Ek"), spot="2")
    found = client.get(page("_open"), {"q": "dee poe"}).context["found"]
    assert [one["part"].pk for one in found] == [part.pk]
    assert [spot.label for spot in found[0]["free"]] == ["1", "3"]

    refused = client.post(page("_do_open", part.pk), {"spot": "2", "q": "Dee Poe"}, follow=True)
    assert "taken" in str(next(iter(refused.context["messages"])))
    assert refused.context["query"] == "Dee Poe"
    client.post(page("_do_open", part.pk), {"spot": "3"})
    assert Visit.objects.get(spot__label="3").source == Visit.Source.STAFF


# --- texts --------------------------------------------------------------------------------------


def test_a_token_sends_one_text_and_a_visit_gets_ten_at_most(store):
    visit = arrive(fulfillment=ready_at(store), spot="1")
    for _ in range(2):
        send_text(visit=visit, text="bring_id", token="t" * 22)
    assert Fact.objects.filter(name="visit.texted").count() == 1
    for _ in range(MOST_TEXTS - 1):
        send_text(visit=visit, text="running_late")
    with pytest.raises(TooManyTexts):
        send_text(visit=visit, text="running_late")
    with pytest.raises(UnknownText):
        send_text(visit=visit, text="")
    assert set(TEXTS) == {"running_late", "which_spot", "come_inside", "bring_id", "on_our_way"}


def test_the_board_of_a_closed_store_is_empty(client, store, picker):
    arrive(fulfillment=ready_at(store), spot="1")
    Store.objects.filter(pk=store.pk).update(active=False)
    assert client.get(page()).status_code == 404
