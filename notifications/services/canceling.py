"""Taking back what has not reached its customer, because it is over."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from hub import clock
from hub.connectors.sms.base import CancelsTexts
from hub.customers.models import Channel
from hub.errors import ConnectorError
from hub.events.catalog import MessageNotSent
from hub.events.leases import State
from hub.events.outbox import publish_all
from hub.providers.services import account_named, connector_for
from notifications.models import Message, Outcome

logger = logging.getLogger("hub.notifications")

# No try of these is under way: they have certainly not left.
WAITING = [
    Outcome.CREATED,
    Outcome.DEFERRED,
    Outcome.RETRY_WAIT,
    Outcome.FAILED,
    Outcome.DEAD,
]
# A try of these may be under way, or may have got through: no further one is made.
IN_DOUBT = [Outcome.SUBMITTING, Outcome.AMBIGUOUS]
# A provider has these, and has not said that they arrived.
HELD = [Outcome.ACCEPTED, Outcome.SENT]
LONGEST_REASON = 60


def cancel_messages(*, subject: str, reason: str) -> int:
    """Let nothing more about the subject reach its customer, and return how many were stopped.

    Waiting, deferred and retrying messages end as canceled, parked ones too, so that no replay
    brings them back. One that a worker is handing over in this very moment is stopped if it has
    not left yet. What a provider still holds is taken back where it can do that. Must be called
    outside a transaction: providers are asked.
    """
    messages = Message.objects.filter(subject=subject)
    taken = [take_back(one, reason=reason) for one in held(messages)]
    return _end_waiting(messages, reason) + sum(taken)


@transaction.atomic
def _end_waiting(messages: QuerySet[Message], reason: str) -> int:
    unfinished = [State.PENDING, State.PARKED]
    rows = messages.filter(state__in=unfinished, outcome__in=WAITING + IN_DOUBT)
    ended = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    Message.objects.filter(pk__in=[row.pk for row in ended]).update(
        state=State.DONE,
        lease=None,
        finished_at=Now(),
        outcome=Outcome.CANCELED,
        outcome_reason=reason[:LONGEST_REASON],
        reach_by=None,
    )
    _tell(ended)
    return len(ended)


def held(messages: QuerySet[Message]) -> list[Message]:
    """Texts that a provider has had for less time than it would keep them."""
    alive = messages.filter(channel=Channel.SMS, outcome__in=HELD, expires_at__gt=clock.now())
    return list(alive.order_by("pk"))


def take_back(message: Message, *, reason: str) -> bool:
    """Ask the provider to drop a text that it still holds; the answer says whether it did.

    Must be called outside a transaction.
    """
    account = account_named(message.provider, channel=Channel.SMS)
    connector = connector_for(account) if account else None
    if not isinstance(connector, CancelsTexts):
        return False
    try:
        gone = connector.cancel(reference=message.provider_reference)
    except ConnectorError as error:
        logger.warning("not taken back: %s", error, extra={"row": message.pk})
        return False
    return gone and _note_taken_back(message, reason)


@transaction.atomic
def _note_taken_back(message: Message, reason: str) -> bool:
    """A receipt that says it arrived, all the same, stands above this."""
    rows = Message.objects.filter(pk=message.pk, outcome__in=HELD)
    changed = rows.update(
        outcome=Outcome.CANCELED, outcome_reason=reason[:LONGEST_REASON], reach_by=None
    )
    if changed:
        _tell([message])
    return bool(changed)


def _tell(messages: Sequence[Message]) -> None:
    if messages:
        publish_all(
            [MessageNotSent(order_id=one.order_id, message_id=one.pk) for one in messages],
            traces=[one.trace_id for one in messages],
        )
