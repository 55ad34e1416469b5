"""The PIN of a ready pickup, in digits and as a QR code for the store's scanner."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import segno

from orders.curbside.pins import qr_text
from orders.models import FulfillmentOrder, FulfillmentStatus, PickupCode

QUIET = 2  # light modules around the code


def pin_of(fulfillment: FulfillmentOrder) -> str:
    """Six digits, or nothing before the order is ready and after it is gone."""
    if fulfillment.status != FulfillmentStatus.READY:
        return ""
    code: PickupCode | None = getattr(fulfillment, "pickup_code", None)
    return code.pin if code else ""


def qr_of(fulfillment: FulfillmentOrder, code: str) -> dict[str, Any] | None:
    """What the hand-off screen reads: a drawing and its width; None without a code."""
    if not code:
        return None
    drawn = segno.make(qr_text(fulfillment, code), error="m", micro=False)
    rows = list(drawn.matrix_iter(border=QUIET))
    return {"width": len(rows), "drawing": "".join(_row(y, row) for y, row in enumerate(rows))}


def _row(y: int, row: Any) -> str:
    """The dark stretches of a row, as moves of an SVG path."""
    strokes, x = [], 0
    for dark, stretch in groupby(row):
        length = len(list(stretch))
        if dark:
            strokes.append(f"M{x} {y}.5h{length}")
        x += length
    return "".join(strokes)
