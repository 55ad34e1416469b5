"""The consent log: who agreed to be told what, by which words; each line seals the one before.

The chain shows changed, inserted and removed lines, except the removal of the newest ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from django.db import connection, transaction

from hub import clock
from hub.customers.models import ConsentEvent

EVERY_PURPOSE = "all"
ORDERS = "orders"
REFUSALS = {"denied", "revoked"}

_SEPARATOR = "\x1f"
# The sealed fields in their order; invariants.sql repeats them.
_TEXTS = (
    "channel",
    "purpose",
    "programme",
    "status",
    "method",
    "actor",
    "wording",
    "locale",
    "reference",
)


@transaction.atomic
def record_consent(
    *,
    address_hash: str,
    channel: str,
    purpose: str,
    status: str,
    method: str,
    actor: str,
    wording: str,
    programme: str = ORDERS,
    locale: str = "",
    reference: str = "",
    occurred_at: datetime | None = None,
) -> ConsentEvent:
    """Append one line to the log of an address (its keyed hash, as in Contact) and return it.

    ``status`` is granted, denied or revoked; the purpose ``all`` speaks of every purpose of the
    programme, as STOP does. Writers to one address take turns.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [address_hash])
    last = ConsentEvent.objects.filter(address_hash=address_hash).order_by("-sequence").first()
    event = ConsentEvent(
        address_hash=address_hash,
        sequence=last.sequence + 1 if last else 1,
        channel=channel,
        purpose=purpose,
        programme=programme,
        status=status,
        method=method,
        actor=actor,
        wording=wording,
        locale=locale,
        reference=reference,
        occurred_at=occurred_at or clock.now(),
        previous_digest=last.digest if last else "",
    )
    event.digest = _seal(event)
    event.save(force_insert=True)
    return event


def is_refused(
    address_hash: str, channel: str, purpose: str = "order_updates", programme: str = ORDERS
) -> bool:
    """Whether the newest word of the address on this purpose, or on all of them, is a refusal.

    No word at all is no refusal: an address given with an order may be told about that order.
    """
    newest = (
        ConsentEvent.objects.filter(
            address_hash=address_hash,
            channel=channel,
            programme=programme,
            purpose__in=[purpose, EVERY_PURPOSE],
        )
        .order_by("-sequence")
        .values_list("status", flat=True)
        .first()
    )
    return newest in REFUSALS


def verify_chain(address_hash: str) -> list[int]:
    """The sequence numbers in the log of an address that are missing, changed or badly chained."""
    return list(_broken(list(ConsentEvent.objects.filter(address_hash=address_hash))))


def _broken(events: list[ConsentEvent]) -> Iterator[int]:
    by_number = {event.sequence: event for event in events}
    previous = ""
    for number in range(1, max(by_number, default=0) + 1):
        event = by_number.get(number)
        if event is None or event.previous_digest != previous or event.digest != _seal(event):
            yield number
        previous = event.digest if event else previous


def _seal(event: ConsentEvent) -> str:
    fields = [
        event.previous_digest,
        event.address_hash,
        str(event.sequence),
        *(str(getattr(event, name)) for name in _TEXTS),
        event.occurred_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
    ]
    return hashlib.sha256(_SEPARATOR.join(fields).encode()).hexdigest()
