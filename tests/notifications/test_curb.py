"""What customers are told from READY until it is collected: true when it leaves, or not at all."""

import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from hub import clock
from hub.customers.consent import record_consent
from hub.customers.preferences import choose_channels, choose_language
from hub.events import leases
from hub.events.catalog import InboundReceived
from hub.events.deliveries import run
from hub.events.models import Delivery
from hub.ids import new_id
from hub.inbox.models import InboundCall
from notifications import handlers
from notifications.models import Message
from orders.clocks.collecting import expire_due, remind, warn_expiring
from orders.curbside.changes import change_store, change_window, extend, offers_of
from orders.curbside.complaints import answer_complaint, complain
from orders.curbside.delegates import delegate_of, name_delegate, revoke_delegate
from orders.curbside.handing import hand_off
from orders.curbside.handing.outcomes import LineOutcome
from orders.curbside.strays import come_to_wrong_store
from orders.curbside.texting import TEXTS, send_text
from orders.curbside.visits import (
    active_visit,
    arrive,
    ask_spot,
    customer_missing,
    say_on_my_way,
)
from orders.models import FulfillmentOrder
from tests.factories import (
    CUSTOMER,
    make_fulfillment,
    make_item,
    make_person,
    make_ready,
    make_store,
    pin_of,
    stock,
)
from tests.notifications.doing import fall_due, work

pytestmark = pytest.mark.django_db

# a Wednesday, 13:00 in Warsaw, where the stores are open from 8 to 20
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
WARSAW = ZoneInfo("Europe/Warsaw")
DAY = timedelta(days=1)
NIGHT = datetime(2026, 11, 19, 21, 30, tzinfo=UTC)  # 22:30 in Warsaw, a day and a half later
MORNING = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at():
    """Turn the business clock to a moment; it is noon."""
    with ExitStack() as turned:

        def turn(moment):
            turned.pop_all().close()
            turned.enter_context(clock.turned_to(moment))

        turn(NOON)
        yield turn


def hear():
    """Let the messages be written that the facts so far ask for."""
    while rows := leases.claim(Delivery, lane="db", limit=200):
        for row in rows:
            if row.handler.startswith("notifications."):
                run(row)
            else:
                leases.settle(row)


@pytest.fixture
def told(phone):
    """``told()``: the texts that customers got since it was last asked, oldest first."""
    seen = 0

    def since():
        nonlocal seen
        hear()
        work()
        fresh = [text.body for text in phone.texts][seen:]
        seen += len(fresh)
        return fresh

    return since


def only(texts):
    (text,) = texts
    return text


def outcome_of(purpose):
    return Message.objects.filter(purpose=purpose).latest("pk").outcome


def waiting(told, **values):
    """A ready part whose customer knows it."""
    part = make_ready(**values)
    told()
    return part


def preparing(told, **values):
    part = make_fulfillment(**values)
    told()
    return part


# --- reminders and the deadline ------------------------------------------------------------------


def test_reminders_say_until_when_and_bring_pin_and_link(told, at):
    part = waiting(told)
    at(NOON + DAY)
    remind()
    text = only(told())
    assert "still waits for you" in text
    assert "Saturday 21 November, 20:00" in text
    assert f"PIN {pin_of(part)}" in text
    assert "/p/" in text
    at(NOON + 2 * DAY)
    remind()
    assert len(told()) == 1


def test_at_night_reminders_wait_for_the_morning(told, at):
    waiting(told)
    at(NIGHT)
    remind()
    assert told() == []
    message = Message.objects.get(purpose="reminded")
    assert (message.state, message.outcome) == ("pending", "deferred")
    assert (message.outcome_reason, message.attempts, message.body) == ("quiet_hours", 0, "")
    left = message.due_at - datetime.now(UTC)
    assert timedelta(hours=9, minutes=29) < left < timedelta(hours=9, minutes=31)
    at(MORNING)
    fall_due()
    assert "Saturday 21 November, 20:00" in only(told())


def test_who_collects_overnight_is_not_reminded_in_the_morning(told, at):
    part = waiting(told)
    at(NIGHT)
    remind()
    told()
    FulfillmentOrder.objects.filter(pk=part.pk).update(status="completed")
    at(MORNING)
    fall_due()
    assert told() == []
    assert outcome_of("reminded") == "canceled"


def test_who_sets_out_before_the_reminder_leaves_gets_none(told, at):
    part = waiting(told)
    at(NOON + DAY)
    remind()
    say_on_my_way(fulfillment=part, minutes=10)
    assert told() == []
    assert outcome_of("reminded") == "canceled"


def test_before_its_time_is_over_the_last_word_names_it(told, at):
    part = waiting(told)
    at(part.expires_at - timedelta(hours=12))
    warn_expiring()
    assert "only until Saturday 21 November, 20:00" in only(told())


def test_a_warning_that_an_extension_overtook_is_not_sent(told, at):
    part = waiting(told)
    at(part.expires_at - timedelta(hours=12))
    warn_expiring()
    hear()
    extend(fulfillment=part)
    assert "until Sunday 22 November, 20:00" in only(told())
    assert outcome_of("expiring") == "canceled"


