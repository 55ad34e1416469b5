"""A chain that has sold a million orders in its last hundred days, as the tables hold it.

Parts, lines, visits, hand-offs, messages, facts and stock as reports and staff pages read them,
made set by set and kept between runs: whoever uses it leaves it as it was, apart from sessions.
BENCH_ORDERS makes it smaller.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks import database  # noqa: F401  isort: skip  it readies Django
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from hub import devpg
from hub.crypto import encrypt
from hub.customers.models import Contact, Profile
from hub.ids import new_id
from hub.stores.models import StoreGroup
from notifications.reporting.rollup import make_up_messages
from orders.reporting.rollup import ORDERS, days_of_stores
from tests.factories import make_brand, make_channel

ORDERS_MADE = int(os.environ.get("BENCH_ORDERS", "1000000"))
STORES, ITEMS, PEOPLE, DAYS = 400, 2000, 50_000, 100
PREFIX = "benchmillion_"
GROUP_STORES = 60


def _dice(k: int, sides: int) -> str:
    """In SQL: a number below ``sides`` that looks thrown by dice, for order n always the same."""
    return f"((n * {k} + n / 977) %% {sides})"


_STORES = """
INSERT INTO stores_store (public_id, code, name, brand_id, street, city, region, postal_code,
    country, latitude, longitude, timezone, locale, phone, pickup_enabled, lead_minutes, active)
SELECT 'str_bench' || n, 'B' || lpad(n::text, 4, '0'), 'Bench ' || n, %(brand)s, '', '', '', '',
    'US', 30 + 15 * abs(sin(n)), -120 + 45 * abs(cos(n * 7)),
    (ARRAY['America/Chicago', 'America/New_York', 'America/Los_Angeles'])[1 + n %% 3],
    'en', '', true, 60, true
FROM generate_series(1, %(stores)s) AS n
"""
_HOURS = """
INSERT INTO stores_openinghours (store_id, weekday, opens, closes)
SELECT id, day, '06:00', '23:00' FROM stores_store, generate_series(0, 6) AS day
"""
_ITEMS = """
INSERT INTO inventory_item (public_id, sku, gtin, name, names, category, unit, zone, allergens,
    minimum_age, price_minor, active)
SELECT 'itm_bench' || n, 'SKU-' || lpad(n::text, 5, '0'), '', 'Thing ' || n, '{}',
    'c' || n %% 20, CASE WHEN n %% 25 = 0 THEN 'gram' ELSE 'each' END,
    (ARRAY['ambient', 'ambient', 'chilled', 'frozen'])[1 + n %% 4], '[]', 0, 100, true
FROM generate_series(1, %(items)s) AS n
"""
_LEVELS = """
INSERT INTO inventory_stocklevel
    (store_id, item_id, on_hand, unavailable, allocated, held, counted_at)
SELECT store.id, item.id, (store.id * 7 + item.id * 13) %% 40, 0, 0, 0, now()
FROM stores_store store JOIN inventory_item item ON item.id %% 4 = store.id %% 4
"""
_PEOPLE = """
WITH one AS (SELECT name, phone, email FROM customers_contact WHERE id = %(contact)s),
made AS (
    INSERT INTO customers_contact (name, phone, email, name_hash, phone_hash, phone_last4_hash,
        email_hash, identity_hash)
    SELECT one.name, one.phone, one.email, md5('n' || n), md5('p' || n), md5('l' || n %% 10000),
        md5('e' || n), md5('i' || n)
    FROM one, generate_series(1, %(people)s) AS n RETURNING id
)
INSERT INTO customers_profile (public_id, locale, timezone, version, contact_id)
SELECT 'cus_bench' || id, 'en', '', 1, id FROM made
"""
# Every order's story in one row; the tables are filled from it.
_STORIES = f"""
CREATE UNLOGGED TABLE story AS
SELECT *, CASE WHEN fate IN ('completed', 'expired', 'ready') THEN picked + interval '4 minutes'
    END AS ready
