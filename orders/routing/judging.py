"""What rules ask of stores, answered for many stores at once and never twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Max

from hub.stores.models import SalesChannel, Store, StoreSwitch
from hub.stores.switches import stores_with
from inventory.services.availability import Availability, available
from inventory.services.bundles import unpacked
from orders.models import FulfillmentOrder, FulfillmentStatus, RejectedItem, Rejection
from orders.promise.services import promises
from orders.routing.reach import Candidate, Counters, counted, with_whole_basket
from orders.routing.rules import RejectLimit, Result, Rule, Sorter

SPARED_DAYS = 30
UNLIMITED = 1_000_000
_TO_PREPARE = [
    FulfillmentStatus.PROPOSED,
    FulfillmentStatus.ACCEPTED,
    FulfillmentStatus.PICKING,
    FulfillmentStatus.PICKED,
]


class Look(NamedTuple):
    """A close look at one store: why it cannot (empty: it can), when it would be ready, and the
    items of which it has all units that are wanted."""

    refusal: str
    promised_at: datetime | None
    whole: frozenset[int]


@dataclass
class Judge:
    """Knows one basket (item id → units), for one channel at one moment."""

    channel: SalesChannel
    lines: Mapping[int, int]
    at: datetime
    lead_minutes: int = 0
    excluded: frozenset[int] = frozenset()
    _paused: set[int] | None = None
    _needed: Mapping[int, int] | None = None
    _whole: dict[int, bool] = field(default_factory=dict)
    _counters: dict[int, Counters] = field(default_factory=dict)
    _room: dict[int, float] = field(default_factory=dict)
    _cooling: dict[RejectLimit, set[int]] = field(default_factory=dict)
    _rejected: Mapping[tuple[int, int], datetime] | None = None

    # --- asked of all stores, from what is at hand ----------------------------------------

    def refusals(self, rule: Rule, candidates: Sequence[Candidate]) -> dict[int, str]:
        """Why stores (by their keys) do not pass the rule, its questions about goods aside."""
        group, reach = rule.stores, rule.radius_metres
        refused: dict[int, str] = {}
        if rejecting := self._too_many(rule.most_rejected):
            refused |= dict.fromkeys(rejecting, Result.REJECTS)
        if paused := self._all_paused():
            refused |= dict.fromkeys(paused, Result.PAUSED)
        if reach is not None:
            refused |= {one.store_id: Result.TOO_FAR for one in candidates if one.metres > reach}
        if group is not None:
            others = (one.store_id for one in candidates if one.store_id not in group)
            refused |= dict.fromkeys(others, Result.OTHER_GROUP)
        refused |= dict.fromkeys(self.excluded, Result.LEFT_OUT)
        mine = {one.store_id for one in candidates} if refused else set()
        return {store: str(result) for store, result in refused.items() if store in mine}

    def lacking(self, rule: Rule, candidates: Sequence[Candidate]) -> dict[int, str]:
        """Which stores do not pass because of the goods, by their counters, or of their queue."""
        keys = [one.store_id for one in candidates]
        if rule.whole_basket:
            self._find_whole(keys)
            refused = {key: str(Result.SHORT) for key in keys if not self._whole[key]}
        else:
            found = self.counters(keys)
            refused = {key: str(Result.SHORT) for key in keys if not found[key].supplied}
        if rule.capacity_left:
            having = [one for one in candidates if one.store_id not in refused]
            room = self.room(having)
            full = (one.store_id for one in having if room[one.store_id] <= 0)
            refused |= dict.fromkeys(full, str(Result.FULL))
        return refused

    def prepare(self, rule: Rule, candidates: Sequence[Candidate]) -> None:
        """Have at hand, for all of these at once, what the rule's sorters will ask."""
        if Sorter.CAPACITY_LEFT in rule.sorters:
            self.room(candidates)
        if {Sorter.FEWEST_SPLITS, Sorter.STOCK_BALANCE} & {*rule.sorters}:
            self.counters([one.store_id for one in candidates])

    def value(self, sorter: Sorter, candidate: Candidate, rule: Rule) -> float:
        """What the sorter ranks the store by, lower is better; ``prepare`` for many first."""
        if sorter == Sorter.DISTANCE:
            return round(candidate.metres)
        if sorter == Sorter.RANKED_LIST:
            return rule.places.get(candidate.code, len(rule.places))
        if sorter == Sorter.CAPACITY_LEFT:
            return -self.room([candidate])[candidate.store_id]
        found = self.counters([candidate.store_id])[candidate.store_id]
        return found.lacking if sorter == Sorter.FEWEST_SPLITS else -found.spare

    def counters(self, stores: Sequence[int]) -> Mapping[int, Counters]:
        """What the counters of these stores say of the basket."""
        if unknown := [store for store in stores if store not in self._counters]:
            self._counters |= counted(unknown, self._all_parts())
        return self._counters

    def _find_whole(self, stores: Sequence[int]) -> None:
        if unknown := [store for store in stores if store not in self._whole]:
            have = with_whole_basket(unknown, self._all_parts())
            self._whole |= {store: store in have for store in unknown}

    def _all_parts(self) -> Mapping[int, int]:
        """The basket with the parts of bundles in their place."""
        if self._needed is None:
            self._needed = unpacked(self.lines)
        return self._needed

    def room(self, candidates: Iterable[Candidate]) -> Mapping[int, float]:
        """How many more orders each store can prepare within an hour; its limit may be none."""
        asked = [one.store_id for one in candidates if one.store_id not in self._room]
        if asked:
            limits = Store.objects.filter(pk__in=asked).values_list("pk", "orders_per_hour")
            parts = FulfillmentOrder.objects.filter(store__in=asked, status__in=_TO_PREPARE)
            queues = dict(parts.order_by().values_list("store").annotate(Count("pk")))
            for key, limit in limits:
                self._room[key] = UNLIMITED if limit is None else limit - queues.get(key, 0)
        return self._room

    def _all_paused(self) -> set[int]:
        if self._paused is None:
            self._paused = stores_with(StoreSwitch.Kind.PAUSED)
        return self._paused

    def _too_many(self, limit: RejectLimit | None) -> set[int]:
        if limit is None:
            return set()
        if limit not in self._cooling:
            self._cooling[limit] = rejecting(limit, self.at)
        return self._cooling[limit]

    # --- asked of the few that come first --------------------------------------------------

    def look(self, rule: Rule, candidates: Sequence[Candidate]) -> dict[int, Look]:
        """A close look at each store: exact stock, goods it rejected lately, its promise."""
        keys = [candidate.store_id for candidate in candidates]
        stock = available(channel=self.channel, store_ids=keys, item_ids=list(self.lines))
        ready = promises(stores=keys, lead_minutes=self.lead_minutes, at=self.at)
        return {key: self._look(rule, key, stock, ready[key]) for key in keys}

    def _look(
        self,
        rule: Rule,
        store: int,
        stock: Mapping[tuple[int, int], Availability],
        ready: datetime | None,
    ) -> Look:
        enough = {
            item
            for item, units in self.lines.items()
            if (level := stock.get((store, item))) is not None and level.atp >= units
        }
        spared = {
            item for item in enough if rule.spare_rejected and self._spares(store, item, stock)
        }
        refusal = ""
        if len(enough) < len(self.lines) and (rule.whole_basket or not enough):
            refusal = Result.SHORT
        elif spared and (rule.whole_basket or spared == enough):
            refusal = Result.REJECTED_ITEM
        elif ready is None:
            refusal = Result.NEVER_OPEN
        elif rule.within_minutes is not None:
            latest = self.at + timedelta(minutes=rule.within_minutes)
            refusal = Result.TOO_LATE if ready > latest else ""
        return Look(refusal, ready, frozenset(enough - spared))

    def _spares(self, store: int, item: int, stock: Mapping[tuple[int, int], Availability]) -> bool:
        """Whether the store turned the item down and nobody has counted it since."""
        if self._rejected is None:
            self._rejected = lately_rejected(
                self.lines, since=self.at - timedelta(days=SPARED_DAYS)
            )
        rejected_at = self._rejected.get((store, item))
        if rejected_at is None:
            return False
        counted_at = stock[store, item].counted_at
        return counted_at is None or counted_at <= rejected_at


def rejecting(limit: RejectLimit, at: datetime) -> set[int]:
    """The stores that reject at least this share of the parts they were given lately."""
    since = at - timedelta(days=limit.days)
    turned_down = Rejection.objects.filter(rejected_at__gt=since, rejected_at__lte=at)
    rejected = dict(turned_down.order_by().values_list("store").annotate(Count("pk")))
    given = dict(
        FulfillmentOrder.objects.filter(store__in=rejected, created_at__gt=since)
        .order_by()
        .values_list("store")
        .annotate(Count("pk"))
    )
    return {
        store
        for store, count in rejected.items()
        if given.get(store, 0) >= limit.least and 100 * count >= limit.percent * given.get(store, 0)
    }


def lately_rejected(
    items: Collection[int], *, since: datetime
) -> Mapping[tuple[int, int], datetime]:
    """When each of these items was last turned down, by (store, item), where it was at all."""
    rows = RejectedItem.objects.filter(item__in=list(items), rejected_at__gt=since).order_by()
    found = rows.values_list("store", "item").annotate(Max("rejected_at"))
    return {(store, item): at for store, item, at in found}
