"""Available to promise: the one formula that API, routing, guards, feeds and admin share.

It is written once, in SQL, in ``formula``. The most specific safety stock wins, even when it says
0: store and item, store and category, store, item, category, everywhere. A percent buffer hides a
share of what could be sold if nobody had ordered, so that it does not shrink as units are sold. A
bundle can be promised as often as its scarcest part allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections

from hub import clock
from hub.stores.models import SalesChannel
from inventory.lines import MOST_UNITS
from inventory.models import Item
from inventory.services import bundles, formula

EVERYTHING = 2 * MOST_UNITS


class Availability(NamedTuple):
    """The terms of one item's availability in one store, for one sales channel, in units.

    ``atp`` is what can be promised now, never below zero. ``counted_at`` is when the last count
    was true; None when nobody ever counted. ``feed_buffer`` is hidden because the store's feed is
    late. ``stops`` are the reasons for which nothing is sold, whatever there is.
    """

    atp: int
    on_hand: int
    unavailable: int
    allocated: int
    held: int
    safety_stock: int
    channel_buffer: int
    counted_at: datetime | None
    feed_buffer: int
    stops: list[str]
    store_id: int
    is_bundle: bool = False

    @property
    def protected(self) -> int:
        """Units that this channel may not sell although they are free."""
        if self.stops:
            return EVERYTHING
        return self.safety_stock + self.channel_buffer + self.feed_buffer

    @property
    def reasons(self) -> list[str]:
        """Why there is nothing to promise, as codes; empty when there is something."""
        if self.atp > 0:
            return []
        found = [*self.stops]
        if self.counted_at is None:
            found.append("never_counted")
        if self.on_hand == 0:
            return [*found, "no_stock"]
        taken = {
            "unavailable": self.unavailable,
            "allocated": self.allocated,
            "held": self.held,
            "safety_stock": self.safety_stock,
            "buffer": self.channel_buffer + self.feed_buffer,
        }
        return found + [code for code, units in taken.items() if units]


class Total(NamedTuple):
    """Units of an item that can be promised over all stores, and in how many stores."""

    available: int
    stores: int


# What can be promised, when that was last counted (seconds since 1970, None: never), store id.
Promise = tuple[int, float | None, int]


def available(
    *,
    channel: SalesChannel,
    store_ids: Sequence[int],
    item_ids: Sequence[int],
    using: str = DEFAULT_DB_ALIAS,
) -> dict[tuple[int, int], Availability]:
    """The availability of every item in every store, by (store id, item id), in one query.

    Items without a stock level come with zeroes; ids that do not exist are left out. ``using``
    names the database to read, for replicas.
    """
    if not store_ids or not item_ids:
        return {}
    question = formula.by_id(formula.TERMS, stores=store_ids, items=item_ids)
    rows = _ask(question, channel=channel, using=using)
    return _answered(rows, channel=channel, using=using)


def available_of(
    *, channel: SalesChannel, pairs: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], Availability]:
    """The availability of these (store id, item id) alone."""
    if not pairs:
        return {}
    stores, items = [store for store, _ in pairs], [item for _, item in pairs]
    statement, values = formula.by_id(
        formula.TERMS, stores=sorted(set(stores)), items=sorted(set(items)), paired=True
    )
    values |= {"pair_stores": stores, "pair_items": items}
    rows = _ask((statement, values), channel=channel, using=DEFAULT_DB_ALIAS)
    return _answered(rows, channel=channel, using=DEFAULT_DB_ALIAS)


def available_by_reference(
    *,
    channel: SalesChannel,
    stores: Sequence[str],
    skus: Sequence[str],
    using: str = DEFAULT_DB_ALIAS,
) -> dict[tuple[str, str], Availability]:
    """The same by (public id or code of a store, SKU), as asked; what is not known is left out."""
    question = formula.by_reference(formula.TERMS_BY_REFERENCE, stores=stores, skus=skus)
    rows = _ask(question, channel=channel, using=using)
    found = {(row[0], row[1]): _availability(row) for row in rows}
    if sets := {row[1] for row in rows if row[2]}:
        keys = dict(Item.objects.using(using).filter(sku__in=sets).values_list("sku", "pk"))
        places = [(row[0], row[1]) for row in rows if row[2]]
        whole = bundles.promised(
            {(found[place].store_id, keys[place[1]]): found[place] for place in places},
            ask=_asker(channel, using),
        )
        found |= {place: whole[found[place].store_id, keys[place[1]]] for place in places}
    return found


def promised_by_reference(
    *,
    channel: SalesChannel,
    stores: Sequence[str],
    skus: Sequence[str],
    using: str = DEFAULT_DB_ALIAS,
) -> dict[tuple[str, str], Promise]:
    """The bare numbers of ``available_by_reference``, for large questions: plain tuples."""
    question = formula.by_reference(formula.PROMISES_BY_REFERENCE, stores=stores, skus=skus)
    rows = _ask(question, channel=channel, using=using)
    found: dict[tuple[str, str], Promise] = {
        (store, sku): (units, counted_at, store_id)
        for store, sku, units, counted_at, store_id, _ in rows
    }
    if sets := sorted({row[1] for row in rows if row[5]}):
        told = available_by_reference(channel=channel, stores=stores, skus=sets, using=using)
        for place, position in told.items():
            counted = position.counted_at
            since = None if counted is None else counted.timestamp()
            found[place] = position.atp, since, position.store_id
    return found


def network_totals(
    *,
    channel: SalesChannel,
    store_ids: Sequence[int],
    item_ids: Sequence[int],
    using: str = DEFAULT_DB_ALIAS,
) -> dict[int, Total]:
    """What can be promised over all these stores by item id, less the channel's network buffer."""
    if not store_ids or not item_ids:
        return {item: Total(0, 0) for item in item_ids}
    question = formula.by_id(formula.TOTALS, stores=store_ids, items=item_ids)
    rows = _ask(question, channel=channel, using=using)
    totals = {item: Total(int(units), stores) for item, units, stores in rows}
    if sets := bundles.among(item_ids, using=using):
        found = available(channel=channel, store_ids=store_ids, item_ids=sets, using=using)
        hidden = bundles.network_units(channel, using=using)
        for bundle in sets:
            units = [position.atp for (_, item), position in found.items() if item == bundle]
            totals[bundle] = Total(max(0, sum(units) - hidden), sum(unit > 0 for unit in units))
    return totals


def _ask(
    question: tuple[str, dict[str, Any]], *, channel: SalesChannel, using: str
) -> list[tuple[Any, ...]]:
    statement, values = question
    with connections[using].cursor() as cursor:
        cursor.execute(statement, values | {"channel": channel.pk, "now": clock.now()})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _answered(
    rows: list[tuple[Any, ...]], *, channel: SalesChannel, using: str
) -> dict[tuple[int, int], Availability]:
    found = {(row[0], row[1]): _availability(row) for row in rows}
    if sets := {(row[0], row[1]): found[row[0], row[1]] for row in rows if row[2]}:
        found |= bundles.promised(sets, ask=_asker(channel, using))
    return found


def _asker(channel: SalesChannel, using: str) -> bundles.Ask:
    def ask(stores: Sequence[int], items: Sequence[int]) -> Mapping[tuple[int, int], Availability]:
        return available(channel=channel, store_ids=stores, item_ids=items, using=using)

    return ask


def _availability(row: tuple[Any, ...]) -> Availability:
    *terms, counted_at, feed_buffer, stops, store_id = row[3:]
    moment = None if counted_at is None else datetime.fromtimestamp(counted_at, UTC)
    return Availability._make([*terms, moment, feed_buffer, stops or [], store_id, row[2]])
