"""Making up the days: those on which something has changed, every few minutes.

A day is made up whole from what happened, in one transaction, so that a run that is repeated,
dies or comes late does no harm; two at once do not happen. Each night the last days are made up
again, whatever the facts said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Min

from hub import clock
from hub.stores.models import Store
from orders.models import FulfillmentOrder, RollupMark
from orders.reporting import statements as sql

LAST_DAYS = 35
DAYS_AT_ONCE = 1000  # of stores, in one transaction
MARGIN = timedelta(minutes=15)
NAME = "orders"
_TAKE = "SELECT pg_try_advisory_lock(hashtextextended('rollup:' || %s::text, 0))"
_GIVE_BACK = "SELECT pg_advisory_unlock(hashtextextended('rollup:' || %s::text, 0))"


class StoreDay(NamedTuple):
    """One day of one store, by the store's own calendar."""

    day: date
    store_id: int


@dataclass(frozen=True, kw_only=True)
class Table:
    """The statements that make up some days of one table of reports, in their order.

    They take ``stores`` and ``days``, arrays of the same length, and ``as_of``.
    """

    statements: tuple[str, ...]

    def make_up(self, days: Sequence[StoreDay], *, as_of: datetime) -> None:
        """These days are as what happened says, in one transaction for each thousand of them."""
        ordered = sorted(days)
        for start in range(0, len(ordered), DAYS_AT_ONCE):
            self._make_up(ordered[start : start + DAYS_AT_ONCE], as_of)

    @transaction.atomic
    def _make_up(self, days: Sequence[StoreDay], as_of: datetime) -> None:
        values: dict[str, Any] = {
            "stores": [one.store_id for one in days],
            "days": [one.day for one in days],
            "as_of": as_of,
        }
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '64MB'")
            for statement in self.statements:
                cursor.execute(statement, values)


ORDERS = Table(
    statements=(
        *sql.OLD,
        sql.FIGURES,
        sql.TIMES,
        sql.REASONS,
        *sql.OLD_CHAIN,
        sql.CHAIN_FIGURES,
        sql.CHAIN_TIMES,
    )
)


def roll_up() -> int:
    """Make up the days on which something has changed since the last run; how many there were.

    The first run makes up all days. 0 while another run is at it.
    """
    with alone(NAME) as ours:
        if not ours:
            return 0
        mark = RollupMark.objects.filter(name=NAME).first()
        now = clock.now()
        settled = _settled(mark.fact_id if mark else 0)
        days = _touched(mark, now) if mark else _all_days(now)
        ORDERS.make_up(days, as_of=now)
        reached = {"fact_id": settled, "ran_at": now}
        RollupMark.objects.update_or_create(name=NAME, defaults=reached)
        return len(days)


def make_up_last(days: int = LAST_DAYS) -> int:
    """Make up the last days of all stores, whatever has changed; how many days of stores.

    0 while another run is at it: it stands in for this one.
    """
    with alone(NAME) as ours:
        if not ours:
            return 0
        now = clock.now()
        wanted = days_of_stores(now.date() - timedelta(days=days), now.date())
        ORDERS.make_up(wanted, as_of=now)
        return len(wanted)


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether nobody else makes up these days until the block ends; a dead process does not."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [name])
        (ours,) = cursor.fetchone() or (False,)
    try:
        yield bool(ours)
    finally:
        if ours and not connection.needs_rollback and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute(_GIVE_BACK, [name])


def days_of_stores(first: date, last: date) -> list[StoreDay]:
    """Each store's days from the day before ``first`` to the one after ``last``: somewhere it is
    still yesterday, or tomorrow already."""
    stores = list(Store.objects.order_by("pk").values_list("pk", flat=True))
    length = (last - first).days + 2
    return [
        StoreDay(first + timedelta(days=number), store)
        for number in range(-1, length)
        for store in stores
    ]


def _all_days(now: datetime) -> list[StoreDay]:
    first = FulfillmentOrder.objects.aggregate(at=Min("created_at"))["at"]
    return days_of_stores(first.date(), now.date()) if first else []


def _settled(fact_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql.SETTLED, {"fact": fact_id})
        (found,) = cursor.fetchone() or (0,)
    return max(fact_id, int(found))


def _touched(mark: RollupMark, now: datetime) -> list[StoreDay]:
    values: dict[str, Any] = {"fact": mark.fact_id, "since": mark.ran_at - MARGIN, "as_of": now}
    with connection.cursor() as cursor:
        cursor.execute(sql.TOUCHED_DAYS, values)
        return [StoreDay(day, store_id) for day, store_id in cursor.fetchall()]
