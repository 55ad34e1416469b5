"""What the database says happened, for the demo's checks and its closing timeline; plain SQL."""

from __future__ import annotations

from typing import Any

from django.db import connection

_TIMELINE = """
SELECT fact.name, fact.occurred_at, fact.public_id, placed.public_id, part.public_id,
       trip.public_id, message.public_id
FROM events_fact AS fact
JOIN orders_order AS placed ON fact.subject = 'order:' || placed.id
LEFT JOIN orders_fulfillmentorder AS part ON part.id = (fact.data ->> 'fulfillment_id')::bigint
LEFT JOIN orders_visit AS trip ON trip.id = (fact.data ->> 'visit_id')::bigint
LEFT JOIN notifications_message AS message ON message.id = (fact.data ->> 'message_id')::bigint
WHERE placed.public_id = %s
ORDER BY fact.id
"""


def timeline(order_id: str) -> list[dict[str, Any]]:
    """Every fact of an order in the order it was written: its name, ISO time and public ids."""
    kinds = ("event", "order", "fulfillment", "visit", "message")
    return [
        {
            "fact": name,
            "time": occurred_at.isoformat(),
            "ids": {kind: value for kind, value in zip(kinds, ids, strict=True) if value},
        }
        for name, occurred_at, *ids in _rows(_TIMELINE, order_id)
    ]


def names_of(order_id: str) -> set[str]:
    """The names of an order's facts so far."""
    sql = (
        "SELECT fact.name FROM events_fact AS fact JOIN orders_order AS placed "
        "ON fact.subject = 'order:' || placed.id WHERE placed.public_id = %s"
    )
    return {name for (name,) in _rows(sql, order_id)}


def messages_of(order_id: str) -> set[str]:
    """The purposes of an order's messages that a provider has taken over."""
    sql = (
        "SELECT message.purpose FROM notifications_message AS message JOIN orders_order AS placed "
        "ON message.order_id = placed.id "
        "WHERE placed.public_id = %s AND message.accepted_at IS NOT NULL"
    )
    return {purpose for (purpose,) in _rows(sql, order_id)}


def pos_of(store: str) -> str:
    """The public id of a store's POS connection."""
    sql = (
        "SELECT pos.public_id FROM stores_posconnection AS pos JOIN stores_store AS store "
        "ON store.id = pos.store_id WHERE store.code = %s"
    )
    return str(_rows(sql, store)[0][0])


def order_page(order_id: str) -> str:
    """The path of an order's admin page."""
    ((pk,),) = _rows("SELECT id FROM orders_order WHERE public_id = %s", order_id)
    return f"/admin/orders/order/{pk}/change/"


def work_page(fulfillment_id: str) -> str:
    """The path of the page on which staff work a fulfillment order."""
    ((pk,),) = _rows("SELECT id FROM orders_fulfillmentorder WHERE public_id = %s", fulfillment_id)
    return f"/admin/orders/fulfillmentorder/{pk}/change/"


def _rows(sql: str, value: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [value])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
