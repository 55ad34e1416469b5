"""Choosing the store that prepares an order, and saying why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from hub.errors import NotFound
from hub.stores.models import SalesChannel, Store
from hub.stores.services import find_store
from inventory.errors import InsufficientStock
from inventory.services.allocations import allocate
from inventory.services.availability import available
from orders.errors import NeverOpen, NoStore, PickupOff
from orders.promise.services import promise
from orders.routing.geography import Point, box_around, metres_between

RADIUS_METRES = 50_000
MOST_TRIES = 20
MOST_EXPLAINED = 20
STORES_PER_LOOK = 100


@dataclass(frozen=True)
class Candidate:
    """A store within reach; ``metres`` from the asked point, as the crow flies."""

    store_id: int
    public_id: str
    code: str
    metres: float


@dataclass(frozen=True)
class Routed:
    """The chosen store, when it will be ready there, and why it was chosen (plain JSON)."""

    store: Store
    promised_at: datetime
    explanation: dict[str, Any]


def named_store(
    *, reference: str, allowed_store_ids: Collection[int] | None = None
) -> tuple[Store, datetime]:
    """The store of that public id or code, and when an order placed now is ready there.

    Raises NotFound when there is none or it is not the caller's (None allows all), PickupOff
    when it hands out no orders, NeverOpen when it has no hours to prepare one.
    """
    store = _callers_store(reference, allowed_store_ids)
    if not store.pickup_enabled:
        raise PickupOff(f"store {store.code} does not offer pickup", store=store.code)
    return store, promise(store=store)


def explain_named(store: Store, *, asked: str) -> dict[str, Any]:
    """Why a store was taken that the customer, or a hold, had named."""
    chosen = {"store": store.code, "metres": None, "result": "chosen"}
    return {"asked": asked, "candidates": [chosen], "counts": {"chosen": 1}}


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
) -> Routed:
    """Allocate ``lines`` (item id → units) under ``reference`` in the nearest store that can.

    Looks only at stores with pickup, of the caller (None allows all) and within the radius,
    that have the whole basket; tries at most 20 of them, nearest first, because another order
    may be quicker. Raises NoStore with counts of why none could.
    """
    candidates = within_reach(
        near=near, radius_metres=radius_metres, allowed_store_ids=allowed_store_ids
    )
    results: list[dict[str, Any]] = []
    for candidate in _first(_with_basket(candidates, channel, lines, results), MOST_TRIES):
        store = Store.objects.get(pk=candidate.store_id)
        refusal, promised_at = _try(store, channel=channel, reference=reference, lines=lines)
        results.append(_result(candidate, refusal or "chosen"))
        if promised_at is not None:
            explanation = _explain(near, radius_metres, candidates, results)
            return Routed(store=store, promised_at=promised_at, explanation=explanation)
    explanation = _explain(near, radius_metres, candidates, results)
    raise NoStore(_why_none(explanation["counts"]), refused=explanation["counts"])


def within_reach(
    *, near: Point, radius_metres: int, allowed_store_ids: Collection[int] | None
) -> list[Candidate]:
    """The stores with pickup within the radius, nearest first; ties by code."""
    box = box_around(near, metres=radius_metres)
    rows = Store.objects.filter(
        active=True, pickup_enabled=True, latitude__range=(box.south, box.north)
    )
    if box.longitudes:
        spans = Q()
        for span in box.longitudes:
            spans |= Q(longitude__range=span)
        rows = rows.filter(spans)
    if allowed_store_ids is not None:
        rows = rows.filter(pk__in=allowed_store_ids)
    columns = rows.order_by().values_list("pk", "public_id", "code", "latitude", "longitude")
    found = (
        Candidate(pk, public_id, code, metres_between(near, Point(latitude, longitude)))
        for pk, public_id, code, latitude, longitude in columns
    )
    reached = [candidate for candidate in found if candidate.metres <= radius_metres]
    return sorted(reached, key=lambda candidate: (candidate.metres, candidate.code))


def _with_basket(
    candidates: list[Candidate],
    channel: SalesChannel,
    lines: Mapping[int, int],
    results: list[dict[str, Any]],
) -> Iterator[Candidate]:
    """The candidates whose stock covers the whole basket; notes the others in ``results``."""
    for start in range(0, len(candidates), STORES_PER_LOOK):
        some = candidates[start : start + STORES_PER_LOOK]
        stock = available(
            channel=channel,
            store_ids=[candidate.store_id for candidate in some],
            item_ids=list(lines),
        )
        for candidate in some:
            short = sum(
                1
                for item_id, units in lines.items()
                if (level := stock.get((candidate.store_id, item_id))) is None or level.atp < units
            )
            if short:
                results.append(_result(candidate, "not enough stock", short_lines=short))
            else:
                yield candidate


def _try(
    store: Store, *, channel: SalesChannel, reference: str, lines: Mapping[int, int]
) -> tuple[str, datetime | None]:
    """Promise and allocate in one store; the refusal, or when the order will be ready."""
    try:
        promised_at = promise(store=store)
        with transaction.atomic():
            allocate(
                reference=reference,
                channel=channel,
                store=store,
                lines=lines,
                promised_at=promised_at,
            )
    except NeverOpen:
        return "never open", None
    except InsufficientStock:
        return "sold out meanwhile", None
    return "", promised_at


def _first(candidates: Iterable[Candidate], most: int) -> Iterator[Candidate]:
    for count, candidate in enumerate(candidates, start=1):
        yield candidate
        if count == most:
            return


def _result(candidate: Candidate, result: str, **more: int) -> dict[str, Any]:
    return {"store": candidate.code, "metres": round(candidate.metres), "result": result, **more}


def _explain(
    near: Point, radius_metres: int, candidates: list[Candidate], results: list[dict[str, Any]]
) -> dict[str, Any]:
    """Counts over all candidates and the nearest 20 with their results, the chosen one always."""
    counts = Counter(str(result["result"]) for result in results)
    counts["not looked at"] = len(candidates) - len(results)
    shown = results[:MOST_EXPLAINED]
    if results and results[-1] not in shown:
        shown = [*shown[:-1], results[-1]]
    return {
        "asked": "near",
        "radius_metres": radius_metres,
        "near": {"latitude": round(near.latitude, 2), "longitude": round(near.longitude, 2)},
        "candidates": shown,
        "counts": {result: count for result, count in counts.items() if count},
    }


def _why_none(counts: Mapping[str, int]) -> str:
    if not counts:
        return "there is no store with pickup within the radius"
    told = ", ".join(f"{result}: {count}" for result, count in sorted(counts.items()))
    return f"no store in reach has the whole order ({told})"
