"""Which orders one car collects: those of one account, or of one name and phone, at one store.

A phone alone joins nothing: mother and daughter may share it, and each gets only her own.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from orders.models import FulfillmentOrder
from orders.states import LIVE

MOST_JOINED = 20  # more is no car: a site that gives all its guests one account

# By the keys of orders, never by all parts of the store: ten thousand may wait there.
_KIN = """
WITH mine AS (
    SELECT part.store_id, bought.profile_id, bought.is_test, who.name_hash, who.phone_hash
    FROM orders_fulfillmentorder part
    JOIN orders_order bought ON bought.id = part.order_id
    JOIN customers_contact who ON who.id = bought.contact_id
    WHERE part.id = %(part)s
), kin AS (
    SELECT bought.id, bought.is_test FROM mine
    JOIN orders_order bought ON bought.profile_id = mine.profile_id
    UNION
    SELECT bought.id, bought.is_test FROM mine
    JOIN customers_contact who
        ON who.phone_hash = mine.phone_hash AND who.name_hash = mine.name_hash
    JOIN orders_order bought ON bought.contact_id = who.id
    WHERE mine.phone_hash <> '' AND mine.name_hash <> ''
)
SELECT part.id FROM mine
JOIN kin ON kin.is_test = mine.is_test
JOIN orders_fulfillmentorder part ON part.order_id = kin.id AND part.store_id = mine.store_id
WHERE part.status = ANY(%(live)s) AND part.id <> %(part)s
LIMIT %(most)s
"""
_OF_PHONE = """
SELECT part.id, bought.profile_id, who.name_hash, bought.is_test
FROM customers_contact who
JOIN orders_order bought ON bought.contact_id = who.id
JOIN orders_fulfillmentorder part ON part.order_id = bought.id
WHERE who.phone_hash = %(phone)s AND part.status = ANY(%(live)s)
"""


def same_customers_parts(fulfillment: FulfillmentOrder) -> list[int]:
    """The keys of the customer's other parts at the store that are not over, by one query.

    None of them when they are more than one car collects.
    """
    values: dict[str, Any] = {
        "part": fulfillment.pk,
        "live": list(map(str, LIVE)),
        "most": MOST_JOINED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_KIN, values)
        keys = sorted(key for (key,) in cursor.fetchall())
    return keys if len(keys) < MOST_JOINED else []


def pickups_of_phone(phone_hash: str) -> list[list[FulfillmentOrder]]:
    """What can be collected by those who use a phone: a group for each account or name.

    More than one group means that somebody has to say who he is. Parts of one group may be at
    several stores; the oldest stands first, ``order`` and ``store`` are at hand.
    """
    groups: list[tuple[set[tuple[str, Any]], list[int]]] = []
    for key, *marks in _waiting_for(phone_hash):
        _put(groups, key, _marks(*marks))
    rows = FulfillmentOrder.objects.select_related("order__contact", "store").in_bulk(
        [key for _, keys in groups for key in keys]
    )
    found = [[rows[key] for key in sorted(keys) if key in rows] for _, keys in groups]
    return sorted(filter(None, found), key=lambda parts: parts[0].pk)


def _waiting_for(phone_hash: str) -> list[tuple[Any, ...]]:
    if not phone_hash:
        return []
    values: dict[str, Any] = {"phone": phone_hash, "live": list(map(str, LIVE))}
    with connection.cursor() as cursor:
        cursor.execute(_OF_PHONE, values)
        return sorted(cursor.fetchall())


def _marks(profile: int, name: str, is_test: bool) -> set[tuple[str, Any]]:
    """What the parts of one customer have in common: any of these. Tests stay among tests."""
    named = {(f"name {is_test}", name)} if name else set()
    return {(f"profile {is_test}", profile)} | named


def _put(
    groups: list[tuple[set[tuple[str, Any]], list[int]]], key: int, marks: set[tuple[str, Any]]
) -> None:
    """Add a part to its group, making one of all groups that it shows to be the same customer's."""
    keys = [key]
    for group in [one for one in groups if one[0] & marks]:
        groups.remove(group)
        marks, keys = marks | group[0], keys + group[1]
    groups.append((marks, keys))
