"""What receipts of every kind do: to the message, the address, and what was true meanwhile."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import clock
from hub.customers import health
from hub.customers.consent import is_refused
from hub.customers.models import AddressHealth
from hub.events.catalog import InboundReceived
from hub.events.models import Fact
from hub.ids import new_id
from hub.inbox.models import InboundCall
from notifications import tasks
from notifications.codes import CODES, verdict_of
from notifications.models import Message, Outcome, Receipt
from notifications.purging import drop_words, seal_of
from notifications.reaching.handlers import take_receipt_call
from notifications.services.folding import OUTCOME_OF_STATUS, RANK, Heard, take_heard
from tests.notifications.doing import (
    collect,
    facts_of,
    part_of,
    ready_message,
    received_message,
    work,
)

pytestmark = pytest.mark.django_db

PHONE = {"name": "Ann", "phone": "+48500123456"}
MAIL = {"name": "Ann", "email": "ann@example.com", "notify": ["email"]}


def sent(**values) -> Message:
    message = ready_message(**values)
    work()
    message.refresh_from_db()
    return message


def hear(message, status, code="", *, source="sms:memory", nonce="") -> None:
    raw = f"{status}{code}{nonce}"
    take_heard(Heard(source=source, reference=message.public_id, status=status, raw=raw, code=code))


def call(kind, data, source="sms:memory") -> None:
    body = json.dumps({"type": kind, "data": data, "raw": "as it came"})
    kept = InboundCall.objects.create(source=source, event_id=new_id("in"), body=body)
    take_receipt_call(InboundReceived(call_id=kept.pk, source=source, kind=kind))


def best(statuses) -> Outcome:
    outcomes = [Outcome.ACCEPTED, *(OUTCOME_OF_STATUS[status] for status in statuses)]
    return max(outcomes, key=lambda outcome: RANK[outcome])


_numbers = itertools.count(1)
STATUSES = ["accepted", "sent", "undelivered", "delivered"]


@pytest.mark.parametrize("order", list(itertools.permutations(STATUSES)), ids="-".join)
def test_any_order_of_all_receipts_ends_as_delivered(phone, order):
    message = sent()
    for status in order:
        hear(message, status)
    message.refresh_from_db()
    assert message.outcome == Outcome.DELIVERED
    assert message.delivered_late == (order.index("undelivered") < order.index("delivered"))
    assert facts_of(message).count("message.delivered") == 1
    assert facts_of(message).count("message.not_sent") <= 1


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    statuses=st.lists(
        st.tuples(st.sampled_from([*STATUSES, "failed"]), st.integers(0, 2)), max_size=8
    )
)
def test_the_best_news_stands_and_is_told_once(phone, statuses):
    message = sent(
        customer=PHONE | {"phone": f"+48500{next(_numbers):06}"}
    )  # a number has its limits
    for status, nonce in statuses:
        hear(message, status, nonce=str(nonce))
    message.refresh_from_db()
    assert message.outcome == best([status for status, _ in statuses])
    assert Receipt.objects.filter(message=message).count() == len(set(statuses))
    assert facts_of(message).count("message.delivered") == int("delivered" in dict(statuses))
    assert facts_of(message).count("message.accepted") == 1
    assert bool(message.delivered_at) == (message.outcome == Outcome.DELIVERED)


def test_with_the_carrier_is_noted_with_its_time(phone):
    message = sent()
    hear(message, "sent")
    message.refresh_from_db()
    assert message.outcome == Outcome.SENT
    assert message.sent_at


def test_a_receipt_says_why_in_words_and_by_its_code(phone):
    message = sent()
    hear(message, "undelivered", "30003")
    message.refresh_from_db()
    assert message.outcome_reason == "phone switched off or out of reach"
    assert message.provider_code == "30003"


# --- the address --------------------------------------------------------------------------------


def works(message) -> bool:
    return health.works(message.contact.phone_hash, "sms")


def test_an_unknown_number_is_not_tried_again(phone):
    message = sent(customer=PHONE)
    hear(message, "undelivered", "30005")
    assert not works(message)


def test_what_the_carrier_held_and_gave_up_later_may_be_tried_again(phone):
    message = sent(customer=PHONE)
    hear(message, "pending")
    hear(message, "undelivered", "30005")
    assert works(message)
    assert AddressHealth.objects.get().state == AddressHealth.State.SHAKY


def test_trouble_between_us_and_the_carrier_says_nothing_of_the_address(phone):
    message = sent(customer=PHONE)
    hear(message, "undelivered", "30007")
    assert not AddressHealth.objects.exists()


def test_what_arrives_makes_an_address_good_again(phone):
    message = sent(customer=PHONE)
    hear(message, "undelivered", "30005")
    hear(message, "delivered")
    assert works(message)


def test_the_same_failure_told_twice_counts_once(phone):
    message = sent(customer=PHONE)
    hear(message, "undelivered", "30003")
    hear(message, "undelivered", "30003")
    hear(message, "undelivered", "30003", nonce="later")
    assert AddressHealth.objects.get().failures == 1


def test_a_stop_that_only_the_provider_heard_counts(phone):
    message = sent(customer=PHONE)
    hear(message, "undelivered", "21610")
    assert is_refused(message.contact.phone_hash, "sms")


@pytest.mark.parametrize("code", sorted(CODES))
def test_no_code_means_two_things(code):
    verdict = verdict_of(f" {code.upper()} ")
    assert verdict.means
    assert sum([verdict.permanent, verdict.refused, verdict.alert]) <= 1


# --- e-mail -------------------------------------------------------------------------------------


def test_an_e_mail_that_bounces_is_not_delivered(phone):
    message = sent(customer=MAIL)
    call(
        "message.undelivered",
        {"reference": message.public_id, "code": "bounced"},
        source="email:mailgun",
    )
    message.refresh_from_db()
    assert message.outcome == Outcome.UNDELIVERED
    assert not health.works(message.contact.email_hash, "email")


@pytest.mark.parametrize("kind", ["message.complained", "message.unsubscribed"])
def test_who_complains_of_an_e_mail_gets_no_more(phone, kind):
    message = sent(customer=MAIL)
    call("message.delivered", {"reference": message.public_id}, source="email:mailgun")
    call(kind, {"reference": message.public_id}, source="email:mailgun")
    message.refresh_from_db()
    assert is_refused(message.contact.email_hash, "email")
    assert message.outcome == Outcome.DELIVERED


def test_an_opened_e_mail_changes_nothing(phone):
    message = sent(customer=MAIL)
    call("message.opened", {"reference": message.public_id}, source="email:mailgun")
    assert not Receipt.objects.exists()


def test_a_receipt_remembers_the_call_that_holds_it(phone):
    message = sent()
    call("message.delivered", {"reference": message.public_id, "code": "000"})
    receipt = Receipt.objects.get()
    assert receipt.message == message
    assert receipt.code == "000"
    assert InboundCall.objects.get(pk=receipt.call_id)


@pytest.mark.parametrize("code", [7, None, [], "ж", "\0", "x" * 400])
def test_an_odd_code_does_no_harm(phone, code):
    message = sent()
    call("message.delivered", {"reference": message.public_id, "code": code})
    message.refresh_from_db()
    assert message.outcome == Outcome.DELIVERED


# --- too late -----------------------------------------------------------------------------------


def test_a_text_delivered_after_the_pickup_is_counted_as_out_of_date(phone):
    message = sent()
    collect(part_of(message).pk)
    hear(message, "delivered")
    message.refresh_from_db()
    assert message.stale_at


def test_a_text_delivered_in_time_is_not_out_of_date(phone):
    message = sent()
    hear(message, "delivered")
    collect(part_of(message).pk)
    hear(message, "delivered", nonce="again")
    message.refresh_from_db()
    assert message.stale_at is None


def test_what_no_receipt_settles_in_three_days_is_unknown(phone):
    message = received_message()
    work()
    with clock.turned_to(clock.now() + timedelta(hours=71)):
        assert tasks.settle_unheard()["unknown"] == 0
    with clock.turned_to(clock.now() + timedelta(hours=73)):
        assert tasks.settle_unheard()["unknown"] == 1
    message.refresh_from_db()
    assert message.outcome == Outcome.UNKNOWN


def test_a_receipt_after_three_days_still_counts(phone):
    message = sent()
    Message.objects.filter(pk=message.pk).update(outcome=Outcome.UNKNOWN)
    hear(message, "sent")
    message.refresh_from_db()
    assert message.outcome == Outcome.UNKNOWN
    hear(message, "delivered")
    message.refresh_from_db()
    assert message.outcome == Outcome.DELIVERED


def test_a_receipt_nobody_knew_is_looked_at_again_after_ten_minutes(phone):
    message = sent()
    Receipt.objects.create(
        provider="memory", reference=message.public_id, status="delivered", raw_hash="x"
    )
    assert tasks.settle_unheard()["matched"] == 0
    with clock.turned_to(clock.now() + timedelta(minutes=11)):
        assert tasks.settle_unheard()["matched"] == 1
        assert tasks.settle_unheard()["matched"] == 0
    message.refresh_from_db()
    assert message.outcome == Outcome.DELIVERED


def test_a_receipt_of_somebody_else_is_left_alone_after_a_day(db):
    Receipt.objects.create(provider="memory", reference="x", status="delivered", raw_hash="x")
    with clock.turned_to(clock.now() + timedelta(minutes=11)):
        assert tasks.settle_unheard()["matched"] == 0
    assert not Receipt.objects.get().matched
    assert not Fact.objects.filter(name="message.delivered").exists()


def test_a_receipt_before_our_own_record_sets_the_time_for_following_up(phone):
    message = ready_message()
    Message.objects.filter(pk=message.pk).update(outcome=Outcome.SUBMITTING)
    hear(message, "accepted")
    message.refresh_from_db()
    assert message.outcome == Outcome.ACCEPTED
    assert message.reach_by


# --- retention ----------------------------------------------------------------------------------


def test_words_are_dropped_after_ninety_days_and_their_seal_stays(phone):
    message = sent()
    body = message.body
    with clock.turned_to(clock.now() + timedelta(days=89)):
        assert drop_words() == 0
    with clock.turned_to(clock.now() + timedelta(days=91)):
        assert drop_words() == 1
        assert drop_words() == 0
    message.refresh_from_db()
    assert body
    assert (message.title, message.body) == ("", "")
    assert message.words_seal == seal_of("", body)
    assert message.words_seal != seal_of("", body + "!")
    assert (message.outcome, message.template != "") == (Outcome.ACCEPTED, True)


def test_words_that_may_still_be_sent_stay(phone):
    parked = sent(customer=PHONE)
    Message.objects.filter(pk=parked.pk).update(state="parked", outcome=Outcome.FAILED)
    waiting = ready_message()
    Message.objects.filter(pk=waiting.pk).update(body="words")
    with clock.turned_to(clock.now() + timedelta(days=91)):
        drop_words()
    assert set(Message.objects.values_list("words_seal", flat=True)) == {""}
