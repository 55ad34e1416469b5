"""Orders as plain JSON values; ``orders.api.replies`` describes every member."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from orders.details import offer_json, refund_json, return_json, settlement_json
from orders.models import Block, FulfillmentOrder, FulfillmentStatus, Order
from orders.placing.cancel import why_not_amend, why_not_cancel
from orders.placing.writing import ALLOWED
from orders.revision import revision_of
from orders.states import allowed_actions

ALLOWS = {kept: word for word, kept in ALLOWED.items()}


def order_json(order: Order) -> dict[str, Any]:
    """The whole order. Reads only what ``orders.api.reading`` has prefetched."""
    parts = list(order.fulfillments.all())
    refusals = {"cancel": why_not_cancel(order, parts), "amend": why_not_amend(order, parts)}
    return order_summary(order) | {
        "note": order.note,
        "metadata": order.metadata,
        "lines": [_line(line) for line in order.lines.all()],
        "fulfillments": [_fulfillment(part) for part in parts],
        "blocks": [_block(block) for block in order.blocks.all() if block.lifted_at is None],
        "allowed_actions": [
            {"name": name, "allowed": not reason, "reason": reason}
            for name, reason in refusals.items()
        ],
    }


def order_summary(order: Order) -> dict[str, Any]:
    """The order as it stands in lists: its parts without their lines."""
    parts = list(order.fulfillments.all())
    return {
        "id": order.public_id,
        "external_id": order.external_id,
        "status": order.status,
        "version": revision_of(order, parts),
        "currency": order.currency,
        "total_minor": order.total_minor,
        "tax_minor": order.tax_minor,
        "placed_at": _utc(order.placed_at),
        "is_test": order.is_test,
        "fulfillments": [part_json(part) for part in parts],
    }


def part_json(part: FulfillmentOrder) -> dict[str, Any]:
    """One store's part in short."""
    store = part.store
    return {
        "id": part.public_id,
        "store": {"id": store.public_id, "code": store.code, "name": store.name},
        "status": part.status,
        "version": part.version,
        "promised_at": _utc(part.promised_at),
        "window": _window(part),
        "ready_at": _utc(part.ready_at),
        "expires_at": _utc(part.expires_at),
    }


def _window(part: FulfillmentOrder) -> dict[str, Any] | None:
    if part.window_start is None:
        return None
    return {"start": _utc(part.window_start), "end": _utc(part.window_end)}


def _fulfillment(part: FulfillmentOrder) -> dict[str, Any]:
    return part_json(part) | {
        "lines": [_work(line) for line in part.lines.all()],
        **_worth(part),
        "allowed_actions": [vars(action) for action in allowed_actions(part)],
    }


def _worth(part: FulfillmentOrder) -> dict[str, Any]:
    """What it came to, and what happened to its lines; a part just placed has nothing of it."""
    if part.status == FulfillmentStatus.PROPOSED:
        return {"supplied": None, "offers": [], "refunds": [], "returns": []}
    settlement = getattr(part, "settlement", None)
    rounds = part.rounds.all()
    return {
        "supplied": settlement_json(settlement) if settlement else None,
        "offers": [offer_json(offer) for asked in rounds for offer in asked.offers.all()],
        "refunds": [refund_json(refund) for refund in part.refunds.all()],
        "returns": [return_json(goods) for goods in part.returns.all()],
    }


def _block(block: Block) -> dict[str, Any]:
    return {"reason": block.reason, "note": block.note, "opened_at": _utc(block.opened_at)}


def _line(line: Any) -> dict[str, Any]:
    """An OrderLine with its SKU and its wanted substitute's beside it."""
    return {
        "number": line.number,
        "sku": line.sku,
        "quantity": line.quantity,
        "canceled": line.canceled,
        "unit_price_minor": line.unit_price_minor,
        "tax_minor": line.tax_minor,
        "substitution": {
            "allow": ALLOWS[line.substitution],
            "sku": line.substitute_sku,
            "price_cap_minor": line.price_cap_minor,
        },
    }


def _work(line: Any) -> dict[str, Any]:
    """A FulfillmentLine with its SKU and its line's number beside it."""
    return {
        "number": line.number,
        "sku": line.sku,
        "stands_for": getattr(line, "stands_for_sku", None),
        "unit_price_minor": line.unit_price_minor,
        "allocated": line.allocated,
        "picked": line.picked,
        "short": line.short,
        "handed_off": line.handed_off,
    }


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