FROM (
    SELECT *, CASE WHEN fate IN ('completed', 'expired', 'ready', 'picked')
        THEN accepted + make_interval(mins => (5 + {_dice(131, 45)})::int) END AS picked
    FROM (
        SELECT *, CASE WHEN fate IN ('completed', 'expired', 'ready', 'picked', 'accepted')
            THEN placed + make_interval(secs => (20 + {_dice(37, 900)})::int) END AS accepted
        FROM (
            SELECT n, store.id AS store, person.id AS profile, person.contact_id AS contact,
                least(now() - interval '1 minute', (current_date - %(days)s
                    + (n * %(days)s / %(orders)s)::int + time '6:30'
                    + make_interval(secs => {_dice(7919, 50_000)}::int)
                    ) AT TIME ZONE store.timezone) AS placed,
                CASE WHEN n > %(orders)s * 0.997 THEN
                    (ARRAY['proposed', 'accepted', 'picked', 'ready'])[1 + {_dice(11, 4)}]
                WHEN {_dice(613, 100)} < 2 THEN 'expired' WHEN {_dice(613, 100)} < 4 THEN 'rejected'
                WHEN {_dice(613, 100)} < 6 THEN 'canceled' ELSE 'completed' END AS fate
            FROM generate_series(1, %(orders)s::bigint) AS n
            JOIN stores_store AS store ON store.id = (
                SELECT min(id) FROM stores_store) + (n * 31 + n / 400) %% %(stores)s
            JOIN customers_profile AS person ON person.id = (
                SELECT min(id) FROM customers_profile) + {_dice(271, PEOPLE)}
        ) AS placed
    ) AS accepted
) AS picked
"""
_ORDERS = """
INSERT INTO orders_order (id, public_id, channel_id, external_id, contact_id, profile_id, status,
    version, currency, total_minor, tax_minor, locale, note, metadata, is_test, placed_at)
SELECT n, 'ord_bench' || n, %(channel)s, 'M-' || n, contact, profile,
    CASE WHEN fate = 'completed' THEN 'completed' WHEN fate IN ('canceled', 'expired')
        THEN 'canceled' ELSE 'open' END,
    1, 'USD', 1000, 0, 'en', '', '{}', n %% 500 = 0, placed FROM story
"""
_LINES = f"""
INSERT INTO orders_orderline (id, order_id, number, item_id, quantity, canceled, unit_price_minor)
SELECT n * 2 + number, n, 1 + number, (SELECT min(id) FROM inventory_item)
    + (n * 17 + number * 977) %% {ITEMS}, 1 + n %% 3, 0, 500
FROM story, generate_series(0, (n %% 2)::int) AS number
"""
_PARTS = """
INSERT INTO orders_fulfillmentorder (id, public_id, order_id, store_id, status, version,
    promised_at, promised_first, accept_by, staging_location, bags, reason, pos_reference,
    accepted_at, picked_at, ready_at, completed_at, expires_at, created_at)
SELECT n, 'ful_bench' || n, n, store, fate, 3, placed + interval '60 minutes',
    CASE WHEN n %% 9 = 0 THEN placed + interval '45 minutes' END, placed + interval '10 minutes',
    'A' || n %% 40, 1, '', '', accepted, picked, ready,
    CASE WHEN fate = 'completed' THEN ready + make_interval(mins => (30 + n * 13 %% 1200)::int) END,
    ready + interval '3 days', placed FROM story
"""
_WORK = f"""
INSERT INTO orders_fulfillmentline (id, fulfillment_id, order_line_id, item_id, allocated, picked,
    short, short_reason, handed_off)
SELECT line.id, n, line.id, line.item_id, line.quantity,
    CASE WHEN picked IS NULL THEN 0 ELSE line.quantity - missing END, missing,
    CASE WHEN missing > 0 THEN (ARRAY['shortage', 'shortage', 'damaged'])[1 + n %% 3] ELSE '' END,
    CASE WHEN fate = 'completed' THEN line.quantity - missing ELSE 0 END
FROM story JOIN orders_orderline AS line ON line.order_id = n
CROSS JOIN LATERAL (SELECT CASE WHEN picked IS NOT NULL AND {_dice(449, 40)} = 0 THEN 1 ELSE 0 END
    AS missing) AS short
