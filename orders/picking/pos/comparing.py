"""Where a store's POS and the hub disagree: pure comparisons of the one with the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.connectors.pos.base import Known
from orders.models import FulfillmentOrder, FulfillmentStatus, PosDrift
from orders.states import LIVE

Kind = PosDrift.Kind
OVER = frozenset(
    {FulfillmentStatus.REJECTED, FulfillmentStatus.CANCELED, FulfillmentStatus.EXPIRED}
)


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One thing in which they disagree; see PosDrift for its members."""

    kind: str
    key: str
    ours: str
    theirs: str
    as_of: datetime
    fulfillment_id: int | None = None
    item_id: int | None = None
    units: int | None = None


@dataclass(frozen=True, kw_only=True)
class Ours:
    """A part as the hub knows it: its revision at the POS, and the quantities by line id."""

    fulfillment: FulfillmentOrder
    revision: int
    quantities: Mapping[str, int]


def list_drift(known: Known, ours: Ours | None, at: datetime) -> Drift | None:
    """What is wrong with a pick list that is open at the POS; None when nothing is."""
    theirs = f"revision {known.revision}, {known.reference}"
    if ours is None:
        return _drift(Kind.LIST_UNKNOWN, known.fulfillment_id, ("nothing", theirs), at)
    part = ours.fulfillment
    if part.status in OVER:
        return _drift(Kind.LIST_LEFT, part.public_id, (str(part.status), theirs), at, part.pk)
    if part.status not in LIVE:
        return None
    if known.revision < ours.revision:
        mine = f"revision {ours.revision}"
        return _drift(Kind.LIST_STALE, part.public_id, (mine, theirs), at, part.pk)
    if known.quantities is not None and known.quantities != ours.quantities:
        mine, other = _shown(ours.quantities), _shown(known.quantities)
        return _drift(Kind.LIST_STALE, part.public_id, (mine, other), at, part.pk)
    return None


def missing_lists(ours: Iterable[Ours], seen: set[str], at: datetime) -> list[Drift]:
    """Live parts whose pick lists the POS should have and has not."""
    return [
        _drift(
            Kind.LIST_MISSING,
            one.fulfillment.public_id,
            (f"{one.fulfillment.status}, revision {one.revision}", "nothing"),
            at,
            one.fulfillment.pk,
        )
        for one in ours
        if one.fulfillment.status in LIVE and one.fulfillment.public_id not in seen
    ]


def stock_drift(*, sku: str, item_id: int, ours: int, theirs: int, at: datetime) -> Drift | None:
    """How far a POS's stock of an item is from what the hub expects it to say."""
    if ours == theirs:
        return None
    return Drift(
        kind=Kind.STOCK,
        key=sku,
        ours=f"{ours} on hand",
        theirs=f"{theirs} on hand",
        as_of=at,
        item_id=item_id,
        units=theirs,
    )


def receipt_drift(
    part: FulfillmentOrder, *, supplied: int, told: int | None, at: datetime
) -> Drift | None:
    """What is wrong with the receipts of goods handed over: none, or another amount."""
    mine = f"{supplied} minor units supplied"
    if told is None:
        return _drift(Kind.RECEIPT_MISSING, part.public_id, (mine, "no receipt"), at, part.pk)
    if told == supplied:
        return None
    theirs = f"{told} minor units on receipts"
    return _drift(Kind.RECEIPT_AMOUNT, part.public_id, (mine, theirs), at, part.pk)


def _drift(
    kind: str, key: str, said: tuple[str, str], at: datetime, part: int | None = None
) -> Drift:
    ours, theirs = said
    return Drift(kind=kind, key=key, ours=ours, theirs=theirs, as_of=at, fulfillment_id=part)


def _shown(quantities: Mapping[str, int]) -> str:
    return ", ".join(f"line {name}: {units}" for name, units in sorted(quantities.items()))
