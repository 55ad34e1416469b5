"""Each invariant of the messages holds on honest rows and is broken by a row made wrong."""

from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

from hub import clock
from hub.customers.models import IdentityLink, Preference, Profile
from hub.events.catalog import ReadyForPickup
from hub.events.models import Delivery, Fact
from hub.invariants import parse
from notifications.models import CallTask, Message, Receipt
from notifications.reaching.following import follow
from notifications.services.folding import take_receipt
from notifications.templating.publishing import publish, save_draft
from tests.notifications.doing import collect, part_of, ready_message, work

pytestmark = pytest.mark.django_db


def violations():
    """The names of the statements that find a row."""
    found = set()
    for app in ("notifications", "customers"):
        path = Path(apps.get_app_config(app).path) / "invariants.sql"
        for invariant in parse(app, path.read_text()):
            with connection.cursor() as cursor:
                cursor.execute(invariant.sql)
                if cursor.fetchall():
                    found.add(invariant.name)
    return found


def break_ready_is_told(message):
    fact = Fact.objects.get(name=ReadyForPickup.name)
    Delivery.objects.filter(fact=fact, handler="notifications.handlers.tell_ready").update(
        state="done"
    )
    message.delete()


def word_by_draft(message):
    """A message that was written with what nobody had published."""
    draft = save_draft(key=("en", "ready", "sms"), title="", body="{{ brand }}", by="staff:1")
    Message.objects.filter(pk=message.pk).update(template_version=draft)


def fail_unseen(message):
    """A failure whose reaction is done, but did nothing."""
    take_receipt(provider="memory", reference=message.public_id, status="failed", raw="x")
    fact = Fact.objects.get(name="message.not_sent")
    handler = "notifications.reaching.handlers.follow_at_once"
    Delivery.objects.filter(fact=fact, handler=handler).update(state="done")


def deliver(message):
    take_receipt(provider="memory", reference=message.public_id, status="delivered", raw="x")


def follow_up(message):
    """Leaves a follower without a way, and an open call."""
    Message.objects.filter(pk=message.pk).update(reach_by=clock.now())
    assert follow(message_id=message.pk)
    (follower,) = Message.objects.filter(follows=message)
    return follower


def chase_in_vain(message):
    follower = follow_up(message)
    deliver(message)
    Message.objects.filter(pk=follower.pk).update(state="pending", outcome="created")


def call_in_vain(message):
    follow_up(message)
    deliver(message)
    CallTask.objects.update(closed_at=None, outcome="", message=message)


def follow_without_note(message):
    follow_up(message)
    Message.objects.filter(pk=message.pk).update(followed_at=None)


def receipt_beyond(message):
    deliver(message)
    Message.objects.update(outcome="undelivered")


def receipt_alone(message):
    deliver(message)
    Receipt.objects.update(matched=False)


def call_untold(message):
    follow_up(message)
    Fact.objects.filter(name="fulfillment.customer_not_reached").delete()


def call_closed_by_nobody(message):
    follow_up(message)
    CallTask.objects.update(closed_at=clock.now())


BREAKERS = {
    "message_delivered_timed": lambda message: Message.objects.update(outcome="delivered"),
    "message_receipts_folded": receipt_beyond,
    "receipt_matched_has_message": receipt_alone,
    "message_followed_up": follow_without_note,
    "message_not_chased": chase_in_vain,
    "message_failure_followed": fail_unseen,
    "call_told_once": call_untold,
    "call_closed_with_outcome": call_closed_by_nobody,
    "message_words_dropped_whole": lambda message: Message.objects.update(
        words_seal="x", title="left over"
    ),
    "message_settled": lambda message: Message.objects.update(outcome="submitting"),
    "message_accepted_told_once": lambda message: Fact.objects.filter(
        name="message.accepted"
    ).delete(),
    "message_not_sent_told": lambda message: Message.objects.update(outcome="failed"),
    "message_accepted_has_words": lambda message: Message.objects.update(template=""),
    "ready_is_told": break_ready_is_told,
    "record_linked_once": lambda message: IdentityLink.objects.update(active=False),
    "profile_shows_newest_contact": lambda message: Profile.objects.update(contact=None),
    "message_words_were_published": word_by_draft,
    "preference_ranks_gapless": lambda message: Preference.objects.update(rank=2),
}


def test_honest_rows_break_nothing(phone):
    ready_message()
    work()
    told_late = ready_message()
    collect(part_of(told_late).pk)
    work()
    assert violations() == set()


def test_own_words_break_nothing(phone):
    draft = save_draft(
        key=("en", "ready", "sms"), title="", body="{{ brand }}: {{ order }} ж", by="staff:1"
    )
    publish(key=("en", "ready", "sms"), seen=draft.digest, note="", by="staff:1")
    message = ready_message()
    work()
    message.refresh_from_db()
    assert message.template_version_id == draft.pk
    assert violations() == set()


@pytest.mark.parametrize("name", sorted(BREAKERS))
def test_each_invariant_is_broken_by_a_row_made_wrong(phone, name):
    message = ready_message(customer={"name": "Ann", "phone": "+48500123456", "notify": ["sms"]})
    work()
    assert violations() == set()
    BREAKERS[name](message)
    assert name in violations()


def test_following_up_to_the_call_and_a_late_receipt_break_nothing(phone):
    message = ready_message(customer={"name": "Ann", "phone": "+48500123456", "notify": ["sms"]})
    work()
    follow_up(message)
    assert CallTask.objects.count() == 1
    assert violations() == set()
    deliver(message)
    assert violations() == set()


@pytest.mark.parametrize("make", [chase_in_vain, call_in_vain])
def test_neither_messages_nor_calls_chase_who_has_it(phone, make):
    message = ready_message(customer={"name": "Ann", "phone": "+48500123456", "notify": ["sms"]})
    work()
    make(message)
    assert "message_not_chased" in violations()
