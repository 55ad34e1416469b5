"""Customers in cars, by the thousand: each with an order that is ready and a link to its page."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.db import connection

from orders.curbside.pages.answering import STAMP_SALT
from orders.models import FulfillmentOrder, Spot
from tests.benchmarks.harness import HOST
from tests.factories import make_item, make_ready, make_store, stock

BASE = 10_000_000
STORES = 200

_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s
"""


@dataclass(frozen=True)
class Customer:
    """Somebody who can tap "I'm here": the link's token, its key, and the spot he takes if any."""

    token: str
    link: int
    part: int
    spot: str

    def here(self, *, spot: str | None = None, stamp: str = "", token: str = "") -> bytes:
        """The POST of the page's form, as it goes over the wire."""
        said = {
            "stamp": stamp or signing.dumps([self.link, "6c5d0a4f3b2e1d0c"], salt=STAMP_SALT),
            "spot": self.spot if spot is None else spot,
            "place": "" if self.spot else "by the door",
            "make": "Skoda",
            "colour": "blue",
        }
        body = urlencode(said).encode()
        head = (
            f"POST /p/{token or self.token}/arrive HTTP/1.1\r\nHost: {HOST}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + body


def make_crowd(count: int) -> list[Customer]:
    """So many customers whose orders are ready, evenly over the stores; half name a spot."""
    stores = _stores(count)
    item = make_item()
    stock(stores[0], {item: 10})
    part = make_ready(store=stores[0], lines={item: 1})
    order, line = part.order, part.lines.get()
    copies: list[tuple[str, int, dict[str, str]]] = [
        (
            "customers_contact",
            order.contact_id,
            {
                "identity_hash": "md5('crowd' || place)",
                "name_hash": "md5('name' || place)",
                "phone_hash": "md5('phone' || place)",
            },
        ),
        (
            "customers_profile",
            order.profile_id,
            {"public_id": "'cus_crowd' || place", "contact_id": _key()},
        ),
        (
            "orders_order",
            order.pk,
            {
                "public_id": "'ord_crowd' || place",
                "external_id": "'C-' || place",
                "contact_id": _key(),
                "profile_id": _key(),
            },
        ),
        ("orders_orderline", line.order_line_id, {"order_id": _key()}),
        (
            "orders_fulfillmentorder",
            part.pk,
            {
                "public_id": "'ful_crowd' || place",
                "order_id": _key(),
                "store_id": f"(%(stores)s::bigint[])[1 + place %% {len(stores)}]",
            },
        ),
        ("orders_fulfillmentline", line.pk, {"fulfillment_id": _key(), "order_line_id": _key()}),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        values = {"last": count - 1, "stores": [store.pk for store in stores]}
        for table, key, changes in copies:
            _copy(cursor, table, changes, values | {"key": key})
        cursor.execute("RESET session_replication_role")
        customers = _links(cursor, count, len(stores))
        cursor.execute("ANALYZE")
    return customers


def arrived() -> int:
    """How many visits have arrived and stand there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM orders_visit WHERE status = 'arrived'")
        (count,) = cursor.fetchone()
        return int(count)


def _stores(count: int) -> list:
    stores = [make_store(code=f"C{number:03}") for number in range(min(STORES, count))]
    labels = range(1, count // len(stores) + 2)
    Spot.objects.bulk_create(
        Spot(store=store, label=str(label)) for store in stores for label in labels
    )
    return stores


def _key() -> str:
    return f"{BASE} + place"


def _copy(cursor, table: str, changes: dict[str, str], values: dict[str, Any]) -> None:
    """Copies of a row, each with a key of its own and what else is changed."""
    cursor.execute(_COLUMNS, [table])
    columns = {name: f'one."{name}"' for (name,) in cursor.fetchall()}
    columns |= {"id": _key()} | changes
    names = ", ".join(f'"{name}"' for name in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {', '.join(columns.values())} "
        f"FROM {table} one, generate_series(0, %(last)s) AS place WHERE one.id = %(key)s",
        values,
    )


def _links(cursor, count: int, stores: int) -> list[Customer]:
    tokens = [secrets.token_urlsafe(16) for _ in range(count)]
    cursor.execute(
        "INSERT INTO links_link (id, token_hash, purpose, subject, expires_at)"
        " SELECT %s + place - 1, hash, 'pickup', 'fulfillment:' || (%s + place - 1),"
        " now() + interval '1 day'"
        " FROM unnest(%s::text[]) WITH ORDINALITY AS given (hash, place)",
        [BASE, BASE, [hashlib.sha256(token.encode()).hexdigest() for token in tokens]],
    )
    return [
        Customer(token, BASE + number, BASE + number, _spot(number, stores))
        for number, token in enumerate(tokens)
    ]


def _spot(number: int, stores: int) -> str:
    """A spot of his own for every other customer of a store."""
    turn = number // stores
    return str(turn + 1) if turn % 2 == 0 else ""


def cancel(customers: list[Customer]) -> None:
    """Their orders are canceled: who taps now has nothing to collect."""
    keys = [customer.part for customer in customers]
    FulfillmentOrder.objects.filter(pk__in=keys).update(status="canceled")
