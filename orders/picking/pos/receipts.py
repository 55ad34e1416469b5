"""Receipts of a store's POS: kept once per number, and what they sold leaves the stock once.

Goods of our own orders never do: setting them aside and handing them over has seen to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub import clock
from hub.connectors.pos.reading import MOST_UNITS, moment_of
from hub.errors import ConnectorError
from hub.events.catalog import PosReceiptTaken
from hub.events.outbox import publish
from hub.stores.models import PosConnection
from inventory.ledger import StockEvent
from inventory.models import EventKind
from inventory.services.catalog import find_items
from inventory.services.stock_events import record_stock_events
from orders.models import FulfillmentOrder, PosReceipt

NUMBER_CHARACTERS = 40
SKU_CHARACTERS = 60
MOST_LINES = 500
MOST_MINOR = 10**12


def take_receipt(
    connection: PosConnection, fulfillment: FulfillmentOrder | None, data: Mapping[str, Any]
) -> None:
    """Keep a receipt and record what it sold, inside the caller's transaction.

    A repeat changes nothing. Raises ConnectorError (permanent) when the number told something
    else before, or the receipt cannot be; UnknownSku when it sold what nobody knows.
    """
    receipt = _read(connection, fulfillment, data)
    kept, is_new = PosReceipt.objects.get_or_create(
        connection=connection,
        number=receipt.number,
        defaults={
            "fulfillment": fulfillment,
            "total_minor": receipt.total_minor,
            "currency": receipt.currency,
            "lines": receipt.lines,
            "occurred_at": receipt.occurred_at,
        },
    )
    if not is_new:
        _require_same(kept, receipt)
        return
    _record(connection, kept)
    if fulfillment is not None:
        ids = {"order_id": fulfillment.order_id, "fulfillment_id": fulfillment.pk}
        publish(PosReceiptTaken(receipt_id=kept.pk, **ids), occurred_at=_not_later(kept))


def _record(connection: PosConnection, receipt: PosReceipt) -> None:
    """Tell the stock; it leaves alone what belongs to an order that the receipt names."""
    items = find_items(line["sku"] for line in receipt.lines)
    reference = receipt.fulfillment.public_id if receipt.fulfillment else receipt.number
    events = [
        StockEvent(
            event_id=f"receipt:{receipt.number}:{number}",
            kind=EventKind.SALE if line["quantity"] > 0 else EventKind.RETURN,
            store_id=connection.store_id,
            item_id=items[line["sku"]].pk,
            quantity=abs(line["quantity"]),
            occurred_at=receipt.occurred_at,
            reference=reference,
        )
        for number, line in enumerate(receipt.lines, 1)
    ]
    outcomes = record_stock_events(source=connection.public_id, events=events)
    if refused := next((one for one in outcomes if one.status == "refused"), None):
        raise ConnectorError(f"{refused.code}: {refused.detail}", permanent=True)


def _read(
    connection: PosConnection, fulfillment: FulfillmentOrder | None, data: Mapping[str, Any]
) -> PosReceipt:
    lines, at = data.get("lines"), moment_of(data.get("occurred_at"))
    if not isinstance(lines, list) or not 0 < len(lines) <= MOST_LINES or at is None:
        raise _odd(f"a receipt has a time and 1 to {MOST_LINES} lines")
    total = data.get("total_minor")
    if total is not None and not _is_whole(total, MOST_MINOR):
        raise _odd("total_minor is a whole number")
    currency = data.get("currency") or ""
    if not isinstance(currency, str) or len(currency) not in (0, 3) or not currency.isprintable():
        raise _odd("a currency has three letters")
    return PosReceipt(
        connection=connection,
        number=_text(data.get("receipt"), NUMBER_CHARACTERS, "receipt"),
        fulfillment=fulfillment,
        total_minor=total,
        currency=currency,
        lines=[_line(line) for line in lines],
        occurred_at=at,
    )


def _line(line: object) -> dict[str, Any]:
    quantity = line.get("quantity") if isinstance(line, dict) else None
    if not isinstance(line, dict) or not _is_whole(quantity, MOST_UNITS) or not quantity:
        raise _odd("a line has a sku and a quantity, below zero when it came back")
    return {"sku": _text(line.get("sku"), SKU_CHARACTERS, "sku"), "quantity": quantity}


def _require_same(kept: PosReceipt, told: PosReceipt) -> None:
    names = ("fulfillment_id", "total_minor", "currency", "lines", "occurred_at")
    if any(getattr(kept, name) != getattr(told, name) for name in names):
        raise _odd(f"receipt {kept.number} told something else before")


def _not_later(receipt: PosReceipt) -> datetime:
    return min(receipt.occurred_at, clock.now())


def _text(value: object, limit: int, what: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= limit or not value.isprintable():
        raise _odd(f"{what} is a text of at most {limit} characters")
    return value


def _is_whole(value: object, limit: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= limit


def _odd(detail: str) -> ConnectorError:
    return ConnectorError(detail, permanent=True)
