"""Receipts come late, twice and in any order: each is kept once, and the best news stands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from hub import clock
from hub.customers import health
from hub.customers.consent import stop
from hub.customers.models import Channel
from hub.events.catalog import MessageDelivered, MessageNotSent
from hub.events.leases import State
from hub.events.outbox import publish
from notifications.codes import verdict_of
from notifications.models import Message, Outcome, Receipt, TextingRules
from notifications.services.ending import MUST_REACH, end_chase, note_stale

LONGEST_REFERENCE = 120
LONGEST_REASON = 60
PENDING = "pending"

RANK = {
    Outcome.CREATED: 0,
    Outcome.DEFERRED: 0,
    Outcome.SUBMITTING: 0,
    Outcome.RETRY_WAIT: 0,
    Outcome.AMBIGUOUS: 0,
    Outcome.SUPPRESSED: 1,
    Outcome.CANCELED: 1,
    Outcome.EXPIRED: 1,
    Outcome.FAILED: 1,
    Outcome.DEAD: 1,
    Outcome.ACCEPTED: 2,
    Outcome.SENT: 3,
    Outcome.UNKNOWN: 4,
    Outcome.UNDELIVERED: 5,
    Outcome.DELIVERED: 6,
}
OUTCOME_OF_STATUS = {
    "accepted": Outcome.ACCEPTED,
    "sent": Outcome.SENT,
    PENDING: Outcome.SENT,  # the carrier has it, and could not hand it over at once
    "undelivered": Outcome.UNDELIVERED,
    "failed": Outcome.UNDELIVERED,
    "delivered": Outcome.DELIVERED,
}
# What the owner of an e-mail address says about all that comes, not how one message fared.
STATUS_OF_REFUSAL = {"complained": "complaint", "unsubscribed": "unsubscribe"}
STATUSES = {*OUTCOME_OF_STATUS, *STATUS_OF_REFUSAL}
FAILURES = [Outcome.UNDELIVERED, Outcome.FAILED, Outcome.DEAD]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a provider said of a message. ``source`` is ``sms:<provider>`` or ``email:<provider>``,
    ``raw`` the call as it came, ``call_id`` where that is kept."""

    source: str
    reference: str
    status: str
    raw: str
    code: str = ""
    call_id: int | None = None

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self.source.partition(":")[2]

    @property
    def channel(self) -> str:
        """The channel it carries."""
        return self.source.partition(":")[0]


def take_receipt(*, provider: str, reference: str, status: str, raw: str) -> Receipt:
    """As ``take_heard``, of a text and without a code."""
    source = f"{Channel.SMS}:{provider}"
    return take_heard(Heard(source=source, reference=reference, status=status, raw=raw))


@transaction.atomic
def take_heard(heard: Heard) -> Receipt:
    """Keep what a provider said of a message and raise its outcome if that is better news.

    ``reference`` is the hub's or the provider's own. A receipt whose message is not known (yet)
    waits unmatched. Publishes MessageDelivered or MessageNotSent when the outcome rose to it.
    """
    digest = hashlib.sha256(heard.raw.encode()).hexdigest()
    told = {"provider": heard.provider, "reference": heard.reference, "status": heard.status}
    hold_reference(heard.provider, heard.reference)
    receipt = Receipt(**told, raw_hash=digest, code=heard.code, call_id=heard.call_id)
    Receipt.objects.bulk_create([receipt], ignore_conflicts=True)
    kept = Receipt.objects.get(**told, raw_hash=digest)
    message = named_by(heard.reference, provider=heard.provider, channel=heard.channel)
    if message:
        fold(message, kept)
    return kept


def named_by(reference: str, *, provider: str, channel: str) -> Message | None:
    """The message a receipt speaks of: this provider had it, by our reference or its own."""
    named = Q(public_id=reference) | Q(provider_reference=reference)
    lane = Q(lane=f"{channel}:{provider}")
    if channel == Channel.EMAIL:
        lane |= Q(lane=Channel.EMAIL)
    return Message.objects.filter(named & lane).first()


def hold_reference(provider: str, reference: str) -> None:
    """Let receipts of a text, and our own record of its reference, take turns until the commit.

    Else each could look for the other before either is there to be seen. Before any row's lock.
    """
    hold_references([(provider, reference)])


def hold_references(named: Iterable[tuple[str, str]]) -> None:
    """As above for many (provider, reference), in one order for all who ask."""
    keys = sorted({f"receipt:{provider}:{reference}" for provider, reference in named})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(key, 2))"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS asked (key, place)",
            [keys],
        )


