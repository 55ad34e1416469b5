"""Whether anything at the curb changed, as cheaply as two hundred boards that ask all day need.

A board holds a *ticket*: which stores it shows, signed. With it, it asks for its *pulse*: a
number made of everything a board shows, which stays the same until one of these things changes.
A ticket tells nothing else, so it needs no session to be looked up, and one statement, read a few
times a second by each process, answers all boards of all stores.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import lru_cache

from django.core import signing
from django.db import connection

from hub.errors import NotFound
from orders.models.visit import ACTIVE_VISIT

SALT = "orders.curbside.pulse"
ALL = "all"
TICKET_SECONDS = 12 * 3600  # as long as a session
FRESH_SECONDS = 0.3
COST_SHARE = 20  # reading takes at most this part of a process's time
REST_SECONDS = 5.0  # spots and notes: they change a few times a day

_VISITS = """
SELECT visit.store_id, sum(hash_record_extended((
    visit.id, visit.version, visit.claimed_at, visit.missing_at, visit.spot_asked_at,
    visit.spot_id, pickup.id, part.version), 0))
FROM orders_visit visit
LEFT JOIN orders_visitpickup pickup ON pickup.visit_id = visit.id AND pickup.active
LEFT JOIN orders_fulfillmentorder part ON part.id = pickup.fulfillment_id
WHERE visit.status = ANY(%(active)s)
  AND (%(stores)s::bigint[] IS NULL OR visit.store_id = ANY(%(stores)s))
GROUP BY visit.store_id
"""
_REST = """
SELECT store_id, sum(sign) FROM (
    SELECT store_id, hash_record_extended((1, id), 0) AS sign
    FROM orders_strayarrival WHERE seen_at IS NULL
    UNION ALL
    SELECT store_id, hash_record_extended((2, id, label, active, closed_for), 0)
    FROM orders_spot
) AS rest
WHERE (%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s))
GROUP BY store_id
"""


class TicketOver(NotFound):
    """Not a ticket, or one of yesterday: the board has to be opened again."""

    code = "ticket_over"
    title = "Open the board again"


class _Reading:
    """What a statement says of every store, read again when it is older than ``seconds``."""

    def __init__(self, sql: str, seconds: float) -> None:
        self._sql, self._seconds = sql, seconds
        self._guard = threading.Lock()
        self._until = 0.0
        self._sums: dict[int, int] = {}

    def of(self, stores: Collection[int] | None) -> int:
        """The sum of the stores' numbers; of all stores for None."""
        with self._guard:
            if time.monotonic() >= self._until:
                begun = time.monotonic()
                self._sums = _sums(self._sql, None)
                cost = time.monotonic() - begun
                self._until = begun + max(self._seconds, cost * COST_SHARE)
            return _sum(self._sums, stores)


_visits = _Reading(_VISITS, FRESH_SECONDS)
_rest = _Reading(_REST, REST_SECONDS)


def ticket_for(stores: Iterable[int] | None) -> str:
    """A ticket for the pulse of these stores, by their keys; for None of all of them."""
    shown = ALL if stores is None else sorted(stores)
    return signing.dumps(shown, salt=SALT, compress=True)


def pulse_of_ticket(ticket: str) -> str:
    """The pulse as it was a third of a second ago at most. Raises TicketOver."""
    stores, until = _read_ticket(ticket)
    if time.time() > until:
        raise TicketOver
    return _shown(_visits.of(stores) + _rest.of(stores))


def fresh_pulse(stores: Iterable[int] | None) -> str:
    """The pulse of this moment: read it before the rows that a board shows."""
    keys = None if stores is None else list(stores)
    return _shown(_sum(_sums(_VISITS, keys), None) + _sum(_sums(_REST, keys), None))


@lru_cache(maxsize=2048)
def _read_ticket(ticket: str) -> tuple[frozenset[int] | None, float]:
    try:
        shown = signing.loads(ticket, salt=SALT, max_age=TICKET_SECONDS)
    except signing.BadSignature:
        raise TicketOver from None
    signed_at = signing.b62_decode(ticket.split(":")[-2])
    stores = None if shown == ALL else frozenset(shown)
    return stores, signed_at + TICKET_SECONDS


def _sums(sql: str, stores: list[int] | None) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"active": ACTIVE_VISIT, "stores": stores})
        return defaultdict(int, {store: int(total) for store, total in cursor.fetchall()})


def _sum(sums: dict[int, int], stores: Collection[int] | None) -> int:
    return sum(sums.values()) if stores is None else sum(sums.get(key, 0) for key in stores)


def _shown(total: int) -> str:
    return f"{total % 2**64:016x}"
