"""Writing drafts down: orders, lines, parts, work and decisions of any number of orders at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from hub import clock
from hub.customers.services import Landed
from orders.errors import DuplicateOrder
from orders.models import FulfillmentLine, FulfillmentOrder, Order, OrderLine
from orders.placing.asked import Line
from orders.placing.drafts import Desk, Draft, Part
from orders.placing.refusing import Refused

MOST_PARTS = 100  # of one order
ALLOWED = {
    "no": OrderLine.Substitution.REFUSED,
    "ask": OrderLine.Substitution.ASK,
    "yes": OrderLine.Substitution.ACCEPTED,
}

# An order number that its channel has used already writes nothing: the caller counts.
_WRITE = """
WITH made AS (
    INSERT INTO orders_order (public_id, channel_id, external_id, contact_id, profile_id, status,
        version, currency, total_minor, tax_minor, locale, note, metadata, near_latitude,
        near_longitude, radius_metres, is_test, placed_at)
    SELECT public_id, %(channel)s, external_id, contact, profile, 'open', 1, %(currency)s, total,
        tax, locale, note, metadata, latitude, longitude, radius, %(is_test)s, %(now)s
    FROM json_to_recordset(%(orders)s) AS asked (place int, public_id text, external_id text,
        contact bigint, profile bigint, total bigint, tax bigint, locale text, note text,
        metadata jsonb, latitude float8, longitude float8, radius int)
    ORDER BY place
    ON CONFLICT (channel_id, is_test, external_id) DO NOTHING
    RETURNING id, public_id
), line AS (
    INSERT INTO orders_orderline (order_id, number, item_id, quantity, canceled, unit_price_minor,
        tax_minor, substitution, substitute_id, price_cap_minor)
    SELECT made.id, number, item, quantity, 0, price, tax, substitution, substitute, cap
    FROM json_to_recordset(%(lines)s) AS asked (public_id text, number int, item bigint,
        quantity int, price bigint, tax bigint, substitution text, substitute bigint, cap bigint)
    JOIN made USING (public_id)
    ORDER BY made.id, number
    RETURNING id, order_id, number
), asked_part AS (
    SELECT * FROM json_to_recordset(%(parts)s) AS asked (place int, public_id text, reference text,
        store bigint, promised timestamptz, opens timestamptz, closes timestamptz,
        accept timestamptz, explanation jsonb)
), part AS (
    INSERT INTO orders_fulfillmentorder (public_id, order_id, store_id, status, version,
        promised_at, promised_first, window_start, window_end, accept_by, staging_location, bags,
        reason, pos_reference)
    SELECT reference, made.id, store, 'proposed', 1, promised, promised, opens, closes, accept,
        '', 0, '', ''
    FROM asked_part JOIN made USING (public_id)
    ORDER BY place
    RETURNING id, public_id, order_id
), work AS (
    INSERT INTO orders_fulfillmentline (fulfillment_id, order_line_id, item_id, allocated, picked,
        short, handed_off)
    SELECT part.id, line.id, item, units, 0, 0, 0
    FROM json_to_recordset(%(work)s)
        AS asked (public_id text, number int, item bigint, units int)
    JOIN part USING (public_id) JOIN line USING (order_id, number)
    ORDER BY part.id, number
), decision AS (
    INSERT INTO orders_routingdecision (order_id, store_id, explanation)
    SELECT made.id, store, explanation
    FROM asked_part JOIN made USING (public_id)
)
SELECT public_id, id FROM made UNION ALL SELECT public_id, id FROM part
"""


def write(desk: Desk, drafts: Sequence[Draft], landed: Sequence[Landed]) -> list[Order]:
    """Write the drafts in one statement and return their orders, parts and lines at hand.

    ``landed`` are their customers. Raises Refused with DuplicateOrder for order numbers that the
    channel has used for orders of this kind (test or real) already.
    """
    now = clock.now()
    values: dict[str, Any] = {
        "channel": desk.channel.pk,
        "currency": desk.channel.currency,
        "is_test": desk.is_test,
        "now": now,
    }
    rows = {
        "orders": [_order_row(*entry) for entry in zip(drafts, landed, strict=True)],
        "lines": [row for draft in drafts for row in _line_rows(draft)],
        "parts": [row for draft in drafts for row in _part_rows(draft)],
        "work": [row for draft in drafts for row in _work_rows(draft)],
    }
    values |= {
        name: json.dumps(listed, default=datetime.isoformat) for name, listed in rows.items()
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, values)
        keys: dict[str, int] = dict(cursor.fetchall())
    if twice := [draft for draft in drafts if draft.reference not in keys]:
        raise Refused({draft.place: _duplicate(desk, draft) for draft in twice})
    return [
        _at_hand(desk, draft, customer, keys, now)
        for draft, customer in zip(drafts, landed, strict=True)
    ]


def _duplicate(desk: Desk, draft: Draft) -> DuplicateOrder:
    external_id = draft.asked["external_id"]
    rows = Order.objects.filter(channel=desk.channel, is_test=desk.is_test, external_id=external_id)
    known = rows.values_list("public_id", flat=True).first()
    return DuplicateOrder(f"order {external_id} has been placed already", id=known)


def _order_row(draft: Draft, customer: Landed) -> dict[str, Any]:
    asked = draft.asked
    near: Mapping[str, Any] = asked["pickup"].get("near", {})
    return {
        "place": draft.place,
        "public_id": draft.reference,
        "external_id": asked["external_id"],
        "contact": customer.contact_id,
        "profile": customer.profile_id,
        "total": asked["total_minor"],
        "tax": asked.get("tax_minor", 0),
        "locale": draft.word.locale,
        "note": asked.get("note", ""),
        "metadata": asked.get("metadata", {}),
        "latitude": near.get("latitude"),
        "longitude": near.get("longitude"),
        "radius": near.get("radius_metres"),
    }


def _line_rows(draft: Draft) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(draft.asked["lines"], start=1):
        tax, substitution, substitute, cap = _wishes(draft, line)
        yield {
            "public_id": draft.reference,
            "number": number,
            "item": draft.items[line["sku"]].pk,
            "quantity": line["quantity"],
            "price": line["unit_price_minor"],
            "tax": tax,
            "substitution": substitution,
            "substitute": substitute,
            "cap": cap,
        }


def _wishes(draft: Draft, line: Line) -> tuple[Any, ...]:
    """Tax, and what the customer says of substitutes."""
    wish: Mapping[str, Any] = line.get("substitution", {})
    substitute = draft.items[wish["sku"]].pk if wish.get("sku") else None
    allowed = ALLOWED[wish.get("allow", "no")]
    return line.get("tax_minor", 0), allowed, substitute, wish.get("price_cap_minor")


def _part_rows(draft: Draft) -> Iterator[dict[str, Any]]:
    for place, part in enumerate(draft.parts):
        yield {
            "place": draft.place * MOST_PARTS + place,
            "public_id": draft.reference,
            "reference": part.reference,
            "store": part.store.pk,
            "promised": part.promised_at,
            "opens": part.window.start if part.window else None,
            "closes": part.window.end if part.window else None,
            "accept": part.accept_by,
            "explanation": part.explanation,
        }


def _work_rows(draft: Draft) -> Iterator[dict[str, Any]]:
    """Every line in the part that has its item; all units of an item are in one part."""
    for part in draft.parts:
        for number, line in enumerate(draft.asked["lines"], start=1):
            item = draft.items[line["sku"]].pk
            if item in part.lines:
                yield {
                    "public_id": part.reference,
                    "number": number,
                    "item": item,
                    "units": line["quantity"],
                }


def _at_hand(
    desk: Desk, draft: Draft, customer: Landed, keys: Mapping[str, int], now: datetime
) -> Order:
    """The order as ``orders.api.reading`` would read it: lines, parts, their lines, no blocks.

    The lines of parts have no keys: nobody who shows them asks for one.
    """
    asked = draft.asked
    near: Mapping[str, Any] = asked["pickup"].get("near", {})
    order = Order(
        pk=keys[draft.reference],
        public_id=draft.reference,
        channel=desk.channel,
        external_id=asked["external_id"],
        contact_id=customer.contact_id,
        profile_id=customer.profile_id,
        currency=asked["currency"],
        total_minor=asked["total_minor"],
        tax_minor=asked.get("tax_minor", 0),
        locale=draft.word.locale,
        note=asked.get("note", ""),
        metadata=asked.get("metadata", {}),
        near_latitude=near.get("latitude"),
        near_longitude=near.get("longitude"),
        radius_metres=near.get("radius_metres"),
        is_test=desk.is_test,
        placed_at=now,
    )
    lines = [_order_line(order, draft, *entry) for entry in enumerate(asked["lines"], start=1)]
    parts = [_part(order, draft, part, keys) for part in draft.parts]
    _know(order, lines=lines, fulfillments=parts, blocks=[])
    return order


def _order_line(order: Order, draft: Draft, number: int, line: Line) -> OrderLine:
    tax, substitution, substitute, cap = _wishes(draft, line)
    row = OrderLine(
        order=order,
        number=number,
        item=draft.items[line["sku"]],
        quantity=line["quantity"],
        unit_price_minor=line["unit_price_minor"],
        tax_minor=tax,
        substitution=substitution,
        substitute_id=substitute,
        price_cap_minor=cap,
    )
    row.sku = line["sku"]  # type: ignore[attr-defined]
    row.substitute_sku = line.get("substitution", {}).get("sku")  # type: ignore[attr-defined]
    return row


def _part(order: Order, draft: Draft, part: Part, keys: Mapping[str, int]) -> FulfillmentOrder:
    row = FulfillmentOrder(
        pk=keys[part.reference],
        public_id=part.reference,
        order=order,
        store=part.store,
        promised_at=part.promised_at,
        promised_first=part.promised_at,
        window_start=part.window.start if part.window else None,
        window_end=part.window.end if part.window else None,
        accept_by=part.accept_by,
    )
    lines = []
    for number, line in enumerate(draft.asked["lines"], start=1):
        item = draft.items[line["sku"]]
        if item.pk in part.lines:
            work = FulfillmentLine(fulfillment=row, item=item, allocated=line["quantity"])
            work.sku, work.number = item.sku, number  # type: ignore[attr-defined]
            lines.append(work)
    _know(row, lines=lines)
    return row


def _know(row: Any, **related: list[Any]) -> None:
    """Spare whoever shows the row to read what has just been written."""
    cache = {}
    for name, rows in related.items():
        known = getattr(row, name).all()
        known._result_cache = rows
        cache[name] = known
    row._prefetched_objects_cache = cache