"""
_REJECTIONS = """
WITH told AS (
    INSERT INTO orders_rejection (fulfillment_id, store_id, reason, rejected_at)
    SELECT n, store, (ARRAY['too_busy', 'out_of_stock', 'closing', 'not_accepted'])[1 + n %% 4],
        placed + interval '8 minutes' FROM story WHERE fate = 'rejected'
    RETURNING id, fulfillment_id, store_id, reason, rejected_at
)
INSERT INTO orders_rejecteditem (rejection_id, store_id, item_id, units, rejected_at)
SELECT told.id, told.store_id, line.item_id, line.allocated, told.rejected_at
FROM told JOIN orders_fulfillmentline AS line USING (fulfillment_id)
WHERE told.reason = 'out_of_stock'
"""
_OFFERS = """
WITH asked AS (
    INSERT INTO orders_substitutionround (public_id, fulfillment_id, deadline, opened_by,
        closed_by, opened_at, closed_at)
    SELECT 'sub_bench' || line.id, line.fulfillment_id, story.picked, '', 'customer',
        story.accepted, story.picked
    FROM orders_fulfillmentline AS line JOIN story ON story.n = line.fulfillment_id
    WHERE line.short > 0 AND line.short_reason = 'shortage'
    RETURNING id, fulfillment_id
)
INSERT INTO orders_substitutionoffer (round_id, number, line_id, original_id, item_id, units,
    unit_price_minor, warnings, on_silence, outcome, answered_by, answered_at)
SELECT DISTINCT ON (asked.id) asked.id, 1, line.id, line.item_id, line.item_id, 1, 500, '[]',
    'decline', CASE WHEN line.id %% 3 = 0 THEN 'declined' ELSE 'accepted' END, 'customer', now()
FROM asked JOIN orders_fulfillmentline AS line USING (fulfillment_id) WHERE line.short > 0
ORDER BY asked.id, line.id
"""
_VISITS = """
INSERT INTO orders_visit (id, public_id, store_id, status, version, place, vehicle, arrived_at,
    served_at, ended_at, created_at)
SELECT n, 'vis_bench' || n, part.store_id, 'done', 3, '', %(sealed)s::bytea,
    part.completed_at - make_interval(secs => (150 + n * 31 %% 600)::int),
    part.completed_at - make_interval(secs => (20 + n * 7 %% 100)::int), part.completed_at,
    part.completed_at - interval '30 minutes'
FROM story JOIN orders_fulfillmentorder AS part ON part.id = n
WHERE fate = 'completed' AND n %% 10 < 8
"""
_PICKUPS = """
INSERT INTO orders_visitpickup (visit_id, fulfillment_id, active) SELECT id, id, false
FROM orders_visit
"""
_HAND_OFFS = """
INSERT INTO orders_handoff (fulfillment_id, method, reason, bags, at)
SELECT id, 'pin', '', 1, completed_at FROM orders_fulfillmentorder WHERE status = 'completed'
"""
_POS = """
INSERT INTO orders_poslist (fulfillment_id, revision, in_doubt, told, edited_by, pushed_at)
SELECT n, 1, false, '', '',
    CASE WHEN n %% 300 <> 0 THEN placed + make_interval(secs => (1 + n * 3 %% 40)::int) END
FROM story
"""
_MESSAGES = """
INSERT INTO notifications_message (lane, ordering_key, state, attempts, last_error, public_id,
    purpose, subject, order_id, profile_id, contact_id, channel, locale, template, title, body,
    dedupe_key, decision, is_test, outcome, outcome_reason, provider, provider_reference, segments,
    cost_micros, created_at, finished_at, expires_at, submitted_at, accepted_at, sent_at,
    delivered_at)
SELECT 'sms:acme', '', 'done', 1, '', 'msg_bench' || n, 'ready', 'fulfillment:' || n, n, profile,
    contact, CASE WHEN n %% 5 = 0 THEN 'email' ELSE 'sms' END, 'en', 'ready@1', '',
    %(sealed)s::bytea,
    'ready:' || n, '{}', n %% 500 = 0,
    CASE WHEN n %% 41 = 0 THEN 'undelivered' WHEN n %% 97 = 0 THEN 'suppressed'
        ELSE 'delivered' END,
    CASE WHEN n %% 97 = 0 THEN 'no_consent' ELSE '' END,
    CASE WHEN n %% 5 = 0 THEN 'mail' ELSE 'acme' END, 'ref-' || n, 1, 7000, ready,
    ready + interval '2 seconds', ready + interval '1 day', ready + interval '1 second',
    CASE WHEN n %% 97 <> 0 THEN ready + make_interval(secs => 1 + (n %% 50) / 10.0) END,
    ready + interval '3 seconds',
    CASE WHEN n %% 41 <> 0 AND n %% 97 <> 0 THEN ready + interval '5 seconds' END
FROM story WHERE ready IS NOT NULL
"""
_FACTS = """
INSERT INTO events_fact (public_id, name, v, subject, data, trace_id, actor, occurred_at,
    recorded_at)
SELECT 'evt_bench' || n || '_' || number, name, 1, 'order:' || n,
    jsonb_build_object('order_id', n, 'fulfillment_id', n), '', 'system', at, at
