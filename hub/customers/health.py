"""Which addresses work: what providers said of those that once did not."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection

from hub import clock
from hub.customers.models import AddressHealth

REASON_CHARACTERS = 60
# Numbers are given to new owners, mailboxes are repaired: after this a dead address is tried anew.
TRIED_ANEW_AFTER = timedelta(days=180)

_FAILED = """
INSERT INTO customers_addresshealth AS known
    (address_hash, channel, state, reason, failures, changed_at)
VALUES (%(address)s, %(channel)s, %(state)s, %(reason)s, 1, %(now)s)
ON CONFLICT (address_hash, channel) DO UPDATE SET
    state = CASE WHEN known.state = 'dead' THEN 'dead' ELSE EXCLUDED.state END,
    reason = CASE WHEN known.state = 'dead' AND EXCLUDED.state <> 'dead' THEN known.reason
        ELSE EXCLUDED.reason END,
    failures = least(known.failures + 1, 32767),
    changed_at = EXCLUDED.changed_at
"""


def note_failure(*, address_hash: str, channel: str, reason: str, permanent: bool) -> None:
    """Remember that the address did not work; when ``permanent``, use it no more.

    ``reason`` is a provider's code or a word such as hard_bounce. A dead address stays dead
    whatever is said of it later, until it works.
    """
    state = AddressHealth.State.DEAD if permanent else AddressHealth.State.SHAKY
    values: dict[str, str | datetime] = {
        "address": address_hash,
        "channel": channel,
        "state": state.value,
        "reason": reason[:REASON_CHARACTERS],
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FAILED, values)


def note_success(*, address_hash: str, channel: str) -> None:
    """Forget whatever bad was known of the address: something reached it, or came from it."""
    AddressHealth.objects.filter(address_hash=address_hash, channel=channel).delete()


def works(address_hash: str, channel: str) -> bool:
    """Whether the address may be tried: nothing is known against it, or that was long ago."""
    known = AddressHealth.objects.filter(address_hash=address_hash, channel=channel).first()
    return known is None or may_be_tried(known, clock.now())


def health_of(addresses: Collection[str]) -> dict[tuple[str, str], AddressHealth]:
    """What is known against many addresses, by (address hash, channel); one query."""
    rows = AddressHealth.objects.filter(address_hash__in=addresses) if addresses else ()
    return {(row.address_hash, row.channel): row for row in rows}


def may_be_tried(known: AddressHealth, now: datetime) -> bool:
    """Whether an address with this record may be written to."""
    lately = known.changed_at > now - TRIED_ANEW_AFTER
    return not (known.state == AddressHealth.State.DEAD and lately)
