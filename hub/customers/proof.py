"""Whether the consent log is as it was written: its seals, and how they are checked.

Each line carries the digest of its own fields and of the line before, so that a changed, inserted
or removed line shows. The head of the log counts the lines and is sealed with the hub's own key,
so that the removal of the newest ones shows as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC

from hub.crypto import lookup_hash
from hub.customers.models import ConsentEvent, ConsentHead

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


def verify_chain(address_hash: str) -> list[int]:
    """The sequence numbers in the log of an address that are missing, changed, inserted or badly
    chained; empty when it is whole."""
    return verify_chains([address_hash])[address_hash]


def verify_chains(addresses: Iterable[str]) -> dict[str, list[int]]:
    """The same of many addresses, in two queries."""
    asked = list(addresses)
    heads = {one.address_hash: one for one in ConsentHead.objects.filter(address_hash__in=asked)}
    lines: dict[str, list[ConsentEvent]] = {address: [] for address in asked}
    for event in ConsentEvent.objects.filter(address_hash__in=asked).order_by("sequence"):
        lines[event.address_hash].append(event)
    return {address: list(_broken(lines[address], heads.get(address))) for address in asked}


def line_digest(event: ConsentEvent) -> str:
    """SHA-256 over the digest before and the line's own fields, in hex."""
    fields = [
        event.previous_digest,
        event.address_hash,
        str(event.sequence),
        *(str(getattr(event, name)) for name in _TEXTS),
        event.occurred_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
    ]
    return hashlib.sha256(_SEPARATOR.join(fields).encode()).hexdigest()


def head_seal(address_hash: str, count: int, digest: str) -> str:
    """A keyed hash over what the head says; who has only the database cannot make it."""
    return lookup_hash("consent_head", _SEPARATOR.join([address_hash, str(count), digest]))


def _broken(events: list[ConsentEvent], head: ConsentHead | None) -> Iterator[int]:
    by_number = {event.sequence: event for event in events}
    counted = head.count if head else 0
    last = max(by_number, default=0)
    previous = ""
    for number in range(1, max(last, counted) + 1):
        event = by_number.get(number)
        sound = event is not None and _is_sound(event, previous) and number <= counted
        if not sound or (number == counted and not _agrees(head, event)):
            yield number
        previous = event.digest if event else previous


def _is_sound(event: ConsentEvent, previous: str) -> bool:
    return event.previous_digest == previous and event.digest == line_digest(event)


def _agrees(head: ConsentHead | None, newest: ConsentEvent | None) -> bool:
    if head is None or newest is None or head.digest != newest.digest:
        return False
    return head.seal == head_seal(head.address_hash, head.count, head.digest)
