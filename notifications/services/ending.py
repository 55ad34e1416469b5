"""What ends when a message has arrived: chasing its customer; and whether it came too late."""

from __future__ import annotations

from django.db.models import Q
from django.db.models.functions import Now

from hub import clock
from hub.events.catalog import MessageNotSent
from hub.events.leases import State
from hub.events.outbox import publish
from notifications.models import CallTask, Message, Outcome
from notifications.purposes import PURPOSES, fulfillment_of
from notifications.services.deciding import still_holds

MUST_REACH = sorted(name for name, purpose in PURPOSES.items() if purpose.must_reach)
ARRIVED_AFTER_ALL = "arrived after all"
SYSTEM = "system"
# No try of these is under way: the customer has certainly not got them.
NOT_GONE = [Outcome.CREATED, Outcome.DEFERRED, Outcome.RETRY_WAIT]


def note_stale(message: Message) -> None:
    """Mark what was delivered although it was not true any more; 0 of them is the aim."""
    if message.purpose not in PURPOSES:
        return
    if not still_holds(message, fulfillment_of(message.subject)):
        rows = Message.objects.filter(pk=message.pk, stale_at__isnull=True)
        rows.update(stale_at=clock.now())


def end_chase(message: Message) -> None:
    """The customer has it: what stands in for it does not leave any more, nobody calls him.

    In the transaction that noted the arrival, after it: whoever follows the message up either did
    so before and is seen here, or finds that it has arrived.
    """
    family = _family(message)
    waiting = Message.objects.filter(pk__in=family, state=State.PENDING, outcome__in=NOT_GONE)
    for row in waiting.exclude(pk=message.pk):
        _call_off(row)
    close_calls(Q(message_id__in=family), why=ARRIVED_AFTER_ALL)


def close_calls(which: Q, *, why: str) -> int:
    """Close open call tasks that nobody needs any more; returns how many."""
    return CallTask.objects.filter(which, closed_at__isnull=True).update(
        closed_at=Now(), closed_by=SYSTEM, outcome=CallTask.Outcome.NOT_NEEDED, note=why
    )


def _family(message: Message) -> list[int]:
    """The message, those that stand in for it, and so on; a channel each at most."""
    found, newest = [message.pk], [message.pk]
    while newest:
        followers = Message.objects.filter(follows__in=newest).exclude(pk__in=found)
        newest = list(followers.values_list("pk", flat=True))
        found += newest
    return found


def _call_off(row: Message) -> None:
    rows = Message.objects.filter(pk=row.pk, state=State.PENDING, outcome__in=NOT_GONE)
    ended = rows.update(
        state=State.DONE,
        lease=None,
        finished_at=Now(),
        outcome=Outcome.CANCELED,
        outcome_reason=ARRIVED_AFTER_ALL,
        followed_at=clock.now(),
        reach_by=None,
    )
    if ended:
        publish(MessageNotSent(order_id=row.order_id, message_id=row.pk))
