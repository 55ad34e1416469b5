"""A customer texts from his (simulated) telephone, over HTTP all the way, and is answered there.

Pictures of the staff's pages lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

import pytest
from django.db.models import Q
from django.urls import reverse

from hub.crypto import lookup_hash
from hub.customers.consent import is_refused
from hub.events.models import Delivery
from hub.simulators.models import SimulatedText
from notifications.models import HeardText, Message, Thread
from orders.curbside.visits import active_visit
from tests.factories import CUSTOMER, make_item, make_ready, make_spots, make_store, stock
from tests.flows.browsing import look
from tests.notifications.test_flow import relay_until

PHONE = CUSTOMER["phone"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def store(settings, live_server):
    settings.PUBLIC_BASE_URL = live_server.url
    settings.SMS_CONNECTOR = "handset"
    settings.PRIVATE_NETWORKS = ["127.0.0.0/8"]
    store = make_store(name="Warszawa Centrum", street="Prosta 1", city="Warszawa")
    make_spots(store)
    return store


@pytest.fixture
def part(store):
    item = make_item()
    stock(store, {item: 9})
    return make_ready(store=store, lines={item: 2})


def write(client, words, *, heard):
    """The customer writes, and the hub works until it has heard so many texts and is done."""
    client.post(reverse("simulators:answer", args=[PHONE]), {"text": words})
    relay_until(lambda: HeardText.objects.count() >= heard and all_is_done())


def all_is_done():
    ours = Q(handler__startswith="notifications.") | Q(handler__startswith="hub.simulators.")
    waiting = Delivery.objects.filter(ours, state="pending")
    return not waiting.exists() and not Message.objects.filter(state="pending").exists()


def on_the_phone():
    """What the phone shows of ours, the oldest first."""
    rows = SimulatedText.objects.filter(phone=PHONE, by_customer=False).order_by("pk")
    return list(rows.values_list("body", flat=True))


@pytest.mark.race
def test_from_here_to_stop_on_a_telephone(client, part):
    relay_until(all_is_done)
    before = len(on_the_phone())
    write(client, "omw 10", heard=1)
    assert active_visit(part).status == "on_my_way"
    write(client, "HERE", heard=2)
    assert active_visit(part).status == "arrived"
    write(client, "2", heard=3)
    assert active_visit(part).spot.label == "2"
    write(client, "Do you also have a trolley for me?", heard=4)
    assert Thread.objects.get().unread == 1
    write(client, "STOP", heard=5)
    assert is_refused(lookup_hash("phone", PHONE), "sms")
    answers = on_the_phone()[before:]
    assert "10" in answers[0] or "HERE" in answers[0]
    assert "no more texts" in answers[-1]
    told = Message.objects.filter(channel="sms").exclude(outcome="delivered")
    assert not told.filter(outcome__in=["failed", "dead", "ambiguous"]).exists()
    write(client, "WHERE", heard=6)
    assert on_the_phone()[before:] == answers


@pytest.mark.race
def test_a_phone_that_does_everything_twice_has_one_effect(client, part):
    relay_until(all_is_done)
    client.post(reverse("simulators:mood", args=[PHONE]), {"mood": "duplicates"})
    write(client, "HERE 2", heard=1)
    assert HeardText.objects.count() == 1
    assert Message.objects.filter(purpose="here_noted").count() == 1


@pytest.mark.browser
def test_staff_answer_on_pages_that_everybody_can_use(page, client, part, pola):
    relay_until(all_is_done)
    for number, words in enumerate(["JESTEM 2", "Czy mogą Państwo dołożyć torbę?"], start=1):
        write(client, words, heard=number)
    page.goto(reverse("admin:notifications_thread_board"))
    look(page, "texting-talks")
    page.get_by_text("Czy mogą Państwo").click()
    page.get_by_label("Answer").fill("Tak, oczywiście. Przyniesiemy torbę papierową.")
    page.get_by_text("2 texts").or_(page.get_by_text("1 text")).first.wait_for()
    look(page, "texting-talk")
    page.get_by_role("button", name="Send", exact=True).click()
    page.locator(".mine").nth(0).wait_for()
    page.get_by_role("button", name="Już do Państwa wychodzimy.").click()
    page.locator(".mine").nth(1).wait_for()
    relay_until(all_is_done)
    assert any("torb" in body for body in on_the_phone())
    page.reload()
    page.get_by_text("delivered").first.wait_for()
    look(page, "texting-talk-answered")
