"""The store cannot prepare its part of an order; another one is found, or a person is told."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.db import transaction

from hub import clock
from hub.errors import HubError
from hub.events.catalog import FulfillmentRejected
from hub.events.outbox import publish
from hub.stores.models import Store
from inventory.ledger import StockEvent
from inventory.models import EventKind, UnavailableState
from inventory.services.bundles import unpacked
from inventory.services.levels import change_beside_others
from inventory.services.stock_events import record_stock_events
from inventory.services.stops import stop_after_short_pick
from orders.actions import is_first, lock_parts
from orders.errors import NoStore, ReasonMissing
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    RejectedItem,
    Rejection,
    RejectReason,
)
from orders.picking.errors import PickMismatch
from orders.placing.moving import offer_move, withdraw_offers
from orders.placing.rerouting import (
    MovedAlready,
    moves_freely,
    reroute,
    send_to,
    wait_for_person,
)
from orders.putting_back import give_up_goods
from orders.routing.alone import one_at_a_time
from orders.states import move
from orders.text import clean

REASON_CHARACTERS = 60
SOURCE = "hub"


class Effect(StrEnum):
    """What a rejection says about the store's stock of the goods it was for."""

    NOTHING = "nothing"
    REDUCE = "reduce"
    ZERO_UNTIL_RECOUNT = "zero until recount"


EFFECTS = {
    RejectReason.OUT_OF_STOCK: Effect.ZERO_UNTIL_RECOUNT,
    RejectReason.CANNOT_FIND: Effect.ZERO_UNTIL_RECOUNT,
    RejectReason.DAMAGED: Effect.REDUCE,
}
_WORDS = {
    "damaged goods": RejectReason.DAMAGED,
    "not enough staff": RejectReason.TOO_BUSY,
    "store closes early": RejectReason.CLOSING,
}
# A person, not the store, may say these words; and only the clock says the last.
_WORDS |= {reason.label: reason for reason in RejectReason if reason != RejectReason.NOT_ACCEPTED}
_WORDS |= {reason.value: reason for reason in RejectReason if reason != RejectReason.NOT_ACCEPTED}


def reason_of(text: str) -> RejectReason:
    """The coded reason that a code or the words of a page or a POS stand for."""
    return _WORDS.get(text.strip().lower(), RejectReason.OTHER)


@transaction.atomic
def reject(
    *,
    fulfillment: FulfillmentOrder,
    reason: str,
    lines: Mapping[int, int] | None = None,
    token: str = "",
    version: int | None = None,
) -> None:
    """The store cannot do it: REJECTED, its unpicked stock is free, picked goods are put back.

    ``reason`` is a code of RejectReason, or words; ``lines`` (line key → units) are the goods it
    is about, by default those of a part with one line. Out of stock or not to be found: the store
    sells no more of them until they are counted; damaged: so many units are unavailable.

    An order near a point goes to the next best store at once. A customer who named the store is
    asked about another one. When neither can be, a block stands on the order so that a person
    looks. Raises ReasonMissing, PickMismatch for a foreign line or too many units, and what
    ``move`` raises.
    """
    why = clean(reason, limit=REASON_CHARACTERS, what="the reason")
    if not why:
        raise ReasonMissing
    if not is_first(fulfillment=fulfillment, action="reject", token=token):
        return
    code = reason_of(why)
    if EFFECTS.get(code) == Effect.REDUCE:
        change_beside_others(fulfillment.store_id)  # the store first, then parts, as everywhere
    lock_parts(fulfillment.order_id)
    about = _lines_about(fulfillment, code, lines)
    words = code.label if why == code.value else why
    move(fulfillment, to=FulfillmentStatus.REJECTED, version=version, reason=words)
    one_at_a_time()
    _settle(fulfillment, code, about)
    find_another(ended=fulfillment, why=words)
    fulfillment.refresh_from_db()


@transaction.atomic
def pass_on(*, fulfillment: FulfillmentOrder) -> FulfillmentOrder | None:
    """Give a part that its store has not accepted in time to the next best store; its new part.

    None, and nothing changes, when it was accepted after all, when the customer named the store,
    or when no other store can: then this one may still accept it, and a person looks.
    """
    lock_parts(fulfillment.order_id)
    fulfillment.refresh_from_db()
    due = fulfillment.accept_by is not None and fulfillment.accept_by <= clock.now()
    waits = fulfillment.status == FulfillmentStatus.PROPOSED
    if not (due and waits and moves_freely(fulfillment.order)):
        return None
    one_at_a_time()
    try:
        with transaction.atomic():
            words = RejectReason.NOT_ACCEPTED.label
            move(fulfillment, to=FulfillmentStatus.REJECTED, reason=words)
            _settle(fulfillment, RejectReason.NOT_ACCEPTED, {})
            return reroute(ended=fulfillment)
    except HubError:
        return None


