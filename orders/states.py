"""Which status follows which, and the only code that changes one.

Every move is one UPDATE guarded by the row's own ``status`` and ``version`` (compare and
set), and, for a step forward, by the absence of open blocks.

Why the version is always in the guard: under READ COMMITTED an UPDATE that waited for a row
lock rechecks only the row's own columns; ``NOT EXISTS (block)`` is still answered by the
snapshot from before the wait. So whoever opens a block (``orders.blocks``) also raises the
version of the rows it stops. Either the move finds the version changed, looks again and sees
the block, or it came first and the block stands behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef

from orders.errors import Blocked, IllegalMove, StaleVersion
from orders.models import (
    Block,
    FulfillmentOrder,
    FulfillmentStatus,
    Order,
    OrderStatus,
    Visit,
    VisitStatus,
)

Moves = Mapping[str, frozenset[str]]

MOVES: Moves = {
    FulfillmentStatus.PROPOSED: frozenset(
        {FulfillmentStatus.ACCEPTED, FulfillmentStatus.REJECTED, FulfillmentStatus.CANCELED}
    ),
    FulfillmentStatus.ACCEPTED: frozenset(
        {FulfillmentStatus.PICKING, FulfillmentStatus.REJECTED, FulfillmentStatus.CANCELED}
    ),
    FulfillmentStatus.PICKING: frozenset(
        {FulfillmentStatus.PICKED, FulfillmentStatus.REJECTED, FulfillmentStatus.CANCELED}
    ),
    FulfillmentStatus.PICKED: frozenset({FulfillmentStatus.READY, FulfillmentStatus.CANCELED}),
    FulfillmentStatus.READY: frozenset(
        {FulfillmentStatus.COMPLETED, FulfillmentStatus.EXPIRED, FulfillmentStatus.CANCELED}
    ),
}

ORDER_MOVES: Moves = {
    OrderStatus.OPEN: frozenset({OrderStatus.COMPLETED, OrderStatus.CANCELED}),
}

# A visit may skip stages: people arrive unannounced, and goods are given at the counter.
VISIT_MOVES: Moves = {
    VisitStatus.ON_MY_WAY: frozenset(
        {
            VisitStatus.NEARBY,
            VisitStatus.ARRIVED,
            VisitStatus.BEING_SERVED,
            VisitStatus.DONE,
            VisitStatus.LEFT,
            VisitStatus.WRONG_STORE,
        }
    ),
    VisitStatus.NEARBY: frozenset(
        {
            VisitStatus.ARRIVED,
            VisitStatus.BEING_SERVED,
            VisitStatus.DONE,
            VisitStatus.LEFT,
            VisitStatus.WRONG_STORE,
        }
    ),
    VisitStatus.ARRIVED: frozenset(
        {VisitStatus.BEING_SERVED, VisitStatus.DONE, VisitStatus.LEFT, VisitStatus.WRONG_STORE}
    ),
    # whom nobody finds although he is being served may turn up before another store
    VisitStatus.BEING_SERVED: frozenset(
        {VisitStatus.DONE, VisitStatus.LEFT, VisitStatus.WRONG_STORE}
    ),
}

FORWARD = frozenset(
    {
        FulfillmentStatus.ACCEPTED,
        FulfillmentStatus.PICKING,
        FulfillmentStatus.PICKED,
        FulfillmentStatus.READY,
        FulfillmentStatus.COMPLETED,
    }
)
# What waits for a customer's or a site's word stops only what that word can change; every other
# block stops all steps forward.
STOPS: Mapping[str, frozenset[str]] = {
    Block.Reason.SUBSTITUTION: frozenset(
        {FulfillmentStatus.PICKED, FulfillmentStatus.READY, FulfillmentStatus.COMPLETED}
    ),
    Block.Reason.AMOUNT: frozenset({FulfillmentStatus.COMPLETED}),
}
LIVE = frozenset(MOVES)
BEFORE_READY = LIVE - {FulfillmentStatus.READY}

# The steps people take, by the names that the API and the staff pages use.
ACTIONS: Mapping[str, str] = {
    "accept": FulfillmentStatus.ACCEPTED,
    "start": FulfillmentStatus.PICKING,
    "picked": FulfillmentStatus.PICKED,
    "ready": FulfillmentStatus.READY,
    "hand_off": FulfillmentStatus.COMPLETED,
    "reject": FulfillmentStatus.REJECTED,
    "cancel": FulfillmentStatus.CANCELED,
}

TRIES = 20


@dataclass(frozen=True)
class AllowedAction:
    """A step by name, whether it may be taken now, and the reason when it may not."""

    name: str
    allowed: bool
    reason: str = ""


@dataclass(frozen=True)
class Obstacle:
    """What keeps a step from being taken: the statuses that it needs, else the reasons of the open
    blocks that stop it."""

    needs: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()


def move(
    fulfillment: FulfillmentOrder, *, to: str, version: int | None = None, **changes: Any
) -> None:
    """Bring a fulfillment order to the status ``to`` and write ``changes`` (plain values).

    Afterwards the row and ``fulfillment`` carry the new status and the next version. Raises
    StaleVersion when the caller's ``version`` is no longer true, Blocked when a step forward
    meets an open block, and IllegalMove when no way leads there; nothing is changed then, and
    ``fulfillment`` shows the fresh row.
    """
    _move(fulfillment, moves=MOVES, to=to, version=version, changes=changes)


def move_order(order: Order, *, to: str, version: int | None = None, **changes: Any) -> None:
    """Bring an order to the status ``to``; raises as ``move`` does, but knows no blocks."""
    _move(order, moves=ORDER_MOVES, to=to, version=version, changes=changes)


def move_visit(visit: Visit, *, to: str, version: int | None = None, **changes: Any) -> None:
    """Bring a visit to the status ``to``; raises as ``move`` does, but knows no blocks."""
    _move(visit, moves=VISIT_MOVES, to=to, version=version, changes=changes)


def sources_of(moves: Moves, to: str) -> list[str]:
    """The statuses from which ``to`` can be reached in one step."""
    return [str(source) for source, targets in moves.items() if to in targets]


def allowed_actions(fulfillment: FulfillmentOrder) -> list[AllowedAction]:
    """Every step on a fulfillment order, with the reason for each that is refused.

    Reads ``fulfillment.order.blocks``: prefetch ``order__blocks`` where there are many.
    """
    met = obstacles(fulfillment)
    return [
        AllowedAction(name, name not in met, _reason(fulfillment.status, met.get(name)))
        for name in ACTIONS
    ]


def obstacles(fulfillment: FulfillmentOrder) -> dict[str, Obstacle]:
    """What keeps a step from being taken, by the step's name; steps that are free are not named."""
    reasons = [block.reason for block in fulfillment.order.blocks.all() if block.lifted_at is None]
    found = {
        name: _obstacle(to, status=fulfillment.status, reasons=reasons)
        for name, to in ACTIONS.items()
    }
    return {name: one for name, one in found.items() if one is not None}


