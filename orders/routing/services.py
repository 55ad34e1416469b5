"""Choosing the store that prepares an order, and saying why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NoReturn

from django.db import transaction

from hub import clock
from hub.errors import NotFound
from hub.ids import new_id
from hub.stores.models import SalesChannel, Store
from hub.stores.services import find_store, require_live
from inventory.errors import InsufficientStock
from inventory.services.allocations import allocate
from orders.errors import NoStore, PickupOff
from orders.models import Order
from orders.promise.services import promise
from orders.routing.alone import one_at_a_time
from orders.routing.geography import Point
from orders.routing.judging import Judge, Look
from orders.routing.loading import rules_for
from orders.routing.reach import Candidate, within_reach
from orders.routing.rules import Result, Rule, Rules, Sorter
from orders.routing.searching import Found, Search, Take

RADIUS_METRES = 50_000


@dataclass(frozen=True)
class Routed:
    """The chosen store, when it will be ready there, and why it was chosen (plain JSON).

    ``lines`` (item id → units) are set aside there under ``reference``.
    """

    store: Store
    promised_at: datetime
    explanation: dict[str, Any]
    lines: Mapping[int, int] = field(default_factory=dict)
    reference: str = ""


@dataclass(frozen=True)
class Errand:
    """What is looked for: a basket (item id → units), and the stores around a point.

    ``allowed_store_ids`` are the only stores that count (None: all), ``excluded`` never do.
    """

    channel: SalesChannel
    lines: Mapping[int, int]
    near: Point
    radius_metres: int = RADIUS_METRES
    allowed_store_ids: Collection[int] | None = None
    lead_minutes: int = 0
    excluded: Collection[int] = ()


def named_store(
    *, reference: str, allowed_store_ids: Collection[int] | None = None, lead_minutes: int = 0
) -> tuple[Store, datetime]:
    """The store of that public id or code, and when an order placed now is ready there.

    Raises NotFound when there is none or it is not the caller's (None allows all), PickupOff
    or StoreNotLive when it hands out no orders, and what ``promise`` raises.
    """
    store = _callers_store(reference, allowed_store_ids)
    require_live(store)
    if not store.pickup_enabled:
        raise PickupOff(f"store {store.code} does not offer pickup", store=store.code)
    return store, promise(store=store, lead_minutes=lead_minutes)


def explain_named(
    store: Store, *, asked: str, allowed_store_ids: Collection[int] | None = None
) -> dict[str, Any]:
    """Why a store was taken that the customer, or a hold, had named."""
    chosen = {"store": store.code, "metres": None, "result": "chosen"}
    found = {"asked": asked, "candidates": [chosen], "counts": {"chosen": 1}}
    return _within(allowed_store_ids) | found


def reach_of(order: Order) -> Collection[int] | None:
    """The only stores that whoever placed the order may use; None means all."""
    first = order.routing_decisions.order_by("pk").first()
    only = first.explanation.get("only_stores") if first else None
    return None if only is None else [int(key) for key in only]


def _within(allowed_store_ids: Collection[int] | None) -> dict[str, Any]:
    return {} if allowed_store_ids is None else {"only_stores": sorted(allowed_store_ids)}


def _callers_store(reference: str, allowed_store_ids: Collection[int] | None) -> Store:
    """The store, unless there is none or it is another's: the two are never told apart."""
    store = None
    with suppress(NotFound):
        store = find_store(reference)
    if store is None or not (allowed_store_ids is None or store.pk in allowed_store_ids):
        raise NotFound("no such store")
    return store


@transaction.atomic
def route(
    *,
    channel: SalesChannel,
    reference: str,
    lines: Mapping[int, int],
    near: Point,
    radius_metres: int = RADIUS_METRES,
    allowed_store_ids: Collection[int] | None = None,
    lead_minutes: int = 0,
    excluded: Collection[int] = (),
) -> Routed:
    """Allocate ``lines`` (item id → units) under ``reference`` in the best store that can.

    The channel's active rules say which is the best; without any it is the nearest with the whole
    basket. Looks only at stores with pickup, of the caller (None allows all), not ``excluded``
    and within the radius; tries at most 20 of a rule, because another order may be quicker.
    Raises NoStore with counts of why none could.
    """
    errand = Errand(channel, lines, near, radius_metres, allowed_store_ids, lead_minutes, excluded)
    rules = rules_for(channel)
    search = search_of(errand, rules)
    return _one_part(errand, search, reference) or _refuse(search)


@transaction.atomic
def route_parts(
    *,
    channel: SalesChannel,
    lines: Mapping[int, int],
    near: Point,
    radius_metres: int = RADIUS_METRES,
    allowed_store_ids: Collection[int] | None = None,
    lead_minutes: int = 0,
    excluded: Collection[int] = (),
    new_reference: Callable[[], str] = lambda: new_id("ful"),
) -> list[Routed]:
    """As ``route``, in as few stores as it takes, at most as many as the active rules allow.

    Each part has its own ``lines``, allocated under its own ``reference``; all units of an item
    stay together. Raises NoStore when all stores together cannot; then nothing is allocated.
    """
    errand = Errand(channel, lines, near, radius_metres, allowed_store_ids, lead_minutes, excluded)
    rules = rules_for(channel)
    search = search_of(errand, rules)
    if whole := _one_part(errand, search, new_reference()):
        return [whole]
    parts = _split(errand, rules, search.candidates, new_reference) if rules.most_parts > 1 else []
    return parts or _refuse(search)


