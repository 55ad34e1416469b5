"""Writing a message down before anything is sent, and deciding which channel it takes."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from hub import clock
from hub.customers.preferences import locale_for
from hub.events.catalog import MessageNotSent
from hub.events.leases import State
from hub.events.outbox import publish, wake_on_commit
from hub.trace import trace_id
from notifications.cases import case_of
from notifications.choosing import EXPIRED, STALE
from notifications.models import Message, Outcome
from notifications.purpose import Purpose
from notifications.services.carriers import Carriers
from notifications.services.deciding import STEP, Deciding, Question, as_kept
from orders.models import FulfillmentOrder

OUTCOME_OF_REASON = {STALE: Outcome.CANCELED, EXPIRED: Outcome.EXPIRED}


@transaction.atomic
def write_message(
    *,
    purpose: Purpose,
    subject: str,
    follows: Message | None = None,
    excluded: frozenset[str] = frozenset(),
) -> Message | None:
    """Leave one message about the subject for the relays to send, or say why none goes out.

    The message of an occasion is written once, however often this is called: later calls, and
    subjects that no store prepares, return None. One that ``follows`` another is written once for
    that, and takes none of the ``excluded`` channels. A message with no channel to take is settled
    at once, as suppressed, canceled or expired, and MessageNotSent is published.
    """
    case = case_of(subject)
    if case.fulfillment is None or case.order is None:
        return None
    part, now = case.fulfillment, clock.now()
    expires_at = purpose.expires_at(part, now)
    question = Question(
        case=case,
        purpose=purpose,
        still_true=purpose.holds(part),
        expired=expires_at <= now,
        is_test=case.order.is_test,
        excluded=excluded,
    )
    message = Message(
        purpose=purpose.name,
        subject=subject,
        order_id=case.order.pk,
        profile=case.profile,
        contact=case.contact,
        follows=follows,
        locale=locale_of(part),
        dedupe_key=_key(purpose, part, follows),
        is_test=case.order.is_test,
        trace_id=trace_id(),
        expires_at=expires_at,
        **standing_of_new(question),
    )
    return keep(message)


def keep(message: Message) -> Message | None:
    """Insert it unless its occasion has one, and let the relays or the reactions know."""
    Message.objects.bulk_create([message], ignore_conflicts=True)
    written = Message.objects.filter(public_id=message.public_id).first()
    if written and written.state == State.PENDING:
        wake_on_commit()
    elif written:
        publish(MessageNotSent(order_id=written.order_id, message_id=written.pk))
    return written


def _key(purpose: Purpose, part: FulfillmentOrder, follows: Message | None) -> str:
    key = purpose.dedupe_key(part)
    return f"{key}{STEP}{follows.pk}" if follows else key


def locale_of(fulfillment: FulfillmentOrder) -> str:
    """The language the customer chose, else the order's, else the customer's, else the store's."""
    order = fulfillment.order
    return locale_for(order.profile, said=order.locale, usual=fulfillment.store.locale)


def standing_of_new(question: Question, *, lane: str = "") -> dict[str, Any]:
    """How a message starts, by column: waiting in that lane, else in its channel's usual one; or
    ended for the decision's reason.

    Whether a provider can be reached just now is asked when it is claimed, not here.
    """
    carriers = Carriers(tests=[question.is_test], all_reachable=True)
    decision, _ = Deciding([question], carriers=carriers).decide(question)
    kept = as_kept(decision, question)
    if decision.channel:
        usual = carriers.usual_lane(decision.channel, is_test=question.is_test)
        return {"decision": kept, "channel": decision.channel, "lane": lane or usual}
    return {
        "decision": kept,
        "state": State.DONE,
        "finished_at": clock.now(),
        "outcome": OUTCOME_OF_REASON.get(decision.reason, Outcome.SUPPRESSED),
        "outcome_reason": decision.reason,
    }