def test_what_was_not_collected_is_told_once_and_not_as_canceled(told, at):
    part = waiting(told)
    at(part.expires_at)
    expire_due()
    assert "was not collected in time" in only(told())
    assert not Message.objects.filter(purpose="canceled").exists()


# --- changes -------------------------------------------------------------------------------------


def test_every_new_time_is_told_also_the_first_one_again(told):
    part = preparing(told)
    first, second = (window.start for window in offers_of(part).windows[30:32])
    change_window(fulfillment=part, start=first)
    assert f"{first.astimezone(WARSAW):%H:%M}" in only(told())
    for start in (second, first):
        change_window(fulfillment=part, start=start)
        assert len(told()) == 1


def test_a_store_that_the_customer_chose_is_no_bad_news(told):
    item = make_item()
    here, there = make_store(), make_store(latitude=52.24)
    for store in (here, there):
        stock(store, {item: 5})
    part = preparing(told, store=here, lines={item: 1})
    change_store(fulfillment=part, store=there)
    assert "as you wished" in only(told())
    assert not Message.objects.filter(purpose="moved").exists()


# --- the way and the arrival ---------------------------------------------------------------------


def test_who_comes_before_the_order_is_ready_is_told_a_time(told):
    part = preparing(told)
    say_on_my_way(fulfillment=part, minutes=5)
    assert "not ready yet, but should be: today, " in only(told())
    arrive(fulfillment=part, place="by the door")
    text = only(told())
    assert "we know you are here" in text
    assert "today, " in text


def test_who_comes_when_it_is_ready_needs_no_text(told):
    part = waiting(told)
    say_on_my_way(fulfillment=part, minutes=5)
    arrive(fulfillment=part, place="by the door")
    assert told() == []
    late = preparing(told)
    say_on_my_way(fulfillment=late, minutes=180)
    assert told() == []


def test_the_arrival_loop_does_not_wait_for_the_morning(told, at):
    part = preparing(told)
    at(NIGHT)
    arrive(fulfillment=part, place="by the door")
    assert len(told()) == 1


def test_who_has_not_said_where_he_stands_is_asked_unless_he_has_the_page_open(told):
    silent, on_page = waiting(told), waiting(told)
    arrive(fulfillment=silent, source="api")
    arrive(fulfillment=on_page, source="page")
    assert "Where do you stand?" in only(told())


def test_a_spot_is_asked_for_once_per_question_and_not_when_it_is_known(told):
    part = waiting(told)
    visit = arrive(fulfillment=part, place="by the door")
    ask_spot(visit=visit, by=make_person())
    assert "Where do you stand?" in only(told())
    arrive(fulfillment=part, place="by the trees")
    ask_spot(visit=active_visit(part), by=make_person())
    arrive(fulfillment=part, place="by the gate")
    assert told() == []
    assert outcome_of("which_spot") == "canceled"


def test_who_is_not_found_is_asked_until_he_speaks(told):
    part = waiting(told)
    visit = arrive(fulfillment=part, place="by the door")
    customer_missing(visit=visit, by=make_person())
    assert "did not find you" in only(told())


def test_at_the_wrong_store_the_right_one_is_named_with_its_address(told):
    here, there = make_store(street="Mill Lane 3"), make_store(name="Store East")
    item = make_item()
    stock(here, {item: 5})
    part = waiting(told, store=here, lines={item: 1})
    come_to_wrong_store(fulfillment=part, store=there)
    text = next(text for text in told() if "Store East" in text)
    assert f"is at {here.name}, Mill Lane 3, Warszawa" in text
    assert "/p/" in text


@pytest.mark.parametrize("text", TEXTS)
def test_staff_send_what_they_chose_as_often_as_they_choose_it(told, text):
    part = waiting(told)
    visit = arrive(fulfillment=part, place="by the door")
    told()
    for tap in "ab":
        send_text(visit=visit, text=text, token=tap)
        assert len(told()) == 1
    send_text(visit=visit, text=text, token="b")
    assert told() == []


def test_staff_say_nothing_to_who_has_gone(told):
    part = waiting(told)
    visit = arrive(fulfillment=part, place="by the door")
    send_text(visit=visit, text="on_our_way")
    hear()
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    assert "has been handed over" in only(told())
    assert outcome_of("staff_on_our_way") == "canceled"


def test_who_collects_what_is_not_for_everybody_is_told_to_bring_an_id(told):
    make_ready(lines={make_item(minimum_age=18): 1})
    ready, bring = [text for text in told() if "received" not in text]
    assert "is ready" in ready
    assert "only from age 18" in bring


# --- the hand-off and after ----------------------------------------------------------------------


