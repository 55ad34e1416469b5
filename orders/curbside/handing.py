"""The goods leave the store: who may take them, and the proof that they were given."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.db import transaction
from django.db.models import F

from hub import clock
from hub.events.catalog import FulfillmentHandedOff
from hub.events.outbox import publish
from inventory.services import allocations
from orders.actions import has_acted, is_first, lock_parts
from orders.curbside.errors import LeadRequired, ReasonMissing
from orders.curbside.pins import check_pin
from orders.curbside.visits import end_pickup_links, end_visit
from orders.errors import IllegalMove
from orders.models import FulfillmentOrder, FulfillmentStatus, HandOff, VisitStatus
from orders.placing.rerouting import close_unless_undecided
from orders.states import move
from orders.text import clean

REASON_CHARACTERS = 200


def hand_off(
    *,
    fulfillment: FulfillmentOrder,
    pin: str,
    by: AbstractBaseUser | None,
    token: str = "",
) -> HandOff:
    """Give the goods to whoever knows the PIN.

    Afterwards the part is COMPLETED, its stock has left, the visit (if any) is over, the order
    is COMPLETED when no other part is open or waits for a store, and the customer's links are
    read-only for seven days. Raises PinMalformed, WrongPin, PinLocked, or what ``move`` raises.
    A wrong PIN stays counted, so this must not be called inside a transaction.
    """
    if has_acted(fulfillment=fulfillment, action="hand_off", token=token):
        return HandOff.objects.get(fulfillment=fulfillment)
    fulfillment.refresh_from_db()
    if fulfillment.status != FulfillmentStatus.READY:
        raise IllegalMove(
            f"it is {fulfillment.status}, so it cannot be handed over",
            present_status=fulfillment.status,
            version=fulfillment.version,
        )
    check_pin(fulfillment=fulfillment, pin=pin)
    return _give(fulfillment, by=by, token=token, method="pin")


def override_hand_off(
    *, fulfillment: FulfillmentOrder, reason: str, by: PermissionsMixin, token: str = ""
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
    return _give(fulfillment, by=by, token=token, method="override", reason=why)


@transaction.atomic
def _give(
    fulfillment: FulfillmentOrder, *, by: Any, token: str, method: str, reason: str = ""
) -> HandOff:
    if not is_first(fulfillment=fulfillment, action="hand_off", token=token):
        return HandOff.objects.get(fulfillment=fulfillment)
    lock_parts(fulfillment.order_id)
    now = clock.now()
    move(fulfillment, to=FulfillmentStatus.COMPLETED, completed_at=now)
    given: Counter[int] = Counter()
    for item_id, picked in fulfillment.lines.values_list("item_id", "picked"):
        given[item_id] += picked
    fulfillment.lines.update(handed_off=F("picked"))
    allocations.hand_off(
        reference=fulfillment.public_id,
        lines={item: units for item, units in given.items() if units},
    )
    proof = HandOff.objects.create(
        fulfillment=fulfillment, method=method, reason=reason, by=by, bags=fulfillment.bags
    )
    publish(FulfillmentHandedOff(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk))
    end_visit(fulfillment, to=VisitStatus.DONE)
    close_unless_undecided(fulfillment.order)
    end_pickup_links(fulfillment)
    return proof
