"""Receipts come late, twice and in any order: each is kept once, and the best news stands."""

from __future__ import annotations

import hashlib

from django.db import connection, transaction
from django.db.models import Q

from hub import clock
from hub.events.catalog import MessageDelivered, MessageNotSent
from hub.events.outbox import publish
from notifications.models import Message, Outcome, Receipt

LONGEST_REFERENCE = 120

RANK = {
    Outcome.CREATED: 0,
    Outcome.SUBMITTING: 0,
    Outcome.AMBIGUOUS: 0,
    Outcome.SUPPRESSED: 1,
    Outcome.CANCELED: 1,
    Outcome.EXPIRED: 1,
    Outcome.FAILED: 1,
    Outcome.ACCEPTED: 2,
    Outcome.UNDELIVERED: 3,
    Outcome.DELIVERED: 4,
}
OUTCOME_OF_STATUS = {"delivered": Outcome.DELIVERED, "failed": Outcome.UNDELIVERED}


@transaction.atomic
def take_receipt(*, provider: str, reference: str, status: str, raw: str) -> Receipt:
    """Keep what a provider said of a text and raise the message's outcome if it is better news.

    ``reference`` is the hub's or the provider's own. A receipt whose message is not known (yet)
    waits unmatched. Publishes MessageDelivered or MessageNotSent when the outcome rose to it.
    """
    receipt = Receipt(
        provider=provider,
        reference=reference,
        status=status,
        raw_hash=hashlib.sha256(raw.encode()).hexdigest(),
    )
    hold_reference(provider, reference)
    Receipt.objects.bulk_create([receipt], ignore_conflicts=True)
    kept = Receipt.objects.get(
        provider=provider, reference=reference, status=status, raw_hash=receipt.raw_hash
    )
    named = Q(public_id=reference) | Q(provider_reference=reference)
    message = Message.objects.filter(named, lane=f"sms:{provider}").first()
    if message:
        _fold(message, kept)
    return kept


def hold_reference(provider: str, reference: str) -> None:
    """Let receipts of a text, and our own record of its reference, take turns until the commit.

    Else each could look for the other before either is there to be seen. Before any row's lock.
    """
    with connection.cursor() as cursor:
        key = f"receipt:{provider}:{reference}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))", [key])


def fold_parked(message: Message, reference: str) -> None:
    """Fold the receipts that named the message before its provider's reference was known here.

    The caller holds the reference.
    """
    provider = message.lane.removeprefix("sms:")
    for receipt in Receipt.objects.filter(provider=provider, reference=reference, matched=False):
        _fold(message, receipt)


def raise_outcome(message: Message, outcome: Outcome) -> bool:
    """Set the outcome if it outranks the present one; the answer says whether it did."""
    lower = [known for known, rank in RANK.items() if rank < RANK[outcome]]
    delivered = {"delivered_at": clock.now()} if outcome == Outcome.DELIVERED else {}
    row = Message.objects.filter(pk=message.pk, outcome__in=lower)
    return bool(row.update(outcome=outcome, outcome_reason="", **delivered))


def _fold(message: Message, receipt: Receipt) -> None:
    Receipt.objects.filter(pk=receipt.pk).update(matched=True)
    receipt.matched = True
    outcome = OUTCOME_OF_STATUS[receipt.status]
    if raise_outcome(message, outcome):
        told = MessageDelivered if outcome == Outcome.DELIVERED else MessageNotSent
        publish(told(order_id=message.order_id, message_id=message.pk))
