"""Writing a message down before anything is sent, and deciding which channel it takes."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from hub import clock
from hub.connectors.registry import sms_connector
from hub.customers.addresses import takes_texts
from hub.customers.consent import is_refused
from hub.customers.models import Channel
from hub.customers.preferences import locale_for, ranked_channels
from hub.events.catalog import MessageNotSent
from hub.events.leases import State
from hub.events.outbox import publish, wake_on_commit
from hub.trace import trace_id
from notifications.choosing import EXPIRED, STALE, ChoiceInput, Decision, Reach, choose
from notifications.models import Message, Outcome
from notifications.purpose import Purpose
from notifications.purposes import PURPOSES, fulfillment_of
from orders.models import FulfillmentOrder, Order

OUTCOME_OF_REASON = {STALE: Outcome.CANCELED, EXPIRED: Outcome.EXPIRED}


@transaction.atomic
def write_message(*, purpose: Purpose, subject: str) -> Message | None:
    """Leave one message about the subject for the relays to send, or say why none goes out.

    The message of an occasion is written once, however often this is called: later calls, and
    subjects that no store prepares, return None. A message with no channel to take is settled
    at once, as suppressed, canceled or expired, and MessageNotSent is published.
    """
    fulfillment = fulfillment_of(subject)
    if fulfillment is None:
        return None
    order = fulfillment.order
    now = clock.now()
    expires_at = purpose.expires_at(fulfillment, now)
    decision = decide(order, still_true=purpose.holds(fulfillment), expired=expires_at <= now)
    message = Message(
        purpose=purpose.name,
        subject=subject,
        order_id=order.pk,
        profile=order.profile,
        contact=order.contact,
        locale=locale_of(fulfillment),
        dedupe_key=purpose.dedupe_key(fulfillment),
        is_test=order.is_test,
        trace_id=trace_id(),
        expires_at=expires_at,
        **_standing(decision, order.is_test, now),
    )
    Message.objects.bulk_create([message], ignore_conflicts=True)
    written = Message.objects.filter(public_id=message.public_id).first()
    if written and decision.channel:
        wake_on_commit()
    elif written:
        publish(MessageNotSent(order_id=order.pk, message_id=written.pk))
    return written


def decide(order: Order, *, still_true: bool, expired: bool) -> Decision:
    """Choose by the customer's preferences and consent as they are now, at the order's contact."""
    contact = order.contact
    return choose(
        ChoiceInput(
            still_true=still_true,
            expired=expired,
            now=clock.now(),
            preferred=tuple(ranked_channels(order.profile)),
            reaches={
                Channel.SMS: Reach(
                    has_address=bool(contact.phone),
                    takes_texts=takes_texts(contact.phone),
                    refused=is_refused(contact.phone_hash, Channel.SMS),
                ),
                Channel.EMAIL: Reach(
                    has_address=bool(contact.email),
                    refused=is_refused(contact.email_hash, Channel.EMAIL),
                ),
            },
        )
    )


def still_holds(message: Message, fulfillment: FulfillmentOrder | None) -> bool:
    """Whether what the message says is true of the pickup as it is now, on this very occasion."""
    purpose = PURPOSES[message.purpose]
    return (
        fulfillment is not None
        and purpose.holds(fulfillment)
        and purpose.dedupe_key(fulfillment) == message.dedupe_key
    )


def lane_of(channel: str, *, is_test: bool) -> str:
    """The lane a message waits in: one per SMS provider, one for all e-mail."""
    return f"sms:{sms_connector(is_test=is_test).name}" if channel == Channel.SMS else channel


def locale_of(fulfillment: FulfillmentOrder) -> str:
    """The language the customer chose, else the order's, else the customer's, else the store's."""
    order = fulfillment.order
    return locale_for(order.profile, said=order.locale, usual=fulfillment.store.locale)


def _standing(decision: Decision, is_test: bool, now: datetime) -> dict[str, object]:
    """How the message starts: waiting in a lane, or ended for the decision's reason."""
    if decision.channel:
        return {
            "decision": decision.as_json(),
            "channel": decision.channel,
            "lane": lane_of(decision.channel, is_test=is_test),
        }
    return {
        "decision": decision.as_json(),
        "state": State.DONE,
        "finished_at": now,
        "outcome": OUTCOME_OF_REASON.get(decision.reason, Outcome.SUPPRESSED),
        "outcome_reason": decision.reason,
    }