def test_a_delegates_code_goes_to_the_customer_and_the_pin_does_not(told):
    part = waiting(told)
    name_delegate(fulfillment=part, name="Marie Nowak")
    text = only(told())
    assert f"Marie Nowak may collect order {part.order.external_id}" in text
    assert delegate_of(part).code in text
    assert pin_of(part) not in text
    revoke_delegate(fulfillment=part)
    assert told() == []
    name_delegate(fulfillment=part, name="Olek")
    hear()
    revoke_delegate(fulfillment=part)
    assert told() == []
    assert outcome_of("delegate_named") == "canceled"


def test_what_is_collected_later_has_a_text_with_its_own_pin(told):
    part = waiting(told, lines={make_item(): 2, make_item(): 1})
    line = part.lines.first()
    hand_off(fulfillment=part, pin=pin_of(part), by=None, lines={line.pk: LineOutcome(later=1)})
    rest = part.order.fulfillments.get(status="ready")
    texts = told()
    assert len(texts) == 2
    waits = next(text for text in texts if "the rest of order" in text)
    assert f"PIN {pin_of(rest)}" in waits
    assert any("has been handed over" in text for text in texts)


@pytest.mark.parametrize("everything", [True, False])
def test_what_stays_with_the_store_is_told_in_one_text(told, everything):
    part = waiting(told, lines={make_item(): 2})
    kept = {part.lines.get().pk: LineOutcome(refused=2 if everything else 1)}
    hand_off(fulfillment=part, pin=pin_of(part), by=None, lines=kept)
    assert "pays them back" in only(told())


def test_the_answer_to_a_complaint_reaches_its_customer_in_the_morning(told, at):
    part = waiting(told)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    told()
    complaint = complain(fulfillment=part, kind="other", words="The bag was wet")
    at(NIGHT)
    lead = make_person(is_superuser=True)
    answer_complaint(complaint=complaint, answer="We are sorry for the wet bag", by=lead)
    assert told() == []
    at(MORNING)
    fall_due()
    assert "We are sorry for the wet bag" in only(told())


# --- whom and how --------------------------------------------------------------------------------


def refuse(part, channel, address_hash):
    record_consent(
        address_hash=address_hash,
        channel=channel,
        purpose="all",
        status="revoked",
        method="sms",
        actor="customer",
        wording="STOP",
    )


def test_stop_is_respected_also_when_time_runs_out(told, at):
    part = waiting(told)
    contact = part.order.contact
    refuse(part, "sms", contact.phone_hash)
    at(NOON + DAY)
    remind()
    assert told() == []
    assert "is still waiting for you" in mail.outbox[-1].body
    refuse(part, "email", contact.email_hash)
    at(part.expires_at - timedelta(hours=10))
    warn_expiring()
    assert told() == []
    assert outcome_of("expiring") == "suppressed"


def test_the_page_decides_on_language_and_channel(told, at):
    part = waiting(told, locale="fr")
    profile = part.order.profile
    choose_language(profile=profile, locale="pl")
    choose_channels(profile=profile, channels=["email"])
    at(NOON + DAY)
    remind()
    assert told() == []
    assert "wciąż czeka na odbiór" in mail.outbox[-1].body
    choose_language(profile=profile, locale="ru")
    choose_channels(profile=profile, channels=["sms"])
    at(NOON + 2 * DAY)
    remind()
    assert "всё ещё ждёт вас" in only(told())


def test_facts_that_are_heard_twice_are_told_once(told, at):
    part = waiting(told)
    at(NOON + DAY)
    remind()
    hear()
    Delivery.objects.filter(handler__startswith="notifications.").update(
        state="pending", finished_at=None, due_at=datetime.now(UTC) - DAY
    )
    assert len(told()) == 1
    assert Message.objects.filter(purpose="ready", order_id=part.order_id).count() == 1


# --- HERE by text --------------------------------------------------------------------------------


def text(words, phone=CUSTOMER["phone"]):
    body = {"type": "message.received", "data": {"from": phone, "text": words}}
    call = InboundCall.objects.create(
        source="sms:memory", event_id=new_id("evt"), body=json.dumps(body)
    )
    handlers.take_text_call(
        InboundReceived(call_id=call.pk, source="sms:memory", kind="message.received")
    )


def test_who_texts_that_he_is_here_hears_it_or_is_asked_where(told):
    part = waiting(told)
    text("HERE")
    assert "Where do you stand?" in only(told())
    text("HERE by the door")
    assert "by the door" not in only(told())
    assert active_visit(part).place == "by the door"


def test_a_phone_of_two_is_asked_which_order(told):
    store, item = make_store(), make_item()
    stock(store, {item: 9})
    parts = [
        waiting(told, store=store, lines={item: 1}, customer=CUSTOMER | {"name": name})
        for name in ("Ann Lee", "Mia Lee")
    ]
    text("HERE")
    asked = only(told())
    for number, part in enumerate(parts, start=1):
        assert f"{number}) {part.order.external_id}" in asked
        assert active_visit(part) is None


def test_other_texts_are_no_arrivals(told):
    part = waiting(told)
    for words in ("hello", "", "ok", "STOP"):
        text(words)
    assert active_visit(part) is None
