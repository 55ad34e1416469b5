"""The hand-off: whoever is known to be the right one gets the goods, and it is proven."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Unpack

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.db import transaction
from django.db.models import F

from hub import clock
from hub.events.catalog import FulfillmentCanceled, FulfillmentHandedOff, GoodsRefused
from hub.events.outbox import publish
from inventory.services import allocations
from orders.actions import has_acted, is_first, lock_parts
from orders.curbside.aging import check_age
from orders.curbside.errors import BagsDiffer, LeadRequired, NoDelegate, PinLocked, ReasonMissing
from orders.curbside.handing.keeping import keep_rest
from orders.curbside.handing.outcomes import Outcome, Share, Told, kept_units, shares_of
from orders.curbside.pins import check_typed, is_locked
from orders.curbside.visits import end_pickup_links, end_visit
from orders.errors import IllegalMove
from orders.models import (
    Delegate,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    HandOff,
    HandOffLine,
    Refund,
    VisitStatus,
)
from orders.placing.rerouting import close_unless_undecided
from orders.putting_back import DAMAGED_AT_THE_CURB, ask_put_back
from orders.refunds import refund_due
from orders.states import move
from orders.text import clean

REASON_CHARACTERS = 200
MOST_BAGS = 999
CUSTOMER, DELEGATE = "customer", "delegate"
NOTHING_TAKEN = "nothing taken at the curb"
# Why goods that stay are put back, and what they are paid back for.
STAYING = {
    Outcome.REFUSED: ("refused at the curb", Refund.Reason.REFUSED),
    Outcome.DAMAGED: (DAMAGED_AT_THE_CURB, Refund.Reason.DAMAGED),
    Outcome.AGE_REFUSED: ("no proof of age at the curb", Refund.Reason.REFUSED),
}


@dataclass(frozen=True, kw_only=True)
class Known:
    """How the receiver was known: ``method`` is pin, delegate, id or override."""

    method: str
    receiver: str = CUSTOMER
    reason: str = ""


def hand_off(
    *,
    fulfillment: FulfillmentOrder,
    pin: str = "",
    by: AbstractBaseUser | None,
    token: str = "",
    receiver: str = CUSTOMER,
    **told: Unpack[Told],
) -> HandOff:
    """Give the goods to whoever knows the PIN; as ``receiver`` «delegate», the delegate's code.

    ``pin`` is six digits or the text of its QR code. Afterwards as ``give``; the same token again
    returns the first proof. A wrong PIN stays counted, so this must not be called inside a
    transaction. Raises as ``identify`` and ``give``.
    """
    if has_acted(fulfillment=fulfillment, action="hand_off", token=token):
        return HandOff.objects.get(fulfillment=fulfillment)
    try:
        known = identify(fulfillment=fulfillment, pin=pin, receiver=receiver)
    except IllegalMove:  # a twin of this tap may have been faster
        if has_acted(fulfillment=fulfillment, action="hand_off", token=token):
            return HandOff.objects.get(fulfillment=fulfillment)
        raise
    return give(fulfillment=fulfillment, known=known, by=by, token=token, **told)


def identify(*, fulfillment: FulfillmentOrder, pin: str, receiver: str = CUSTOMER) -> Known:
    """Whose code it is. Raises IllegalMove unless the part is READY, and as ``check_typed``."""
    _require_ready(fulfillment)
    if check_typed(fulfillment=fulfillment, text=pin, delegate=receiver == DELEGATE):
        return Known(method="delegate", receiver=DELEGATE)
    return Known(method="pin")


def hand_off_by_id(
    *,
    fulfillment: FulfillmentOrder,
    by: AbstractBaseUser,
    token: str = "",
    receiver: str = CUSTOMER,
    **told: Unpack[Told],
) -> HandOff:
    """Give the goods because ``by`` saw an ID with the customer's (or the delegate's) name on it.

    Its number is nobody's business and kept nowhere. A code that five wrong tries have locked is
    not got round this way: raises PinLocked, NoDelegate, and as ``give``.
    """
    if has_acted(fulfillment=fulfillment, action="hand_off", token=token):
        return HandOff.objects.get(fulfillment=fulfillment)
    is_delegate = receiver == DELEGATE
    if is_delegate and not Delegate.objects.filter(fulfillment=fulfillment).exists():
        raise NoDelegate
    if is_locked(fulfillment, delegate=is_delegate):
        raise PinLocked
    known = Known(method="id", receiver=DELEGATE if is_delegate else CUSTOMER)
    return give(fulfillment=fulfillment, known=known, by=by, token=token, **told)


def override_hand_off(
    *,
    fulfillment: FulfillmentOrder,
    reason: str,
    by: PermissionsMixin,
    token: str = "",
    receiver: str = CUSTOMER,
    **told: Unpack[Told],
) -> HandOff:
    """Give the goods without a PIN, on a lead's word; otherwise as ``hand_off``.

    Raises LeadRequired when ``by`` lacks the permission ``orders.override_pin``, and
    ReasonMissing.
    """
    why = clean(reason, limit=REASON_CHARACTERS, what="the reason")
    if not by.has_perm("orders.override_pin"):
        raise LeadRequired
    if not why:
        raise ReasonMissing
    known = Known(method="override", receiver=receiver, reason=why)
    return give(fulfillment=fulfillment, known=known, by=by, token=token, **told)


@transaction.atomic
def give(
    *,
    fulfillment: FulfillmentOrder,
    known: Known,
    by: Any,
    token: str = "",
    **told: Unpack[Told],
) -> HandOff:
    """Give the goods to somebody whose right to them is known, and keep the proof.

    Afterwards the part is COMPLETED, what was given has left the stock, the visit (if any) is
    over, the order is COMPLETED when no other part is open or waits for a store, and the
    customer's links are read-only for seven days. What was refused or damaged is to be put back
    and paid back; what is collected later is a READY part of its own. When nothing was given at
    all the part is CANCELED instead. Raises IllegalMove, Blocked, LinesUnaccounted, NothingGiven,
    NoSaleNow, AgeUnchecked or BagsDiffer; nothing is changed then.
    """
    if not is_first(fulfillment=fulfillment, action="hand_off", token=token):
        return HandOff.objects.get(fulfillment=fulfillment)
    lock_parts(fulfillment.order_id)
    _require_ready(fulfillment)
    lines = list(fulfillment.lines.select_related("item", "order_line", "stands_for"))
    shares = shares_of(lines, told.get("lines") or {})
    given = [share.line for share in shares if share.given]
    check_age(fulfillment, given, checked=told.get("age_checked", False))
    _end(fulfillment, given=bool(given))
    counted = told.get("bags")
    left = fulfillment.bags - (fulfillment.bags if counted is None else counted)
    rest = keep_rest(fulfillment, shares, bags=max(1, left))
    packed = _packed(fulfillment, given=bool(given), open_count=rest is not None)
    proof = _prove(fulfillment, shares, known=known, by=by, told=told, packed=packed)
    _take_off_stock(fulfillment, shares)
    _keep_back(fulfillment, shares, proof)
    _tell(fulfillment, given=bool(given))
    return proof


def _require_ready(fulfillment: FulfillmentOrder) -> None:
    fulfillment.refresh_from_db()
    if fulfillment.status != FulfillmentStatus.READY:
        raise IllegalMove(
            f"it is {fulfillment.status}, so it cannot be handed over",
            present_status=fulfillment.status,
            version=fulfillment.version,
        )


def _end(fulfillment: FulfillmentOrder, *, given: bool) -> None:
    if given:
        move(fulfillment, to=FulfillmentStatus.COMPLETED, completed_at=clock.now())
    else:
        move(fulfillment, to=FulfillmentStatus.CANCELED, reason=NOTHING_TAKEN)


def _packed(fulfillment: FulfillmentOrder, *, given: bool, open_count: bool) -> int | None:
    """How many bags should go out; None when that depends on how somebody repacked them."""
    if not given:
        return 0
    return fulfillment.bag_rows.count() or (None if open_count else fulfillment.bags)


def _prove(
    fulfillment: FulfillmentOrder,
    shares: Sequence[Share],
    *,
    known: Known,
    by: Any,
    told: Told,
    packed: int | None,
) -> HandOff:
    """Write the proof: who, how, how many bags, and what became of each unit."""
    counted = told.get("bags")
    why = clean(told.get("bags_reason", ""), limit=REASON_CHARACTERS, what="the reason")
    bags = (fulfillment.bags if packed is None else packed) if counted is None else counted
    if not 0 <= bags <= MOST_BAGS or (packed not in (None, bags) and not why):
        raise BagsDiffer(f"{packed} were packed, not {bags}", packed=packed, counted=bags)
    proof = HandOff.objects.create(
        fulfillment=fulfillment,
        method=known.method,
        receiver=known.receiver,
        reason=known.reason,
        by=by,
        bags=bags,
        bags_reason=why if packed not in (None, bags) else "",
        age_checked=told.get("age_checked", False),
        at=clock.now(),
    )
    HandOffLine.objects.bulk_create(
        HandOffLine(
            hand_off=proof,
            line=share.line,
            units=units,
            outcome=outcome,
            reason=clean(share.outcome.reason, limit=REASON_CHARACTERS, what="the reason")
            if outcome != Outcome.GIVEN
            else "",
        )
        for share in shares
        for outcome, units in share.units.items()
    )
    return proof


def _take_off_stock(fulfillment: FulfillmentOrder, shares: Sequence[Share]) -> None:
    given: Counter[int] = Counter()
    for share in shares:
        given[share.line.item_id] += share.given
    if units := {item: count for item, count in given.items() if count}:
        allocations.hand_off(reference=fulfillment.public_id, lines=units)
    for share in shares:
        if share.given != share.line.picked - share.outcome.later:
            FulfillmentLine.objects.filter(pk=share.line.pk).update(handed_off=share.given)
    whole = [share.line.pk for share in shares if not _stays(share)]
    fulfillment.lines.filter(pk__in=whole).update(handed_off=F("picked"))


def _stays(share: Share) -> bool:
    return any(share.units.get(outcome) for outcome in STAYING)


def _keep_back(fulfillment: FulfillmentOrder, shares: Sequence[Share], proof: HandOff) -> None:
    """What the customer did not take goes back, and its price, too."""
    owed: dict[str, Counter[int]] = {}
    for outcome, (words, reason) in STAYING.items():
        if units := kept_units(shares, outcome):
            ask_put_back(fulfillment=fulfillment, units=units, reason=words)
            owed.setdefault(reason, Counter()).update(units)
    for why, counts in owed.items():
        refund_due(fulfillment=fulfillment, reason=why, units=counts)
    if owed:
        ids = {"order_id": fulfillment.order_id, "fulfillment_id": fulfillment.pk}
        publish(GoodsRefused(hand_off_id=proof.pk, **ids))


def _tell(fulfillment: FulfillmentOrder, *, given: bool) -> None:
    fact = FulfillmentHandedOff if given else FulfillmentCanceled
    publish(fact(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk))
    end_visit(fulfillment, to=VisitStatus.DONE)
    close_unless_undecided(fulfillment.order)
    end_pickup_links(fulfillment)
