"""The consent log: who agreed to be told what, by which words; each line seals the one before.

STOP is the line "revoked, all": nothing but a later "granted, all" of the person himself lifts
it. Nobody's silence is a refusal: an address given with an order may be told about that order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Max

from hub import clock
from hub.customers.errors import StillRefused
from hub.customers.models import ConsentEvent, ConsentHead
from hub.customers.proof import head_seal, line_digest
from hub.customers.purposes import ORDER_UPDATES

EVERY_PURPOSE = "all"
ORDERS = "orders"
GRANTED, DENIED, REVOKED = "granted", "denied", "revoked"
STATUSES = (GRANTED, DENIED, REVOKED)
REFUSALS = frozenset({DENIED, REVOKED})
CUSTOMER = "customer"
# The words under which the keywords work: they stand in every first text to an address.
KEYWORDS = "keywords-1"

_NEWEST = """
SELECT DISTINCT ON (address_hash, channel, purpose)
    address_hash, channel, purpose, sequence, status
FROM customers_consentevent
WHERE address_hash = ANY(%(addresses)s) AND programme = %(programme)s
ORDER BY address_hash, channel, purpose, sequence DESC
"""


class Word(NamedTuple):
    """The newest line on one purpose: its number in the log, and what it says."""

    sequence: int
    status: str


Words = Mapping[str, Word]  # by purpose


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

    ``status`` is granted, denied or revoked; purpose ``all`` means all of the programme, as STOP
    does. Writers to one address take turns. A line that is cut off later leaves a gap for good.
    """
    _take_turn(address_hash)
    sequence, previous_digest = _next_line(address_hash)
    event = ConsentEvent(
        address_hash=address_hash,
        sequence=sequence,
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
        previous_digest=previous_digest,
    )
    event.digest = line_digest(event)
    event.save(force_insert=True)
    _move_head(event)
    return event


def _next_line(address_hash: str) -> tuple[int, str]:
    """The number of the next line, and the digest of the head that it follows."""
    head = ConsentHead.objects.filter(address_hash=address_hash).first()
    lines = ConsentEvent.objects.filter(address_hash=address_hash)
    last = lines.aggregate(last=Max("sequence"))["last"] or 0  # the head's, unless it was forged
    return max(head.count if head else 0, last) + 1, head.digest if head else ""


def _move_head(event: ConsentEvent) -> None:
    """Let the head of the log be this line, its newest."""
    seal = head_seal(event.address_hash, event.sequence, event.digest)
    ConsentHead.objects.update_or_create(
        address_hash=event.address_hash,
        defaults={"count": event.sequence, "digest": event.digest, "seal": seal},
    )


@transaction.atomic
def agree(
    *,
    address_hash: str,
    channel: str,
    purpose: str,
    method: str,
    actor: str,
    wording: str,
    status: str = GRANTED,
    programme: str = ORDERS,
    locale: str = "",
    reference: str = "",
) -> ConsentEvent:
    """Append an agreement that somebody passes on, unless the address refuses the purpose.

    Imports and sites never lift a refusal. Raises StillRefused; a STOP that comes at the same
    moment is either seen here or stands behind it.
    """
    _take_turn(address_hash)
    if is_refused(address_hash, channel, purpose, programme):
        raise StillRefused
    return record_consent(
        address_hash=address_hash,
        channel=channel,
        purpose=purpose,
        programme=programme,
        status=status,
        method=method,
        actor=actor,
        wording=wording,
        locale=locale,
        reference=reference,
    )


def stop(
    *,
    address_hash: str,
    channel: str,
    method: str,
    programme: str = ORDERS,
    purpose: str = EVERY_PURPOSE,
    reference: str = "",
    locale: str = "",
    actor: str = CUSTOMER,
    wording: str = KEYWORDS,
) -> ConsentEvent:
    """Send nothing of the programme (or only of one ``purpose``) to the address by this channel
    any more, and return the line that says so. The same ``reference`` again adds no line."""
    return _say_once(
        address_hash=address_hash,
        channel=channel,
        purpose=purpose,
        programme=programme,
        status=REVOKED,
        method=method,
        actor=actor,
        wording=wording,
        reference=reference,
        locale=locale,
    )


def start(
    *,
    address_hash: str,
    channel: str,
    method: str,
    programme: str = ORDERS,
    reference: str = "",
    locale: str = "",
    actor: str = CUSTOMER,
    wording: str = KEYWORDS,
) -> ConsentEvent:
    """Lift every refusal of the address for this channel, because its owner said so, and return
    the line that says it. The same ``reference`` again adds no line."""
    return _say_once(
        address_hash=address_hash,
        channel=channel,
        purpose=EVERY_PURPOSE,
        programme=programme,
        status=GRANTED,
        method=method,
        actor=actor,
        wording=wording,
        reference=reference,
        locale=locale,
    )


def is_refused(
    address_hash: str, channel: str, purpose: str = ORDER_UPDATES, programme: str = ORDERS
) -> bool:
    """Whether the address refused to be told of the purpose by this channel, as it is now."""
    words = words_of([address_hash], programme=programme)
    return refuses(words.get((address_hash, channel), {}), purpose)


def words_of(
    addresses: Iterable[str], *, programme: str = ORDERS
) -> dict[tuple[str, str], dict[str, Word]]:
    """The newest words of many addresses, by (address hash, channel) and purpose; one query."""
    asked = sorted({address for address in addresses if address})
    found: dict[tuple[str, str], dict[str, Word]] = {}
    if not asked:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, {"addresses": asked, "programme": programme})
        for address, channel, purpose, sequence, status in cursor.fetchall():
            found.setdefault((address, channel), {})[purpose] = Word(sequence, status)
    return found


def refuses(words: Words, purpose: str) -> bool:
    """What these words say of the purpose: a STOP to everything counts until everything is
    granted again; a purpose that was never spoken of follows order_updates."""
    of_all = words.get(EVERY_PURPOSE)
    if of_all and of_all.status in REFUSALS:
        return True
    own = words.get(purpose) or words.get(ORDER_UPDATES)
    lifted = of_all is not None and own is not None and of_all.sequence > own.sequence
    return own is not None and own.status in REFUSALS and not lifted


@transaction.atomic
def _say_once(
    *,
    address_hash: str,
    channel: str,
    purpose: str,
    programme: str,
    status: str,
    method: str,
    actor: str,
    wording: str,
    reference: str,
    locale: str,
) -> ConsentEvent:
    _take_turn(address_hash)
    if reference and (
        known := ConsentEvent.objects.filter(
            address_hash=address_hash,
            channel=channel,
            purpose=purpose,
            programme=programme,
            status=status,
            method=method,
            reference=reference,
        ).first()
    ):
        return known
    return record_consent(
        address_hash=address_hash,
        channel=channel,
        purpose=purpose,
        programme=programme,
        status=status,
        method=method,
        actor=actor,
        wording=wording,
        reference=reference,
        locale=locale,
    )


def _take_turn(address_hash: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [address_hash])
