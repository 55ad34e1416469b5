"""Whether anything on a board changed, as cheaply as two hundred boards that ask all day need.

A board holds a *ticket*: which board it is and which stores it shows, signed. With it, it asks
for its *pulse*: a number made of everything the board shows, which stays the same until one of
these things changes, a deadline that passes among them; and how many wait on each board. A ticket
tells nothing else, so it needs no session to be looked up, and a few statements, read a few times
a second by each process, answer all boards of all stores.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.core import signing
from django.db import connection

from hub import clock
from hub.errors import NotFound
from orders.pulse_sql import CASES, LIVE_PARTS, PROGRESS, SPOTS, VISITS

SALT = "orders.pulse"
ALL = "all"
TICKET_SECONDS = 12 * 3600  # as long as a session
FRESH_SECONDS = 0.3
SLOW_SECONDS = 2.0
REST_SECONDS = 5.0  # spots and notes: they change a few times a day
MENU_SECONDS = 2.0  # how old the numbers in the menu may be
COST_SHARE = 20  # reading takes at most this part of a process's time
PATIENCE = 1.0  # all these times are multiplied by it

# Whose changes a board shows: its own, and those of the customers who come for what stands on it.
SHOWN = {"pick": ("pick", "arrivals"), "ready": ("ready", "arrivals")}

Counted = tuple[int, int]  # how many there are, and the sum of their signs
Sums = dict[int | None, dict[str, Counted]]  # by store, None for all, and by board


class TicketOver(NotFound):
    """Not a ticket, or one of yesterday: the board has to be opened again."""

    code = "ticket_over"
    title = "Open the board again"


@dataclass(frozen=True)
class Pulse:
    """What a board is told: 16 hexadecimal digits that change when it does, and what waits
    where."""

    sign: str
    counts: dict[str, int]


class Reading:
    """What a statement says of every store, read again when it is older than is asked for.

    The statement returns rows of store, board, how many and the sum of their signs; it takes
    ``stores`` (keys, or null for all) and ``now``.
    """

    def __init__(self, sql: str, seconds: float) -> None:
        self._sql, self._seconds = sql, seconds
        self._guard = threading.Lock()
        self._read_at = self._rest = 0.0
        self._sums: Sums = {}

    def known(self, age: float = 0.0) -> Sums:
        """The sums of all stores, ``age`` seconds old at most, or as old as the reading may be."""
        with self._guard:
            allowed = max(self._seconds, age, self._rest) * PATIENCE
            begun = time.monotonic()
            if not self._sums or begun - self._read_at >= allowed:
                self._sums = self.fresh(None)
                self._read_at, self._rest = begun, (time.monotonic() - begun) * COST_SHARE
            return self._sums

    def fresh(self, stores: Collection[int] | None) -> Sums:
        """The sums of these stores as they are now; for None of all."""
        keys = None if stores is None else list(stores)
        with connection.cursor() as cursor:
            cursor.execute(self._sql, {"stores": keys, "now": clock.now()})
            rows = cursor.fetchall()
        sums: Sums = defaultdict(dict)
        for store, board, count, sign in rows:
            for key in (store, None):
                before = sums[key].get(board, (0, 0))
                sums[key][board] = (before[0] + int(count), before[1] + int(sign or 0))
        sums.setdefault(None, {})
        return sums


_readings = [
    Reading(LIVE_PARTS, FRESH_SECONDS),
    Reading(VISITS, FRESH_SECONDS),
    Reading(CASES, FRESH_SECONDS),
    Reading(PROGRESS, SLOW_SECONDS),
    Reading(SPOTS, REST_SECONDS),
]


def watch(sql: str, *, seconds: float = FRESH_SECONDS) -> None:
    """Let an app above this one name what changes a board, or is a board of its own.

    The statement is as that of a Reading; boards are named as in the menu.
    """
    _readings.append(Reading(sql, seconds))


def ticket_for(stores: Iterable[int] | None, board: str) -> str:
    """A ticket for the pulse of a board of these stores, by their keys; for None of all of them."""
    shown = ALL if stores is None else sorted(stores)
    return signing.dumps([board, shown], salt=SALT, compress=True)


def pulse_of_ticket(ticket: str) -> Pulse:
    """The pulse as it was a third of a second ago at most. Raises TicketOver."""
    board, stores, until = _read_ticket(ticket)
    if time.time() > until:
        raise TicketOver
    return _pulse(board, [_of(reading.known(), stores) for reading in _readings])


def fresh_pulse(stores: Iterable[int] | None, board: str) -> Pulse:
    """The pulse of this moment: read it before the rows that a board shows."""
    keys = None if stores is None else list(stores)
    return _pulse(board, [reading.fresh(keys)[None] for reading in _readings])


def numbers(stores: Collection[int] | None) -> dict[str, int]:
    """How many wait on each board of these stores, two seconds ago at most: for the menu."""
    return _pulse("", [_of(reading.known(MENU_SECONDS), stores) for reading in _readings]).counts


@lru_cache(maxsize=2048)
def _read_ticket(ticket: str) -> tuple[str, frozenset[int] | None, float]:
    try:
        board, shown = signing.loads(ticket, salt=SALT, max_age=TICKET_SECONDS)
    except signing.BadSignature:
        raise TicketOver from None
    signed_at = signing.b62_decode(ticket.split(":")[-2])
    stores = None if shown == ALL else frozenset(shown)
    return board, stores, signed_at + TICKET_SECONDS


def _of(sums: Sums, stores: Collection[int] | None) -> dict[str, Counted]:
    """The sums of these stores together, by board."""
    keys = [None] if stores is None else [key for key in stores if key in sums]
    if len(keys) == 1:
        return sums[keys[0]]
    found: dict[str, Counted] = {}
    for key in keys:
        for board, (count, sign) in sums[key].items():
            before = found.get(board, (0, 0))
            found[board] = (before[0] + count, before[1] + sign)
    return found


def _pulse(board: str, read: list[dict[str, Counted]]) -> Pulse:
    counts: dict[str, int] = defaultdict(int)
    total = 0
    shown = SHOWN.get(board, (board,))
    for place, found in enumerate(read, 1):
        for name, (count, sign) in found.items():
            counts[name] += count
            if name in shown:
                total += sign * place
    waiting = {name: count for name, count in counts.items() if count}
    return Pulse(f"{total % 2**64:016x}", waiting)