@transaction.atomic
def try_again(*, fulfillment: FulfillmentOrder, token: str = "") -> None:
    """Look once more for a store for a part that ended, or that its store has not accepted.

    For an order near a point the next best store gets it; a customer who named the store is asked.
    Raises NoStore when there is none, MovedAlready, and what ``move`` raises; then nothing has
    changed.
    """
    if not is_first(fulfillment=fulfillment, action="try_again", token=token):
        return
    lock_parts(fulfillment.order_id)
    one_at_a_time()
    _end(fulfillment)
    if moves_freely(fulfillment.order):
        reroute(ended=fulfillment, limited=False)
    elif offer_move(ended=fulfillment) is None:
        raise NoStore("no other store around has all of it")


@transaction.atomic
def send_elsewhere(
    *,
    fulfillment: FulfillmentOrder,
    store: Store,
    by: str,
    consent: bool = False,
    token: str = "",
) -> FulfillmentOrder | None:
    """A person gives the part to a store of their choice; returns that store's part.

    None when this tap has acted before. Raises ConsentMissing, and whatever speaks against the
    store, as ``send_to`` does; then nothing has changed.
    """
    if not is_first(fulfillment=fulfillment, action="send_to", token=token):
        return None
    lock_parts(fulfillment.order_id)
    one_at_a_time()
    _end(fulfillment)
    return send_to(ended=fulfillment, store=store, by=by, consent=consent)


def find_another(*, ended: FulfillmentOrder, why: str) -> None:
    """Have another store prepare what ``ended`` was to prepare, ask the customer, or a person."""
    try:
        if moves_freely(ended.order):
            reroute(ended=ended)
            return
        if offer_move(ended=ended) is not None:
            return
    except MovedAlready:
        return
    except HubError as refusal:
        why = f"{why}; {refusal.detail}"
    note = f"no store works on it: {why}"
    wait_for_person(ended, note=note[:200])


def _end(fulfillment: FulfillmentOrder) -> None:
    """Take the work from a store that has it still; questions to the customer are void."""
    fulfillment.refresh_from_db()
    withdraw_offers(fulfillment.order)
    if fulfillment.status != FulfillmentStatus.REJECTED:
        move(fulfillment, to=FulfillmentStatus.REJECTED, reason="sent to another store")
        give_up_goods(fulfillment=fulfillment, reason="sent to another store")
        _tell(fulfillment)


def _settle(
    fulfillment: FulfillmentOrder, code: RejectReason, about: Mapping[FulfillmentLine, int]
) -> None:
    """Stops come before anything that locks stock levels."""
    effect = EFFECTS.get(code, Effect.NOTHING)
    if about and effect == Effect.ZERO_UNTIL_RECOUNT:
        items = {line.item_id for line in about}
        stop_after_short_pick(store_id=fulfillment.store_id, item_ids=items)
    give_up_goods(fulfillment=fulfillment, reason=code.label)
    if about and effect == Effect.REDUCE:
        record_stock_events(source=SOURCE, events=_damaged(fulfillment, about))
    _remember(fulfillment, code, about)
    _tell(fulfillment)


def _remember(
    fulfillment: FulfillmentOrder, code: RejectReason, about: Mapping[FulfillmentLine, int]
) -> None:
    now = clock.now()
    rejection = Rejection.objects.create(
        fulfillment=fulfillment, store_id=fulfillment.store_id, reason=code, rejected_at=now
    )
    RejectedItem.objects.bulk_create(
        RejectedItem(
            rejection=rejection,
            store_id=fulfillment.store_id,
            item_id=line.item_id,
            units=units,
            rejected_at=now,
        )
        for line, units in about.items()
    )


def _tell(fulfillment: FulfillmentOrder) -> None:
    publish(FulfillmentRejected(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk))


def _lines_about(
    fulfillment: FulfillmentOrder, code: RejectReason, named: Mapping[int, int] | None
) -> dict[FulfillmentLine, int]:
    """The goods for want of which it is rejected; none for reasons that are not about goods."""
    if code not in EFFECTS:
        return {}
    lines = {line.pk: line for line in fulfillment.lines.all()}
    if named is None:
        named = {key: line.allocated for key, line in lines.items()} if len(lines) == 1 else {}
    wrong = [
        key
        for key, units in named.items()
        if key not in lines or not 0 < units <= lines[key].allocated
    ]
    if wrong:
        raise PickMismatch("name lines of this part, and no more units than asked", lines=wrong)
    return {lines[key]: units for key, units in named.items()}


def _damaged(
    fulfillment: FulfillmentOrder, about: Mapping[FulfillmentLine, int]
) -> list[StockEvent]:
    """Units on the shelf become unavailable; picked ones are judged when they are put back."""
    units: dict[int, int] = {}
    for line, count in about.items():
        on_shelf = min(count, line.allocated - line.short - line.picked)
        for item, number in unpacked({line.item_id: on_shelf}).items() if on_shelf > 0 else ():
            units[item] = units.get(item, 0) + number
    return [
        StockEvent(
            event_id=f"reject:{fulfillment.pk}:{item}",
            kind=EventKind.MOVE,
            store_id=fulfillment.store_id,
            item_id=item,
            quantity=number,
            occurred_at=clock.now(),
            reason="",
            reference=fulfillment.public_id,
            state=UnavailableState.DAMAGED,
        )
        for item, number in sorted(units.items())
    ]
