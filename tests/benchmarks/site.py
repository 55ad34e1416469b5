"""A web site that places orders as fast as it is let."""

from __future__ import annotations

import json
import random

from django.db import connection

from hub.api.keys import create_key
from hub.stores.models import Store
from inventory.models import Item
from tests.benchmarks.harness import Web
from tests.benchmarks.posting import Posted, request
from tests.factories import make_channel

STORES, SKUS, BATCH = 200, 1000, 100


class Site:
    """A web site that sells two things at a time to guests who have never been there."""

    def __init__(self, web: Web):
        channel = make_channel(currency="GBP")
        _, self.secret = create_key(channel=channel, name="b", scopes=["orders:write"])
        self.web = web
        self.stores = list(Store.objects.order_by("code").values_list("code", flat=True)[:STORES])
        self.skus = list(Item.objects.order_by("sku").values_list("sku", flat=True)[:SKUS])
        plenty = "UPDATE inventory_stocklevel SET on_hand = 1000000 WHERE store_id IN "
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(
                plenty + "(SELECT id FROM stores_store ORDER BY code LIMIT %s)",
                [STORES],
            )
            cursor.execute("RESET session_replication_role")

    def order(self, number: int, *, store: str, skus: list[str]) -> dict[str, object]:
        """An order as a site sends it."""
        return {
            "external_id": f"W-{number}",
            "pickup": {"store": store},
            "customer": {
                "name": f"Guest {number}",
                "phone": f"+4850{number % 10**7:07}",
                "email": f"guest{number}@example.com",
                "locale": "pl",
                "notify": ["sms"],
            },
            "currency": "GBP",
            "total_minor": 2000,
            "tax_minor": 333,
            "lines": [{"sku": sku, "quantity": 1, "unit_price_minor": 1000} for sku in skus],
        }

    def spread(self, number: int) -> bytes:
        """A request for two of many SKUs in one of many stores."""
        return self._wire(number, random.choice(self.stores), random.sample(self.skus[1:], 2))

    def hot(self, number: int) -> bytes:
        """A request for the one SKU that everybody wants, in the one store."""
        return self._wire(number, self.stores[0], self.skus[:1])

    def single(self, number: int) -> bytes:
        """A request for one of many SKUs: what the hot one is held against."""
        return self._wire(number, random.choice(self.stores), random.sample(self.skus[1:], 1))

    def bare(self, number: int) -> bytes:
        """The same order, for a view that does no more than the floor."""
        body = json.dumps(self.order(number, store=self.stores[0], skus=self.skus[:2])).encode()
        return request("/floor/orders", secret=self.secret, key=f"k-{number}", body=body)

    def batch(self, number: int) -> bytes:
        """A request for a hundred such orders at once."""
        orders = [
            self.order(
                number * BATCH + place,
                store=random.choice(self.stores),
                skus=random.sample(self.skus[1:], 2),
            )
            for place in range(BATCH)
        ]
        body = json.dumps({"orders": orders}).encode()
        return request("/v1/orders/batch", secret=self.secret, key=f"k-{number}", body=body)

    def _wire(self, number: int, store: str, skus: list[str]) -> bytes:
        body = json.dumps(self.order(number, store=store, skus=skus)).encode()
        return request("/v1/orders", secret=self.secret, key=f"k-{number}", body=body)


def ordered(posted: Posted, status: int = 201) -> Posted:
    """The load, if every request was answered so."""
    if set(posted.statuses) != {status}:
        raise SystemExit(f"not only orders came of it: {dict(posted.statuses)}")
    return posted
