"""Stock to measure on: many stores and items, made in the database itself within seconds."""

from __future__ import annotations

import os

from django.db import connection

from hub.stores.models import Store
from inventory.models import Item
from tests.factories import make_brand

STORES = int(os.environ.get("BENCH_STORES", "2992"))
ITEMS = int(os.environ.get("BENCH_ITEMS", "300"))

_STORES = """
INSERT INTO stores_store (public_id, code, name, brand_id, street, city, region, postal_code,
    country, latitude, longitude, timezone, locale, phone, pickup_enabled, lead_minutes, active)
SELECT 'str_bench' || number, 'B' || lpad(number::text, 5, '0'), 'Bench ' || number, %s, '', '',
    '', '', 'US', 30 + 15 * abs(sin(number)), -120 + 45 * abs(cos(number * 7)),
    'America/Chicago', 'en', '', true, 60, true
FROM generate_series(1, %s) AS number
"""
_HOURS = """
INSERT INTO stores_openinghours (store_id, weekday, opens, closes)
SELECT id, day, '06:00', '23:00' FROM stores_store, generate_series(0, 6) AS day
"""
_ITEMS = """
INSERT INTO inventory_item (public_id, sku, gtin, name, names, category, unit, zone, allergens,
    minimum_age, price_minor, active)
SELECT 'itm_bench' || number, 'SKU-' || lpad(number::text, 5, '0'), '', 'Thing ' || number,
    '{}', 'c' || number %% 20, 'each', 'ambient', '[]', 0, 100, true
FROM generate_series(1, %s) AS number
"""
_LEVELS = """
INSERT INTO inventory_stocklevel
    (store_id, item_id, on_hand, unavailable, allocated, held, counted_at)
SELECT store.id, item.id, (store.id * 7 + item.id * 13) %% %s + %s, 0, 0, 0, now()
FROM stores_store store CROSS JOIN inventory_item item
ORDER BY store.id, item.id
"""


def fill(*, stores: int = STORES, items: int = ITEMS, least: int = 0, spread: int = 40) -> None:
    """Make stores (open 6 to 23) and items, each stocked in each with ``least`` units and some
    more. The ledger stays empty: only what reads or takes stock is measured on it."""
    with connection.cursor() as cursor:
        cursor.execute(_STORES, [make_brand().pk, stores])
        cursor.execute(_HOURS)
        cursor.execute(_ITEMS, [items])
        cursor.execute("ALTER TABLE inventory_stocklevel DISABLE TRIGGER USER")
        cursor.execute(_LEVELS, [spread, least])
        cursor.execute("ALTER TABLE inventory_stocklevel ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE inventory_stocklevel, inventory_item, stores_store")
    print(f"{Store.objects.count()} stores x {Item.objects.count()} items")