def fold_parked(message: Message, reference: str) -> None:
    """Fold the receipts that named the message before its provider's reference was known here.

    The caller holds the reference.
    """
    provider = message.lane.partition(":")[2] or message.provider
    waiting = Receipt.objects.filter(provider=provider, reference=reference, matched=False)
    for receipt in waiting.order_by("pk"):
        fold(message, receipt)


def raise_outcome(message: Message, outcome: Outcome, *, reason: str = "", code: str = "") -> bool:
    """Set the outcome if it outranks the present one; the answer says whether it did."""
    lower = [known for known, rank in RANK.items() if rank < RANK[outcome]]
    rows = Message.objects.filter(pk=message.pk, outcome__in=lower)
    changed = rows.update(
        outcome=outcome,
        outcome_reason=reason[:LONGEST_REASON],
        provider_code=code,
        **_times(message, outcome),
    )
    return bool(changed)


def fold(message: Message, receipt: Receipt) -> None:
    """Let one receipt tell once how the message fares; again, it says nothing new.

    The caller holds the receipt's reference.
    """
    rows = Receipt.objects.filter(pk=receipt.pk, matched=False)
    if not rows.update(matched=True, message=message):
        return
    receipt.matched, receipt.message_id = True, message.pk
    if receipt.status in STATUS_OF_REFUSAL:
        _take_refusal(message, STATUS_OF_REFUSAL[receipt.status])
        return
    outcome = OUTCOME_OF_STATUS[receipt.status]
    verdict = verdict_of(receipt.code)
    reason = verdict.means if outcome == Outcome.UNDELIVERED else ""
    rose = raise_outcome(message, outcome, reason=reason, code=receipt.code)
    if outcome == Outcome.DELIVERED and rose:
        _note_delivered(message)
    elif outcome == Outcome.UNDELIVERED:
        _note_undelivered(message, receipt, rose)


def _times(message: Message, outcome: Outcome) -> dict[str, object]:
    """What else changes with the outcome, told by the row as it was."""
    now = clock.now()
    if outcome == Outcome.DELIVERED:
        late = When(outcome__in=FAILURES, then=Value(True))
        parked = When(state=State.PARKED, then=Value(State.DONE))
        return {
            "delivered_at": now,
            "reach_by": None,
            "delivered_late": Case(late, default=F("delivered_late")),
            "state": Case(parked, default=F("state")),
        }
    if outcome == Outcome.UNDELIVERED:
        return {"reach_by": None}
    sent = {"sent_at": Coalesce("sent_at", Value(now))} if outcome == Outcome.SENT else {}
    return {**sent, **_reach_by(message)}


def _reach_by(message: Message) -> dict[str, Combinable]:
    """The provider has it although our own record was lost: it is followed up like any other."""
    if message.purpose not in MUST_REACH or message.accepted_at or message.followed_at:
        return {}
    rules = TextingRules.objects.first() or TextingRules()
    by = clock.now() + timedelta(minutes=rules.reach_minutes)
    return {"reach_by": Coalesce("reach_by", Value(by))}


def _note_delivered(message: Message) -> None:
    publish(MessageDelivered(order_id=message.order_id, message_id=message.pk))
    if address := _address_hash(message):
        health.note_success(address_hash=address, channel=message.channel)
    note_stale(message)
    end_chase(message)


def _note_undelivered(message: Message, receipt: Receipt, rose: bool) -> None:
    """Remember what the code says of the address; a text that the carrier held for a while and
    then gave up says nothing for good."""
    verdict = verdict_of(receipt.code)
    if rose:
        publish(MessageNotSent(order_id=message.order_id, message_id=message.pk))
    if verdict.refused:
        _take_refusal(message, "carrier")
    address = _address_hash(message)
    if not rose or not address or verdict.alert or verdict.refused:
        return
    held = Receipt.objects.filter(message=message, status=PENDING).exists()
    health.note_failure(
        address_hash=address,
        channel=message.channel,
        reason=receipt.code or receipt.status,
        permanent=verdict.permanent and not held,
    )


def _take_refusal(message: Message, method: str) -> None:
    """The owner of the address wants nothing more by this channel."""
    if address := _address_hash(message):
        stop(
            address_hash=address,
            channel=message.channel,
            method=method,
            reference=message.public_id,
            locale=message.locale,
            actor="provider",
            wording="",
        )


def _address_hash(message: Message) -> str:
    if message.contact is None:
        return message.address_hash
    by_text = message.channel == Channel.SMS
    return message.contact.phone_hash if by_text else message.contact.email_hash