def _obstacle(to: str, *, status: str, reasons: Iterable[str]) -> Obstacle | None:
    sources = sources_of(MOVES, to)
    if status not in sources:
        return Obstacle(needs=tuple(sources))
    stopping = [reason for reason in reasons if to in STOPS.get(reason, FORWARD)]
    return Obstacle(blocks=tuple(stopping)) if stopping else None


def _reason(status: str, met: Obstacle | None) -> str:
    if met is None:
        return ""
    if met.needs:
        return f"it is {status}, and must be {_words(met.needs)}"
    return f"blocked: {_words(met.blocks)}"


def _words(words: Any) -> str:
    return " or ".join(sorted(str(word) for word in words))


def _move(
    row: Any, *, moves: Moves, to: str, version: int | None, changes: Mapping[str, Any]
) -> None:
    """Compare and set until it succeeds or cannot.

    A caller without a version does not mind what else changed, so a lost comparison is tried
    again on the fresh row; each loss means that somebody else got further.
    """
    sources = sources_of(moves, to)
    expected = row.version if version is None else version
    for _ in range(TRIES):
        if _set(row, sources=sources, expected=expected, to=to, changes=changes):
            return
        row.refresh_from_db()
        _refuse(row, sources=sources, to=to, version=version)
        expected = row.version
    raise StaleVersion(present_status=str(row.status), version=row.version)


def _set(
    row: Any, *, sources: list[str], expected: int, to: str, changes: Mapping[str, Any]
) -> bool:
    rows = type(row)._default_manager.filter(pk=row.pk, status__in=sources, version=expected)
    if _stopped_by_blocks(row, to):
        rows = rows.filter(~Exists(_blocks_before(to).filter(order=OuterRef("order"))))
    if not rows.update(status=to, version=F("version") + 1, **changes):
        return False
    for field, value in {**changes, "status": to, "version": expected + 1}.items():
        setattr(row, field, value)
    return True


def _refuse(row: Any, *, sources: list[str], to: str, version: int | None) -> None:
    """Raise the reason why the fresh row cannot move, if there is one."""
    fresh = {"present_status": str(row.status), "version": row.version}
    if version is not None and row.version != version:
        raise StaleVersion(f"it is at version {row.version}, not {version}", **fresh)
    if row.status not in sources:
        raise IllegalMove(f"it is {row.status}, so it cannot become {to}", **fresh)
    if _stopped_by_blocks(row, to):
        found = _blocks_before(to).filter(order=row.order_id)
        reasons = sorted(found.values_list("reason", flat=True))
        if reasons:
            raise Blocked(f"blocked: {', '.join(reasons)}", blocks=reasons, **fresh)


def _stopped_by_blocks(row: Any, to: str) -> bool:
    return isinstance(row, FulfillmentOrder) and to in FORWARD


def _blocks_before(to: str) -> Any:
    passing = [reason for reason, stopped in STOPS.items() if to not in stopped]
    return Block.objects.filter(lifted_at__isnull=True).exclude(reason__in=passing)