def search_of(errand: Errand, rules: Rules, *, at: datetime | None = None) -> Search:
    """A search by these rules that takes nothing yet; ``run`` it with what shall be taken.

    Every store that takes the order has the whole basket, whatever the rules say of parts.
    """
    whole = tuple(replace(rule, whole_basket=True) for rule in rules.rules)
    return Search(replace(rules, rules=whole), _judge(errand, at), _candidates(errand))


def split_over(
    errand: Errand,
    rules: Rules,
    candidates: Collection[Candidate],
    take: Callable[[Candidate, Look, Mapping[int, int]], str],
    *,
    at: datetime | None = None,
) -> list[tuple[Found, dict[int, int], Search]]:
    """Over which stores the basket can be split, the store with the most of it first.

    Only rules that do not ask for the whole basket take part. ``take`` is asked to take the lines
    of each part and says what stands in the way, or nothing. Empty when it cannot be done.
    """
    partly = tuple(_by_parts(rule) for rule in rules.rules if not rule.whole_basket)
    left, parts = dict(errand.lines), list[tuple[Found, dict[int, int], Search]]()
    used = set(errand.excluded)
    for number in range(1, rules.most_parts + 1) if partly else ():
        last = number == rules.most_parts
        mine = replace(errand, lines=left, excluded=used)
        fresh = _candidates(mine) if parts else candidates
        search = Search(replace(rules, rules=partly), _judge(mine, at), list(fresh))
        found = search.run(_taker(left, last, take))
        if found is None:
            return []
        goods = {item: units for item, units in left.items() if item in found.look.whole}
        parts.append((found, goods, search))
        used.add(found.candidate.store_id)
        left = {item: units for item, units in left.items() if item not in goods}
        if not left:
            return parts
    return []


def _by_parts(rule: Rule) -> Rule:
    others = tuple(sorter for sorter in rule.sorters if sorter != Sorter.FEWEST_SPLITS)
    return replace(rule, sorters=(Sorter.FEWEST_SPLITS, *others))


def _taker(
    left: Mapping[int, int],
    last: bool,
    take: Callable[[Candidate, Look, Mapping[int, int]], str],
) -> Take:
    def taken(candidate: Candidate, look: Look) -> str:
        if last and len(look.whole) < len(left):
            return Result.SHORT
        goods = {item: units for item, units in left.items() if item in look.whole}
        return take(candidate, look, goods)

    return taken


def _split(
    errand: Errand,
    rules: Rules,
    candidates: Collection[Candidate],
    new_reference: Callable[[], str],
) -> list[Routed]:
    references: dict[int, str] = {}

    def take(candidate: Candidate, look: Look, goods: Mapping[int, int]) -> str:
        references[candidate.store_id] = new_reference()
        return _allocate(errand, candidate, look, goods, references[candidate.store_id])

    one_at_a_time()
    sid = transaction.savepoint()
    parts = split_over(errand, rules, candidates, take)
    if not parts:
        transaction.savepoint_rollback(sid)
        return []
    transaction.savepoint_commit(sid)
    return [
        _routed(errand, found, search, goods, references[found.candidate.store_id])
        for found, goods, search in parts
    ]


def _one_part(errand: Errand, search: Search, reference: str) -> Routed | None:
    found = search.run(
        lambda candidate, look: _allocate(errand, candidate, look, errand.lines, reference)
    )
    return _routed(errand, found, search, errand.lines, reference) if found else None


def _allocate(
    errand: Errand,
    candidate: Candidate,
    look: Look,
    lines: Mapping[int, int],
    reference: str,
) -> str:
    try:
        allocate(
            reference=reference,
            channel=errand.channel,
            store=Store(pk=candidate.store_id),
            lines=lines,
            promised_at=look.promised_at,
        )
    except InsufficientStock:
        return Result.GONE
    return ""


def _routed(
    errand: Errand, found: Found, search: Search, lines: Mapping[int, int], reference: str
) -> Routed:
    store = Store.objects.get(pk=found.candidate.store_id)
    told = _told(errand, search) | {"chosen_by": search.traces[-1].number}
    return Routed(store, found.promised_at, told, dict(lines), reference)


def _refuse(search: Search) -> NoReturn:
    counts = search.counts()
    raise NoStore(_why_none(counts), refused=counts)


def _told(errand: Errand, search: Search) -> dict[str, Any]:
    near = errand.near
    return {
        "asked": "near",
        **_within(errand.allowed_store_ids),
        "radius_metres": errand.radius_metres,
        "near": {"latitude": round(near.latitude, 2), "longitude": round(near.longitude, 2)},
        **search.told(),
    }


def _judge(errand: Errand, at: datetime | None) -> Judge:
    return Judge(
        channel=errand.channel,
        lines=errand.lines,
        at=at or clock.now(),
        lead_minutes=errand.lead_minutes,
        excluded=frozenset(errand.excluded),
    )


def _candidates(errand: Errand) -> list[Candidate]:
    return within_reach(
        near=errand.near,
        radius_metres=errand.radius_metres,
        allowed_store_ids=errand.allowed_store_ids,
    )


def _why_none(counts: Mapping[str, int]) -> str:
    if not counts:
        return "there is no store with pickup within the radius"
    told = ", ".join(f"{result}: {count}" for result, count in sorted(counts.items()))
    return f"no store in reach has the whole order ({told})"
