"""Simulated phones with their moods; what they say comes back to the hub over HTTP, signed."""

import json

import pytest
from django.test import Client

from hub import clock
from hub.events.models import Delivery
from hub.inbox.models import InboundCall
from hub.simulators.models import SimulatedPhone, SimulatedText
from hub.simulators.phones import set_mood, write_text
from tests.factories import make_provider
from tests.hub.simulators.test_simulators import PHONE, post, text, work_until

Mood = SimulatedPhone.Mood


@pytest.fixture
def world(live_server, settings):
    settings.PUBLIC_BASE_URL = live_server.url
    settings.PRIVATE_NETWORKS = ["127.0.0.0/8"]
    return live_server.url


def told():
    """The kinds of what the network has told, in its order."""
    return [json.loads(row.body)["type"] for row in InboundCall.objects.order_by("pk")]


def after_work():
    work_until(lambda: not Delivery.objects.filter(lane="sim:handset", state="pending").exists())
    return told()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("mood", "kinds"),
    [
        (Mood.USUAL, ["message.delivered"]),
        (Mood.DEAD, []),
        (Mood.LOSES_RECEIPTS, []),
        (Mood.DUPLICATES, ["message.delivered"] * 2),
    ],
)
def test_a_phones_mood_decides_what_is_told_of_a_text(world, mood, kinds):
    set_mood(phone=PHONE, mood=mood)
    assert post("/sim/handset/messages", text()).status_code == 201
    assert after_work() == kinds


@pytest.mark.django_db(transaction=True)
def test_a_phone_that_reorders_tells_the_last_first(world):
    set_mood(phone=PHONE, mood=Mood.REORDERS)
    SimulatedText.objects.create(
        phone=PHONE, reference="held", body="x", shown_at=clock.now().replace(year=2099)
    )
    post("/sim/handset/messages", text())
    assert after_work() == ["message.delivered", "message.sent", "message.accepted"]


@pytest.mark.django_db(transaction=True)
def test_what_a_customer_writes_reaches_the_hub_once_from_his_number(world):
    set_mood(phone=PHONE, mood=Mood.DUPLICATES)
    page = Client().post(f"/sim/handset/{PHONE}/answer", {"text": " Jestem, miejsce 4 😀\x00 "})
    assert page.status_code == 302
    work_until(lambda: Delivery.objects.filter(lane="sim:handset", state="done").exists())

    (call,) = InboundCall.objects.filter(source="sms:handset")
    said = json.loads(call.body)
    assert said["type"] == "message.received"
    assert (said["data"]["from"], said["data"]["text"]) == (PHONE, "Jestem, miejsce 4 😀")


@pytest.mark.django_db(transaction=True)
def test_an_answer_goes_to_the_account_that_texted_last(world):
    row = make_provider(connector="handset")
    post("/sim/handset/messages", text(provider=row.name))
    write_text(phone=PHONE, text="OK")
    after_work()
    assert set(InboundCall.objects.values_list("source", flat=True)) == {f"sms:{row.name}"}


@pytest.mark.django_db
def test_texts_that_overtake_each_other_show_in_the_order_they_came_up():
    set_mood(phone=PHONE, mood=Mood.REORDERS)
    for number in (1, 2):
        post("/sim/handset/messages", text(reference=f"msg_{number}", body=f"text {number}"))
    shown = Client().get("/sim/handset/messages.json").json()["messages"]
    assert [one["body"] for one in shown] == ["text 2"]


@pytest.mark.django_db
def test_a_phone_that_does_all_twice_shows_a_text_twice():
    set_mood(phone=PHONE, mood=Mood.DUPLICATES)
    post("/sim/handset/messages", text(body="Only once?"))
    assert Client().get(f"/sim/handset/{PHONE}/").content.count(b"Only once?") == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("number", "mood"), [(PHONE, "cross"), ("600", "slow"), ("x" * 99, "dead")]
)
def test_moods_that_there_are_not_change_nothing(number, mood):
    Client().post(f"/sim/handset/{number}/mood", {"mood": mood})
    assert not SimulatedPhone.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("words", ["", "   ", "\x00", "a" * 8_001])
def test_what_is_no_text_is_not_sent(words):
    reply = Client().post(f"/sim/handset/{PHONE}/answer", {"text": words})
    assert reply.status_code == 302
    assert not SimulatedText.objects.exists()


@pytest.mark.django_db
def test_a_network_that_broke_down_takes_nothing_until_it_is_repaired():
    mood = "/sim/handset/network/mood"
    codes = []
    for state in ("dead", "usual"):
        Client().post(mood, {"mood": state})
        codes.append(post("/sim/handset/messages", text()).status_code)
    assert codes == [503, 201]


@pytest.mark.django_db
def test_any_phone_can_be_taken_up_by_its_number():
    reply = Client().get("/sim/handset/", {"number": "48 600 700 800"})
    assert (reply.status_code, reply["Location"]) == (302, f"/sim/handset/{PHONE}/")
    assert b"looks like" in Client().get("/sim/handset/", {"number": "<b>"}).content


@pytest.mark.django_db
def test_writing_needs_the_token_of_the_page():
    strict = Client(enforce_csrf_checks=True)
    reply = strict.post(f"/sim/handset/{PHONE}/answer", {"text": "Hi"})
    assert reply.status_code == 403
