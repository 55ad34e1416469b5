"""Stock to measure on: real stores times real stock codes, about twelve million levels.

It is made once and kept as a template, of which each run gets a copy. Where the real files are
not there, generated stores and codes of the same number take their place, and the run says so.
BENCH_STORES and BENCH_ITEMS make it smaller.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.benchmarks import database  # noqa: F401  isort: skip  it readies Django
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from hub import devpg
from hub.stores.models import Store
from inventory.models import Item
from orders.chain.load import load
from orders.chain.retail import retail_chain
from tests.factories import make_brand

STORES = int(os.environ.get("BENCH_STORES", "2992"))
ITEMS = int(os.environ.get("BENCH_ITEMS", "4053"))
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
PREFIX = "benchstock_"

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


@contextmanager
def stock_database() -> Iterator[str]:
    """Inside the block Django uses a copy of the stock to measure on; its name is given."""
    if settings.EMBEDDED_POSTGRES:
        devpg.ensure(settings.EMBEDDED_POSTGRES)
    usual, name = connection.settings_dict["NAME"], f"bench_{os.getpid()}"
    _administer(f"CREATE DATABASE {name} TEMPLATE {_template(usual)} STRATEGY file_copy")
    _use(name)
    try:
        print(f"{Store.objects.count()} stores x {Item.objects.count()} items")
        yield name
    finally:
        _use(usual)
        _administer(f"DROP DATABASE {name} WITH (FORCE)")


def fill(*, stores: int = STORES, items: int = ITEMS, least: int = 0, spread: int = 40) -> None:
    """Make stores (open 6 to 23) and items, each stocked in each with ``least`` units and some
    more. The ledger stays empty: only what reads or takes stock is measured on it."""
    with connection.cursor() as cursor:
        cursor.execute(_STORES, [make_brand().pk, stores])
        cursor.execute(_HOURS)
        cursor.execute(_ITEMS, [items])
    fill_levels(least=least, spread=spread)
    print(f"{Store.objects.count()} stores x {Item.objects.count()} items")


def fill_levels(*, least: int = 0, spread: int = 40) -> None:
    """Stock every item in every store, past triggers and foreign keys: there are none to wake."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(_LEVELS, [spread, least])
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout")


def _template(usual: str) -> str:
    """The name of the template, made now unless it is there; those of other schemas are dropped."""
    known = sorted(MigrationLoader(None).disk_migrations)
    what = hashlib.sha256(repr((known, STORES, ITEMS, _LEVELS)).encode()).hexdigest()[:12]
    name, making = PREFIX + what, f"{PREFIX}making"
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [PREFIX + "%"])
        there = {row for (row,) in cursor}
    if name in there:
        return name
    for old in there:
        _administer(f"DROP DATABASE {old} WITH (FORCE)")
    begun = time.monotonic()
    connection.settings_dict["TEST"]["NAME"] = making
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    _fill_with_real_data()
    _use(usual)
    _administer(f"ALTER DATABASE {making} RENAME TO {name}")
    print(f"made the stock to measure on in {time.monotonic() - begun:.0f} s")
    return name


def _fill_with_real_data() -> None:
    if not DATA.is_dir():
        print(f"no real stores and codes in {DATA}: generated ones take their place")
        fill()
        return
    chain = retail_chain(stores=DATA / "stores.csv", lines=DATA / "online_retail.csv.gz")
    load(replace(chain, stores=chain.stores[:STORES], items=chain.items[:ITEMS]))
    fill_levels()


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _administer(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(statement)
        cursor.execute("RESET statement_timeout")
