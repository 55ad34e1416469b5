"""Call tasks: opened when no channel is left, closed by whoever called or when no need is left."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from hub.customers import health
from hub.customers.models import Channel
from hub.errors import Conflict, Invalid
from hub.events.catalog import CustomerNotReached
from hub.events.outbox import publish
from notifications.models import CallTask, Message, Outcome
from notifications.purposes import fulfillment_of
from notifications.services.deciding import still_holds
from notifications.services.ending import close_calls
from orders.actions import is_first
from orders.models import FulfillmentOrder
from orders.text import clean

NOTE_CHARACTERS = 200
MOST_AT_ONCE = 500
NO_LONGER_TRUE = "no longer needed: the order has moved on"
ON_THE_WAY = "no longer needed: the customer is on the way or here"
WRONG_NUMBER = "wrong_number"

# What an outcome of the message means for whoever is to call, in few words.
WHY = {
    Outcome.SUPPRESSED: "no way to write to the customer",
    Outcome.ACCEPTED: "nobody confirmed that it arrived",
    Outcome.SENT: "nobody confirmed that it arrived",
    Outcome.UNKNOWN: "nobody confirmed that it arrived",
    Outcome.RETRY_WAIT: "no provider takes it",
    Outcome.AMBIGUOUS: "no provider confirmed it",
}
FAILED = "it could not be delivered"


class CallClosed(Conflict):
    """Somebody has called, or nobody needs to any more."""

    code = "call_closed"
    title = "This call is closed already"


@transaction.atomic
def open_call(*, message: Message, part: FulfillmentOrder) -> CallTask | None:
    """Ask the store to call the customer about the pickup; None when it has been asked already.

    Publishes CustomerNotReached.
    """
    reason = WHY.get(Outcome(message.outcome), FAILED)
    task = CallTask(
        store=part.store,
        fulfillment_id=part.pk,
        order_id=part.order_id,
        message=message,
        reason=reason,
    )
    CallTask.objects.bulk_create([task], ignore_conflicts=True)
    mine = CallTask.objects.filter(fulfillment_id=part.pk, message=message, closed_at__isnull=True)
    opened = mine.first()
    if opened is None:
        return None
    publish(CustomerNotReached(order_id=part.order_id, fulfillment_id=part.pk, task_id=opened.pk))
    return opened


@transaction.atomic
def note_call(*, task: CallTask, outcome: str, by: User, note: str = "", token: str = "") -> bool:
    """Note what came of a call; the answer says whether the task is closed now.

    When nobody took it the task stays open and the try is counted. A wrong number is not texted
    again. The same token again changes nothing. Raises CallClosed, and Invalid for an outcome
    that there is not.
    """
    if outcome not in CallTask.Outcome.values:
        raise Invalid("there is no such outcome")
    said = clean(note, limit=NOTE_CHARACTERS, what="the note")
    part = FulfillmentOrder.objects.get(pk=task.fulfillment_id)
    closes = outcome != CallTask.Outcome.NO_ANSWER
    if not is_first(fulfillment=part, action=f"call:{outcome}", token=token):
        return closes
    who = by.get_full_name() or by.get_username()
    changes: dict[str, object] = {"outcome": outcome, "note": said, "closed_by": who[:150]}
    if closes:
        changes["closed_at"] = Now()
    rows = CallTask.objects.filter(pk=task.pk, closed_at__isnull=True)
    if not rows.update(tries=F("tries") + 1, tried_at=Now(), **changes):
        raise CallClosed
    if outcome == CallTask.Outcome.WRONG_NUMBER:
        _distrust(part)
    return closes


def _distrust(part: FulfillmentOrder) -> None:
    address = part.order.contact.phone_hash
    if address:
        health.note_failure(
            address_hash=address, channel=Channel.SMS, reason=WRONG_NUMBER, permanent=True
        )


def close_needless(*, which: Q | None = None) -> int:
    """Close open tasks whose message is not true any more; returns how many.

    ``which`` narrows them, such as to those of one order.
    """
    open_ones = CallTask.objects.filter(which or Q(), closed_at__isnull=True)
    tasks = open_ones.select_related("message").order_by("pk")[:MOST_AT_ONCE]
    over = [task.pk for task in tasks if not _is_needed(task)]
    return close_calls(Q(pk__in=over), why=NO_LONGER_TRUE) if over else 0


def close_for_visit(*, fulfillment_id: int) -> int:
    """The customer is on the way or here, so he knows; returns how many tasks were closed."""
    return close_calls(Q(fulfillment_id=fulfillment_id), why=ON_THE_WAY)


def _is_needed(task: CallTask) -> bool:
    return still_holds(task.message, fulfillment_of(task.message.subject))
