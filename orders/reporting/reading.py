"""Reading days of reports: added up by step of time, by store and by reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from django.db import connection

from orders.models import DayReason
from orders.reporting.buckets import percentile
from orders.reporting.measures import Kind, Measure

MOST_ITEMS = 20
HALF, MOST = 0.5, 0.9
# Sums of columns that stand for a column of their own.
SUMS = {"ended": "completed + expired"}


@dataclass(frozen=True, kw_only=True)
class View:
    """Which days, in which steps (``day`` or ``week``, from Monday), of which stores.

    ``stores`` None is the whole chain, with the stores that have closed since.
    """

    first: date
    last: date
    step: str = "day"
    stores: tuple[int, ...] | None = None

    @property
    def before(self) -> View:
        """As many days before it."""
        length = self.last - self.first + timedelta(days=1)
        return replace(self, first=self.first - length, last=self.first - timedelta(days=1))

    @property
    def steps(self) -> list[date]:
        """The first day of each step; of a week the Monday, which may lie before ``first``."""
        days = (self.last - self.first).days + 1
        every = (self.first + timedelta(days=number) for number in range(days))
        return list(dict.fromkeys(self.step_of(day) for day in every))

    def step_of(self, day: date) -> date:
        """The first day of the step that ``day`` belongs to."""
        return day - timedelta(days=day.weekday()) if self.step == "week" else day

    @property
    def values(self) -> dict[str, Any]:
        """As parameters of the statements."""
        stores = list(self.stores) if self.stores is not None else None
        return {"first": self.first, "last": self.last, "stores": stores, "step": self.step}


@dataclass
class Sum:
    """What a measure came to in a step, in a store, or in all: ready to be read as a figure."""

    part: int = 0
    whole: int = 0
    seconds: int = 0
    buckets: Counter[int] = field(default_factory=Counter)

    def add(self, other: Sum) -> None:
        """Take the other sum in."""
        self.part += other.part
        self.whole += other.whole
        self.seconds += other.seconds
        self.buckets.update(other.buckets)

    def value(self, measure: Measure) -> float | None:
        """Percent, the seconds that half took at most, or the count; None of nothing."""
        if measure.kind is Kind.COUNT:
            return float(self.part)
        if measure.kind is Kind.TIME:
            return percentile(HALF, self.buckets) if self.buckets else self.mean
        return 100 * self.part / self.whole if self.whole else None

    @property
    def most(self) -> float | None:
        """The seconds that nine of ten took at most."""
        return percentile(MOST, self.buckets)

    @property
    def mean(self) -> float | None:
        """Seconds on average."""
        return self.seconds / self.whole if self.whole else None


def by_step(measure: Measure, view: View) -> dict[date, Sum]:
    """The measure in each step of the view; steps without anything are empty sums."""
    found = {step: Sum() for step in view.steps}
    statement = _by_step(measure, _of(view, measure))
    for step, *values in _rows(statement, view.values | _names(measure)):
        found.setdefault(step, Sum()).add(_sum(measure, values))
    return found


def whole_of(sums: Iterable[Sum]) -> Sum:
    """All of them together."""
    whole = Sum()
    for one in sums:
        whole.add(one)
    return whole


def by_store(measure: Measure, view: View) -> dict[int, Sum]:
    """The measure in each store that has something, by the store's key; times on average only."""
    values = view.values | _names(measure)
    if measure.kind is Kind.TIME:
        columns = "0, sum(count), sum(seconds)"
    else:
        columns = f"{_column(measure.part)}, {_column(measure.whole)}, 0"
    rows = _rows(
        f"""SELECT store_id, {columns} FROM {measure.table}
        WHERE day BETWEEN %(first)s AND %(last)s AND store_id IS NOT NULL
          AND (%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s::bigint[]))
          {_of_stretch(measure)}
        GROUP BY store_id""",  # noqa: S608  made of constants
        values,
    )
    found = {
        store: Sum(part=int(part or 0), whole=int(whole or 0), seconds=int(seconds or 0))
        for store, part, whole, seconds in rows
    }
    counted = measure.kind is Kind.COUNT
    return {store: one for store, one in found.items() if (one.part if counted else one.whole)}


def with_percentiles(
    measure: Measure, view: View, stores: Mapping[int, Sum], shown: Sequence[int]
) -> None:
    """The stores shown get their buckets, so that half and nine of ten can be read."""
    chosen = replace(view, stores=tuple(shown))
    rows = _rows(
        f"""SELECT store_id, bucket, sum(n) FROM {measure.table},
            unnest(buckets, counts) AS one (bucket, n)
        WHERE store_id = ANY(%(stores)s::bigint[]) AND day BETWEEN %(first)s AND %(last)s
          {_of_stretch(measure)} GROUP BY store_id, bucket""",  # noqa: S608  made of constants
        chosen.values | _names(measure),
    )
    for store, bucket, n in rows:
        stores[store].buckets[bucket] += int(n)


def by_reason(kind: str, view: View) -> list[tuple[str, int]]:
    """(reason, how many), the most frequent first."""
    return [(reason, int(count)) for reason, count in _rows(_REASONS, view.values | {"kind": kind})]


def by_item(kind: str, view: View) -> list[tuple[str, str, int]]:
    """(SKU, name, how many units), the most missed first."""
    values = view.values | {"kind": kind, "most": MOST_ITEMS}
    return [(sku, name, int(count)) for sku, name, count in _rows(_ITEMS, values)]


