"""Mending what a check found, by one decision of a person each; and sending edited pick lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from hub import clock
from hub.connectors.registry import pos_connector
from hub.errors import Conflict
from hub.events import leases
from hub.events.breakers import guarded
from hub.events.catalog import PosListRevised, PosOutOfStep, PosRepairAsked
from hub.events.models import Delivery
from hub.events.outbox import publish
from inventory.services.counts import record_item_counts
from orders.errors import IllegalMove
from orders.models import FulfillmentOrder, PosDrift, PosList
from orders.picking.pos.pick_lists import checked_edit, lane_of
from orders.picking.pos.reading import part_at_pos
from orders.picking.pos.stepping import forget_standing
from orders.states import LIVE

Kind = PosDrift.Kind
REPAIRS = {
    Kind.LIST_MISSING: "Send it again",
    Kind.LIST_STALE: "Send it anew",
    Kind.LIST_LEFT: "Withdraw it",
    Kind.LIST_UNKNOWN: "Withdraw it",
    Kind.STOCK: "Take the POS's count over",
}


class NoRepair(Conflict):
    """Nothing the hub can do about it: a person looks, and dismisses it."""

    code = "no_repair"
    title = "This can only be looked into and dismissed"


@transaction.atomic
def repair(*, drift: PosDrift, by: str) -> bool:
    """Do the one thing that mends the drift; False when it was settled before.

    Pick lists are sent or withdrawn soon after; a count is taken over at once, as of when it was
    true. Raises NoRepair for receipts.
    """
    if drift.kind not in REPAIRS:
        raise NoRepair
    if not _settle(drift, how=REPAIRS[Kind(drift.kind)], by=by):
        return False
    if drift.kind == Kind.STOCK:
        record_item_counts(
            store=drift.connection.store,
            source=drift.connection.public_id,
            as_of=drift.as_of,
            counts={drift.item_id or 0: drift.units or 0},
            event_prefix=f"drift-{drift.pk}",
        )
    elif drift.kind == Kind.LIST_UNKNOWN:
        publish(PosRepairAsked(drift_id=drift.pk, store_id=drift.connection.store_id))
    elif drift.fulfillment is not None:
        _bring_again(drift.fulfillment, anew=drift.kind == Kind.LIST_STALE)
    return True


def dismiss(*, drift: PosDrift, by: str) -> bool:
    """A person has looked: nothing is to be done. False when it was settled before."""
    return _settle(drift, how="dismissed", by=by)


@transaction.atomic
def send_edited(
    *, fulfillment: FulfillmentOrder, note: str, lines: list[Mapping[str, Any]], by: str
) -> None:
    """Give the POS an edited pick list as a revision of its own; what was parked is tried again.

    Later changes of the order replace the edit. Raises EditRefused, and IllegalMove when the
    part is over.
    """
    row, _ = PosList.objects.get_or_create(fulfillment=fulfillment)
    locked = PosList.objects.select_for_update().get(pk=row.pk)
    if fulfillment.status not in LIVE:
        raise IllegalMove(f"it is {fulfillment.status}: nothing is to be collected")
    part = part_at_pos(fulfillment.pk)
    edit = checked_edit(part=part, note=note, lines=lines)
    publish(PosListRevised(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk))
    locked.edited = edit | {"revision": part.revision + 1}
    locked.edited_by = by[:150]
    locked.save(update_fields=["edited", "edited_by"])
    key = f"fulfillment:{fulfillment.pk}"
    leases.replay(Delivery.objects.filter(lane=lane_of(fulfillment.store_id), ordering_key=key))


def withdraw_unknown(drift_id: int) -> None:
    """Let the POS forget a pick list that no part stands behind, unless one does by now."""
    drift = PosDrift.objects.select_related("connection").get(pk=drift_id)
    if FulfillmentOrder.objects.filter(public_id=drift.key).exists():
        return
    lane = lane_of(drift.connection.store_id)
    pos = pos_connector(drift.connection)
    with guarded(lane, lane=lane):
        known = pos.status(drift.key)
        if known is not None and not known.canceled:
            pos.cancel(known.reference, drift.key)


def _bring_again(fulfillment: FulfillmentOrder, *, anew: bool) -> None:
    """Bring the POS to what is true now, without believing what it is thought to have."""
    forget_standing(fulfillment.pk)
    ids = {"order_id": fulfillment.order_id, "fulfillment_id": fulfillment.pk}
    publish(PosListRevised(**ids) if anew else PosOutOfStep(**ids))


def _settle(drift: PosDrift, *, how: str, by: str) -> bool:
    rows = PosDrift.objects.filter(pk=drift.pk, settled_at__isnull=True)
    return bool(rows.update(settled_at=clock.now(), settled_how=how, settled_by=by[:150]))
