"""What customers chose, paused and refused holds for every message; what is critical asks only
whether they said STOP. And three things nobody should have to find out by himself."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.core import mail

from hub import clock
from hub.customers.consent import stop
from hub.customers.health import note_failure
from hub.customers.models import Channel
from hub.customers.preferences import choose_grid, choose_timezone, pause, resume
from hub.events.catalog import (
    CollectedGoodsRecalled,
    FulfillmentHandedOff,
    FulfillmentPicked,
    OrderCanceled,
    PickupReminded,
    ReadyForPickup,
)
from hub.events.models import Fact
from hub.events.registry import handler_named
from hub.trace import acting
from inventory.services.recalls import close_recall, open_recall
from notifications import handlers
from notifications.models import Message, Outcome
from orders.curbside.handing import hand_off
from orders.models import FulfillmentOrder
from orders.picking.services import finish_picking
from orders.placing.cancel import cancel_order
from orders.recalls.services import collect_parts, settle_batch
from orders.substitution.answering import answer_offers
from tests.factories import (
    CUSTOMER,
    ask_for,
    make_item,
    make_missing,
    make_picking,
    make_ready,
    pin_of,
)
from tests.notifications.doing import work

pytestmark = pytest.mark.django_db


def tell(handler, fact, part, **data):
    told = fact(order_id=part.order_id, fulfillment_id=part.pk, **data)
    together = handler_named(f"{handler.__module__}.{handler.__qualname__}").together
    handler(*(([told], [Fact()]) if together else (told,)))


def ready(**values):
    part = make_ready(**values)
    tell(handlers.tell_ready, ReadyForPickup, part)
    return part, Message.objects.get(purpose="ready", order_id=part.order_id)


def canceled(by, **values):
    """The message about an order that somebody canceled."""
    part = make_picking(**values)
    with acting(by):
        cancel_order(order=part.order, reason="none left")
    handlers.tell_canceled(OrderCanceled(order_id=part.order_id))
    return Message.objects.get(purpose__startswith="canceled", order_id=part.order_id)


def collected(item):
    """A pickup with the item that was handed over."""
    part = make_ready(lines={item: 2})
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    return FulfillmentOrder.objects.get(pk=part.pk)


def call_back(item, part):
    """Recall the item and tell; returns the recall."""
    recall = open_recall(item=item, reason="glass splinters", by="boss")
    collect_parts(recall=recall)
    settle_batch()
    tell(handlers.tell_recalled, CollectedGoodsRecalled, part, recall_id=recall.pk)
    return recall


def stop_all(contact):
    stop(address_hash=contact.phone_hash, channel="sms", method="sms")
    stop(address_hash=contact.email_hash, channel="email", method="unsubscribe")


# --- wishes -----------------------------------------------------------------------------------


def test_each_group_goes_its_own_way(phone):
    part = make_ready()
    choices = {"order_updates": ["email"], "pickup": ["sms"], "afterwards": []}
    choose_grid(profile=part.order.profile, choices=choices)
    tell(handlers.tell_ready, ReadyForPickup, part)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    tell(handlers.tell_handed_off, FulfillmentHandedOff, part)
    assert Message.objects.get(purpose="ready").channel == Channel.SMS
    done = Message.objects.get(purpose="handed_off")
    assert (done.outcome, done.outcome_reason) == (Outcome.SUPPRESSED, "unwanted")


def test_a_pause_silences_what_is_not_critical_and_ends_by_itself():
    part = make_ready()
    pause(profile=part.order.profile, until=clock.now() + timedelta(hours=1))
    tell(handlers.tell_ready, ReadyForPickup, part)
    message = Message.objects.get(purpose="ready")
    assert (message.outcome, message.outcome_reason) == (Outcome.SUPPRESSED, "paused")
    assert canceled("staff:7").channel == Channel.SMS
    with clock.turned_to(clock.now() + timedelta(hours=2)):
        _, later = ready()
        assert later.channel == Channel.SMS


def test_a_pause_that_begins_while_a_text_waits_holds_it_back(phone):
    part, message = ready()
    pause(profile=part.order.profile, until=clock.now() + timedelta(hours=1))
    work()
    message.refresh_from_db()
    assert (message.outcome, message.outcome_reason, phone.texts) == ("suppressed", "paused", [])


def test_who_ends_his_pause_is_told_again(phone):
    part = make_ready()
    pause(profile=part.order.profile, until=clock.now() + timedelta(hours=1))
    resume(profile=part.order.profile)
    tell(handlers.tell_ready, ReadyForPickup, part)
    work()
    assert len(phone.texts) == 1


def test_an_address_that_died_makes_room_for_the_next_channel():
    part = make_ready()
    address = part.order.contact.phone_hash
    note_failure(address_hash=address, channel="sms", reason="30005", permanent=True)
    tell(handlers.tell_ready, ReadyForPickup, part)
    message = Message.objects.get(purpose="ready")
    assert message.channel == Channel.EMAIL
    failed = [gate for gate in message.decision["gates"] if not gate["passed"]]
    assert failed[0]["inputs"] == {"state": "dead", "reason": "30005"}


@pytest.mark.parametrize(
    ("zone", "morning"),
    [("", 7), ("America/New_York", None), ("Asia/Kolkata", 2)],  # Warsaw's, awake, India's
)
def test_what_can_wait_waits_for_the_morning_of_the_zone_he_chose(phone, zone, morning):
    part = make_ready()
    choose_timezone(profile=part.order.profile, timezone=zone)
    late = datetime.combine(clock.now().date(), datetime.min.time(), UTC) + timedelta(hours=21.5)
    FulfillmentOrder.objects.filter(pk=part.pk).update(expires_at=late + timedelta(days=2))
    with clock.turned_to(late):
        tell(handlers.remind, PickupReminded, part, number=1)
        work()
        assert len(phone.texts) == (1 if morning is None else 0)
    message = Message.objects.get(purpose="reminded")
    assert (message.outcome == Outcome.DEFERRED) == (morning is not None)


# --- an e-mail's way out ------------------------------------------------------------------------


def test_one_click_in_an_e_mail_makes_the_next_news_a_text(client, phone):
    part = make_ready()
    choose_grid(profile=part.order.profile, choices={"order_updates": ["email", "sms"]})
    tell(handlers.tell_ready, ReadyForPickup, part)
    work()
    (letter,) = mail.outbox
    headers = letter.extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = urlsplit(headers["List-Unsubscribe"].strip("<>")).path
    assert client.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    tell(handlers.remind, PickupReminded, part, number=1)
    assert Message.objects.get(purpose="reminded").channel == Channel.SMS


def test_an_e_mail_leads_to_the_page_of_choices(client, phone):
    part = make_ready()
    choose_grid(profile=part.order.profile, choices={"order_updates": ["email"]})
    tell(handlers.tell_ready, ReadyForPickup, part)
    work()
    (letter,) = mail.outbox
    path = re.search(r"/n/[\w-]{22}", letter.body)[0]
    assert client.get(path).status_code == 200


# --- what is critical ---------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["staff:7", "system"])
def test_that_the_store_had_to_cancel_is_told_whatever_was_chosen(phone, by):
    part = make_picking()
    silent = {"order_updates": [], "pickup": []}
    choose_grid(profile=part.order.profile, choices=silent)
    pause(profile=part.order.profile, until=clock.now() + timedelta(days=1))
    with acting(by):
        cancel_order(order=part.order, reason="none left")
    handlers.tell_canceled(OrderCanceled(order_id=part.order_id))
    work()
    message = Message.objects.get(purpose="canceled_by_store")
    assert (message.outcome, message.decision["critical"]) == (Outcome.ACCEPTED, True)
    assert "cannot prepare" in phone.texts[0].body


@pytest.mark.parametrize("by", ["customer", "key:key_1", ""])
def test_what_the_customer_canceled_himself_is_no_emergency(by):
    message = canceled(by)
    assert (message.purpose, message.decision["critical"]) == ("canceled", False)


def test_an_order_is_canceled_in_one_message_only():
    part = make_picking()
    with acting("staff:7"):
        cancel_order(order=part.order, reason="none left")
    for _ in range(2):
        handlers.tell_canceled(OrderCanceled(order_id=part.order_id))
    assert Message.objects.filter(purpose__startswith="canceled").count() == 1


def test_not_even_what_is_critical_overrides_a_stop(phone):
    part = make_picking()
    stop_all(part.order.contact)
    with acting("staff:7"):
        cancel_order(order=part.order, reason="none left")
    handlers.tell_canceled(OrderCanceled(order_id=part.order_id))
    work()
    message = Message.objects.get(purpose="canceled_by_store")
    assert (message.outcome, message.outcome_reason) == (Outcome.SUPPRESSED, "no_channel")
    assert (phone.texts, mail.outbox) == ([], [])


# --- goods called back --------------------------------------------------------------------------


def test_who_has_collected_what_is_called_back_is_told_at_any_hour(phone):
    mug = make_item(name="Blue mug")
    part = collected(mug)
    choose_grid(profile=part.order.profile, choices={"afterwards": []})
    night = datetime.combine(clock.now().date(), datetime.min.time(), UTC) + timedelta(hours=23)
    with clock.turned_to(night):
        recall = call_back(mug, part)
        work()
    assert "Blue mug" in phone.texts[0].body
    assert CUSTOMER["phone"] == phone.texts[0].to
    tell(handlers.tell_recalled, CollectedGoodsRecalled, part, recall_id=recall.pk)
    assert Message.objects.filter(purpose="recalled").count() == 1


def test_a_recall_that_was_closed_before_is_not_told_any_more(phone):
    mug = make_item()
    part = collected(mug)
    recall = call_back(mug, part)
    close_recall(recall=recall, by="boss")
    work()
    assert Message.objects.get(purpose="recalled").outcome == Outcome.CANCELED
    assert phone.texts == []


# --- what was not found -------------------------------------------------------------------------


def pick(part, units):
    finish_picking(fulfillment=part, picked={part.lines.get(item=it).pk: n for it, n in units})
    tell(handlers.tell_short, FulfillmentPicked, part)


def test_what_was_not_found_is_told_with_its_name(phone):
    bread, tea = make_item(name="Rye bread"), make_item(name="Green tea")
    part = make_picking(lines={bread: 2, tea: 1})
    pick(part, [(bread, 2), (tea, 0)])
    work()
    (text,) = phone.texts
    assert "Green tea" in text.body
    assert "Rye bread" not in text.body


def test_who_gets_all_of_it_hears_nothing_of_it():
    bread = make_item()
    part = make_picking(lines={bread: 2})
    pick(part, [(bread, 2)])
    assert not Message.objects.filter(purpose="short").exists()


def test_who_was_asked_about_it_is_not_told_twice():
    part, line, other = make_missing(units=3)
    answer_offers(asked=ask_for(part, line, other, units=1), answers={1: False})
    pick(part, [(line.item, 1)])
    assert not Message.objects.filter(purpose="short").exists()
