"""A part as its store's POS concerns it, read in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from hub import clock
from hub.connectors.pos.base import PickLine
from hub.events.catalog import FulfillmentAmended, PosListRevised
from hub.stores.models import StoreSwitch
from inventory.models import Item
from orders.models import FulfillmentLine, FulfillmentOrder

REVISES = [FulfillmentAmended.name, PosListRevised.name]

# All of it is of one moment: the list is never older than its revision says. That a subject is
# not empty is said for the index, which leaves empty ones out.
_PART = """
SELECT part.id, part.public_id, part.status, part.promised_at, part.pos_reference, part.store_id,
    store.code, store.locale, shop_order.public_id, shop_order.external_id, shop_order.is_test,
    list.revision, list.in_doubt, list.withdrawn_at IS NOT NULL, list.edited::json,
    1 + (
        SELECT count(*) FROM events_fact fact
        WHERE fact.subject = 'order:' || part.order_id AND NOT fact.subject = ''
          AND fact.name = ANY(%(revises)s)
          AND (fact.data ->> 'fulfillment_id')::bigint = part.id
    ),
    EXISTS (
        SELECT FROM stores_storeswitch switch
        WHERE switch.store_id = part.store_id AND switch.kind = %(down)s
          AND switch.closed_at IS NULL AND (switch.until IS NULL OR switch.until > %(now)s)
    ),
    (
        SELECT coalesce(json_agg(wanted ORDER BY number, pk), '[]') FROM (
            SELECT line.id AS pk, order_line.number, line.stands_for_id AS stands_for, item.sku,
                item.name, item.names, line.allocated - line.short AS quantity
            FROM orders_fulfillmentline line
            JOIN orders_orderline order_line ON order_line.id = line.order_line_id
            JOIN inventory_item item ON item.id = line.item_id
            WHERE line.fulfillment_id = part.id AND line.allocated > line.short
        ) wanted
    )
FROM orders_fulfillmentorder part
JOIN orders_order shop_order ON shop_order.id = part.order_id
JOIN stores_store store ON store.id = part.store_id
LEFT JOIN orders_poslist list ON list.fulfillment_id = part.id
WHERE part.id = %(part)s
"""


@dataclass(frozen=True)
class PosPart:
    """What concerns the POS of one part.

    ``listed_revision`` is None where nothing was kept of what the POS has. ``revision`` is how
    often the pick list was made: once, and again with every amendment and edit so far.
    """

    pk: int
    public_id: str
    status: str
    promised_at: datetime
    pos_reference: str
    store_id: int
    store_code: str
    locale: str
    order_id: str
    order_reference: str
    is_test: bool
    listed_revision: int | None
    in_doubt: bool
    is_withdrawn: bool
    edited: Mapping[str, Any] | None
    revision: int
    is_pos_down: bool
    lines: tuple[PickLine, ...] = ()


def part_at_pos(fulfillment_id: int) -> PosPart:
    """The part; ``lines`` are those of which anything is still wanted, in the order's order,
    names in the store's language. Raises FulfillmentOrder.DoesNotExist."""
    values: dict[str, Any] = {
        "part": fulfillment_id,
        "revises": REVISES,
        "down": StoreSwitch.Kind.POS_DOWN,
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_PART, values)
        row = cursor.fetchone()
    if row is None:
        raise FulfillmentOrder.DoesNotExist(f"no part {fulfillment_id}")
    *columns, lines = row
    part = PosPart(*columns)
    return replace(part, lines=tuple(_line(line, part.locale) for line in lines))


def line_id_of(line: FulfillmentLine) -> str:
    """What a POS knows the line by: the order's line number; a substitute has one of its own."""
    return _line_id(line.pk, line.order_line.number, line.stands_for_id)


def _line_id(pk: int, number: int, stands_for: int | None) -> str:
    return f"{number}-{pk}" if stands_for else str(number)


def _line(row: Mapping[str, Any], locale: str) -> PickLine:
    return PickLine(
        line_id=_line_id(row["pk"], row["number"], row["stands_for"]),
        sku=row["sku"],
        name=Item(name=row["name"], names=row["names"]).name_in(locale),
        quantity=row["quantity"],
    )