FROM story CROSS JOIN LATERAL (VALUES (1, 'order.placed', placed),
    (2, 'fulfillment.picking_started', accepted + interval '3 minutes')) AS told (number, name, at)
WHERE at IS NOT NULL
"""
_DELIVERIES = """
INSERT INTO events_delivery (lane, ordering_key, state, attempts, last_error, fact_id, handler,
    created_at, finished_at)
SELECT 'db', '', 'done', 1, '', id, 'orders.handlers.something', recorded_at, recorded_at
FROM events_fact WHERE id > (SELECT max(id) - 300000 FROM events_fact)
"""
_SHORTFALLS = """
INSERT INTO inventory_shortfallcase (store_id, item_id, opened_at, closed_at)
SELECT store, (SELECT min(id) FROM inventory_item) + n %% 2000, placed, placed + interval '1 hour'
FROM story WHERE n %% 700 = 0
"""
_FILL = (
    *(_STORES, _HOURS, _ITEMS, _LEVELS, _PEOPLE, _STORIES, _ORDERS, _LINES, _PARTS, _WORK),
    *(_REJECTIONS, _OFFERS, _VISITS, _PICKUPS, _HAND_OFFS, _POS, _MESSAGES, _FACTS, _DELIVERIES),
    _SHORTFALLS,
)
_SEQUENCES = ("orders_order", "orders_orderline", "orders_fulfillmentorder", "orders_visit")


@contextmanager
def million_orders() -> Iterator[str]:
    """Inside the block Django uses the chain of a million orders; its name is given."""
    if settings.EMBEDDED_POSTGRES:
        devpg.ensure(settings.EMBEDDED_POSTGRES)
    usual = connection.settings_dict["NAME"]
    name = _made(usual)
    _use(name)
    try:
        yield name
    finally:
        _use(usual)


def _made(usual: str) -> str:
    """The name of the database, made now unless it is there; those of other schemas go."""
    known = sorted(MigrationLoader(None).disk_migrations)
    what = hashlib.sha256(repr((known, ORDERS_MADE, _FILL)).encode()).hexdigest()[:12]
    name, making = PREFIX + what, f"{PREFIX}making"
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [PREFIX + "%"])
        there = {row for (row,) in cursor}
    if name in there and not os.environ.get("BENCH_AFRESH"):
        return name
    for old in there:
        _administer(f"DROP DATABASE {old} WITH (FORCE)")
    begun = time.monotonic()
    connection.settings_dict["TEST"]["NAME"] = making
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    _fill()
    _use(usual)
    _administer(f"ALTER DATABASE {making} RENAME TO {name}")
    print(f"made {ORDERS_MADE} orders in {time.monotonic() - begun:.0f} s")
    return name


def _fill() -> None:
    contact = Contact.objects.create(name="Ann Lee", phone="+12125550100", email="a@example.com")
    Profile.objects.create(public_id=new_id("cus"), contact=contact)
    values = {
        "brand": make_brand().pk,
        "channel": make_channel(currency="USD").pk,
        "contact": contact.pk,
        "stores": STORES,
        "items": ITEMS,
        "people": PEOPLE,
        "days": DAYS,
        "orders": ORDERS_MADE,
        "sealed": encrypt(""),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET work_mem = '128MB'")
        cursor.execute("SET synchronous_commit = off")
        # past triggers and foreign keys: there are none to wake
        cursor.execute("SET session_replication_role = replica")
        for statement in _FILL:
            cursor.execute(statement, values)
        cursor.execute("DROP TABLE story")
        cursor.execute("SET session_replication_role = origin")
        for table in _SEQUENCES:
            cursor.execute(f"SELECT setval('{table}_id_seq', max(id)) FROM {table}")
        cursor.execute("VACUUM ANALYZE")
    group = StoreGroup.objects.create(name="Bench north")
    group.stores.set(group.stores.model.objects.order_by("pk")[:GROUP_STORES])
    _roll_up()


def _roll_up() -> None:
    """The days of reports, by the job's own statements."""
    begun = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_date, current_date - %s, now()", [DAYS + 1])
        last, first, now = cursor.fetchone() or (None, None, None)
    ORDERS.make_up(days_of_stores(first, last), as_of=now)
    make_up_messages()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout")
    print(f"made up {DAYS} days of {STORES} stores in {time.monotonic() - begun:.0f} s")


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _administer(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(statement)
        cursor.execute("RESET statement_timeout")