def overview(measures: Sequence[Measure], view: View) -> dict[str, dict[date, Sum]]:
    """Each of the measures by day, from the days before the view to its end; by key.

    One statement for each table of counts, two for each of times: of a single day these have only
    an average, and the buckets of each period stand on its first day.
    """
    found: dict[str, dict[date, Sum]] = {one.key: defaultdict(Sum) for one in measures}
    for table in dict.fromkeys(one.table for one in measures):
        own = [one for one in measures if one.table == table]
        fill = _all_times if own[0].kind is Kind.TIME else _all_counts
        fill(table, own, view, found)
    return found


_DAYS = "day BETWEEN %(first)s AND %(last)s"
_REASON_TABLE = DayReason._meta.db_table
_REASONS_OF = f"""kind = %(kind)s AND {_DAYS}
    AND (%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s::bigint[]))"""

_REASONS = f"""
SELECT reason, sum(count) FROM {_REASON_TABLE} WHERE {_REASONS_OF}
GROUP BY reason ORDER BY 2 DESC, 1
"""  # noqa: S608  made of constants
_ITEMS = f"""
WITH missed AS (
    SELECT item_id, sum(count) AS count FROM {_REASON_TABLE}
    WHERE {_REASONS_OF} AND item_id IS NOT NULL
    GROUP BY item_id ORDER BY 2 DESC, 1 LIMIT %(most)s
)
SELECT item.sku, item.name, missed.count FROM missed
JOIN inventory_item AS item ON item.id = missed.item_id ORDER BY missed.count DESC, item.sku
"""  # noqa: S608  made of constants


def _of(view: View, measure: Measure) -> str:
    """Written out for the planner: it finds the chain's rows, or the stores', by index."""
    if view.stores is not None:
        return "store_id = ANY(%(stores)s::bigint[])"
    return "store_id IS NULL" if measure.chain_rows else "true"


def _by_step(measure: Measure, of: str) -> str:
    step = "date_trunc(%(step)s, day::timestamp)::date"
    if measure.kind is Kind.TIME:
        return f"""SELECT {step}, bucket, sum(n),
            sum(seconds) FILTER (WHERE place = 1)
        FROM {measure.table}, unnest(buckets, counts) WITH ORDINALITY AS one (bucket, n, place)
        WHERE {of} AND {_DAYS} {_of_stretch(measure)} GROUP BY 1, 2"""  # noqa: S608
    return f"""SELECT {step}, {_column(measure.part)}, {_column(measure.whole)}
        FROM {measure.table} WHERE {of} AND {_DAYS} GROUP BY 1"""  # noqa: S608


def _sum(measure: Measure, values: Sequence[Any]) -> Sum:
    if measure.kind is Kind.TIME:
        bucket, n, seconds = values
        return Sum(whole=int(n), seconds=int(seconds or 0), buckets=Counter({bucket: int(n)}))
    part, whole = values
    return Sum(part=int(part or 0), whole=int(whole or 0))


def _all_counts(
    table: str, own: Sequence[Measure], view: View, found: dict[str, dict[date, Sum]]
) -> None:
    of = _of(view, own[0])
    columns = list(dict.fromkeys(name for one in own for name in (one.part, one.whole) if name))
    rows = _rows(
        f"""SELECT day, {", ".join(map(_column, columns))} FROM {table}
        WHERE {of} AND {_DAYS} GROUP BY day""",  # noqa: S608  made of constants
        view.values | {"first": view.before.first},
    )
    for day, *values in rows:
        told = {name: int(value or 0) for name, value in zip(columns, values, strict=True)}
        for one in own:
            found[one.key][day].add(Sum(part=told[one.part], whole=told.get(one.whole, 0)))


def _all_times(
    table: str, own: Sequence[Measure], view: View, found: dict[str, dict[date, Sum]]
) -> None:
    keys, of = {one.stretch: one.key for one in own}, _of(view, own[0])
    values = view.values | {
        "first": view.before.first,
        "now": view.first,
        "before": view.before.first,
    }
    each = f"""SELECT day, stretch, sum(count), sum(seconds) FROM {table}
        WHERE {of} AND {_DAYS} GROUP BY day, stretch"""  # noqa: S608  made of constants
    spread = f"""SELECT CASE WHEN is_now THEN %(now)s::date ELSE %(before)s::date END,
            stretch, bucket, sum(n)
        FROM (
            SELECT day >= %(now)s AS is_now, stretch, unnest(buckets) AS bucket, unnest(counts) AS n
            FROM {table} WHERE {of} AND {_DAYS}
        ) one
        GROUP BY is_now, stretch, bucket"""  # noqa: S608  made of constants
    for day, stretch, count, seconds in _rows(each, values):
        if stretch in keys:
            found[keys[stretch]][day].add(Sum(whole=int(count), seconds=int(seconds)))
    for day, stretch, bucket, n in _rows(spread, values):
        if stretch in keys:
            found[keys[stretch]][day].buckets[bucket] += int(n)


def _column(name: str) -> str:
    """The sum of a column, or of columns; names come from measures, never from people."""
    return f"sum({SUMS.get(name, name)})" if name else "0"


def _of_stretch(measure: Measure) -> str:
    return "AND stretch = %(stretch)s" if measure.kind is Kind.TIME else ""


def _names(measure: Measure) -> dict[str, Any]:
    return {"stretch": measure.stretch}


def _rows(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Planned for these very days and stores: a plan for any would sort what fits in memory."""
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.cursor.execute(statement, values, prepare=False)
        return list(cursor.fetchall())
