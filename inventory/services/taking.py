"""The guard that every reservation passes: take units of several items, all lines or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from psycopg.types.numeric import Int8

from hub.stores.models import SalesChannel, Store
from inventory.errors import InsufficientStock, Short
from inventory.lines import ordered
from inventory.models import Item
from inventory.services import availability, bundles

# Locks the level of every line that has enough free units, in one order, so that
# two baskets never wait for each other. After a wait PostgreSQL checks the WHERE again on the
# row's new version: the guard compares the row's own columns with plain numbers, and these
# numbers are what ``_resolved`` looked up before. A condition that looks into another table
# would keep its first answer and oversell. Statements that use it move the rows only when
# ``taken`` holds as many as were asked for.
TAKEN = """
WITH wanted (store_id, item_id, quantity, protected) AS (
    {wanted}
), taken AS MATERIALIZED (
    SELECT level.id, level.store_id, level.item_id, wanted.quantity
    FROM inventory_stocklevel level
    JOIN wanted ON wanted.store_id = level.store_id AND wanted.item_id = level.item_id
    WHERE NOT level.stopped
      AND level.on_hand - level.unavailable - level.allocated - level.held
          >= wanted.quantity + wanted.protected
    ORDER BY level.store_id, level.item_id
    FOR NO KEY UPDATE OF level
)"""

# A few rows are written out: PostgreSQL then knows how many there are, and keeps its plan.
MOST_WRITTEN_OUT = 4
_COLUMNS = ("store", "item", "quantity", "protection")
_LISTS = ("stores", "items", "quantities", "protections")
_LISTED = """SELECT * FROM unnest(%(stores)s::bigint[], %(items)s::bigint[],
        %(quantities)s::bigint[], %(protections)s::bigint[])"""

Level = tuple[int, int]  # store id, item id

# Between a refusal and reading what is left, units may come free: then there is nothing to list.
TRIES = 3


@dataclass(frozen=True)
class Demand:
    """Units that somebody wants of one store: item id → units, all of them or none."""

    store_id: int
    lines: Mapping[int, int]


class Refused(Exception):
    """Not every demand can be met; ``lacking`` says by its place what each lacks."""

    def __init__(self, lacking: dict[int, InsufficientStock]) -> None:
        super().__init__("stock is short")
        self.lacking = lacking


def take(
    statement: str,
    *,
    channel: SalesChannel,
    store: Store,
    lines: Mapping[int, int],
    values: Mapping[str, Any],
) -> list[Any]:
    """Run a statement made of TAKEN for one demand, as ``take_all`` does; return its rows.

    Raises InsufficientStock naming every short line.
    """
    demand = Demand(store.pk, lines)
    try:
        return take_all(statement, channel=channel, demands=[demand], values=lambda _: values)
    except Refused as refused:
        raise refused.lacking[0] from None


def take_all(
    statement: str,
    *,
    channel: SalesChannel,
    demands: Sequence[Demand],
    values: Callable[[Sequence[Demand]], Mapping[str, Any]],
) -> list[Any]:
    """Run a statement made of TAKEN for all demands together; return its rows, one per level.

    ``values`` is given the demands with every bundle unpacked into its parts, and adds what the
    statement needs besides TAKEN. Raises Refused, naming each demand that cannot be met beside
    those before it, when the statement moved fewer levels than asked for (then it must not have
    moved any), or when a bundle itself is not sold.
    """
    for _ in range(TRIES):
        needed, protected = _resolved(channel, demands)
        totals = _totals(needed)
        levels = sorted(totals)
        lines = [(*level, totals[level], protected.get(level, 0)) for level in levels]
        with connection.cursor() as cursor:
            cursor.execute(
                _written(statement, min(len(lines), MOST_WRITTEN_OUT + 1)),
                {**_listed(lines), **values(needed)},
            )
            rows: list[Any] = cursor.fetchall()
        if len(rows) == len(levels):
            return rows
        if short := _lacking(channel, demands) or _lacking(channel, needed):
            raise Refused(short)
    raise Refused({place: InsufficientStock([]) for place in range(len(demands))})


@cache
def _written(statement: str, lines: int) -> str:
    """The statement for so many lines."""
    if lines > MOST_WRITTEN_OUT:
        return statement.replace("{wanted}", _LISTED)
    rows = [
        f"({', '.join(f'%({column}{place})s::bigint' for column in _COLUMNS)})"
        for place in range(lines)
    ]
    return statement.replace("{wanted}", f"VALUES {', '.join(rows)}")


def _listed(lines: Sequence[tuple[int, ...]]) -> dict[str, Any]:
    if len(lines) > MOST_WRITTEN_OUT:
        columns = zip(*lines, strict=True)
        return {name: list(column) for name, column in zip(_LISTS, columns, strict=True)}
    return {
        f"{column}{place}": Int8(value)
        for place, line in enumerate(lines)
        for column, value in zip(_COLUMNS, line, strict=True)
    }


def _resolved(
    channel: SalesChannel, demands: Sequence[Demand]
) -> tuple[Sequence[Demand], dict[Level, int]]:
    """The demands with parts in the place of bundles, and what each level protects.

    Bundles have no row to be guarded by: whether they are sold at all is asked here.
    """
    terms = _terms(channel, demands)
    needed = demands
    if any(term.is_bundle for term in terms.values()):
        if short := _lacking(channel, demands):
            raise Refused(short)
        needed = [Demand(demand.store_id, bundles.unpacked(demand.lines)) for demand in demands]
        terms = _terms(channel, needed)
    return needed, {level: term.protected for level, term in terms.items()}


def _lacking(channel: SalesChannel, demands: Sequence[Demand]) -> dict[int, InsufficientStock]:
    """Who cannot be served when all are served in turn, by place, and what each lacks."""
    left = {level: term.atp for level, term in _terms(channel, demands).items()}
    short: dict[int, dict[int, int]] = {}
    for place, demand in enumerate(demands):
        units = {item: left.get((demand.store_id, item), 0) for item in demand.lines}
        lacking = {item: n for item, n in units.items() if n < demand.lines[item]}
        if lacking:
            short[place] = lacking
            continue
        for item, wanted in demand.lines.items():
            left[demand.store_id, item] -= wanted
    return _in_words(demands, short) if short else {}


def _in_words(
    demands: Sequence[Demand], short: Mapping[int, Mapping[int, int]]
) -> dict[int, InsufficientStock]:
    """The refusals for ``short`` (place → item id → units left), lines in SKU order."""
    items = {item for lacking in short.values() for item in lacking}
    skus = dict(Item.objects.filter(pk__in=items).values_list("pk", "sku"))
    return {
        place: InsufficientStock(
            [
                Short(sku=skus[item], requested=demands[place].lines[item], available=units)
                for item, units in sorted(lacking.items(), key=lambda line: skus[line[0]])
            ]
        )
        for place, lacking in short.items()
    }


def _terms(
    channel: SalesChannel, demands: Sequence[Demand]
) -> dict[Level, availability.Availability]:
    levels = _totals(demands)
    if len(stores := {store for store, _ in levels}) == 1:
        items = [item for _, item in levels]
        return availability.available(channel=channel, store_ids=[*stores], item_ids=items)
    return availability.available_of(channel=channel, pairs=[*levels])


def _totals(demands: Sequence[Demand]) -> dict[Level, int]:
    """Units by level over all demands; raises Invalid for none, or for impossible quantities."""
    totals: Counter[Level] = Counter()
    for demand in demands:
        for item, units in zip(*ordered(demand.lines), strict=True):
            totals[demand.store_id, item] += units
    return dict(totals)
