"""The raw transaction that placing an order is measured against: pgbench, the same server.

An order of two lines in seven round trips: two guarded UPDATEs of random stock rows, the order,
its lines, an outbox row, prepared statements, durable commits.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from django.db import connection

from hub import pghost

STORES, SKUS = 1000, 5000
_TABLES = f"""
CREATE TABLE floor_stock (store int, sku int, on_hand int NOT NULL, reserved int NOT NULL,
    PRIMARY KEY (store, sku));
CREATE TABLE floor_order (id bigserial PRIMARY KEY, store int, reference text,
    placed_at timestamptz DEFAULT now());
CREATE TABLE floor_line (id bigserial PRIMARY KEY, order_id bigint, sku int, quantity int);
CREATE TABLE floor_outbox (id bigserial PRIMARY KEY, order_id bigint, kind text, body jsonb);
INSERT INTO floor_stock SELECT store, sku, 1000000, 0
FROM generate_series(1, {STORES}) store, generate_series(1, {SKUS}) sku
"""
_SCRIPT = f"""
\\set store random(1, {STORES})
\\set one random(1, {SKUS // 2})
\\set two random({SKUS // 2 + 1}, {SKUS})
BEGIN;
UPDATE floor_stock SET reserved = reserved + 1
    WHERE store = :store AND sku = :one AND on_hand - reserved >= 1;
UPDATE floor_stock SET reserved = reserved + 1
    WHERE store = :store AND sku = :two AND on_hand - reserved >= 1;
INSERT INTO floor_order (store, reference) VALUES (:store, 'web') RETURNING id \\gset
INSERT INTO floor_line (order_id, sku, quantity) VALUES (:id, :one, 1), (:id, :two, 1);
INSERT INTO floor_outbox (order_id, kind, body)
    VALUES (:id, 'order.placed', '{{"order": 1, "store": 1}}');
COMMIT;
"""


def make_floor() -> None:
    """Lay the floor's own tables into the database that Django uses: five million stock rows."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for statement in _TABLES.split(";"):
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE floor_stock")
        cursor.execute("RESET statement_timeout")


def floor_rate(*, clients: int, seconds: int) -> float:
    """Floor transactions per second of so many clients."""
    settings = connection.settings_dict
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "order.sql"
        script.write_text(_SCRIPT)
        command: list[str | Path] = [pghost.programs() / "pgbench", "-n", "-M", "prepared"]
        command += ["-c", str(clients), "-j", "2", "-T", str(seconds), "-f", script]
        command += ["-h", settings["HOST"], "-p", str(settings["PORT"]), "-U", settings["USER"]]
        done = subprocess.run(
            [*command, settings["NAME"]],
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 60,
        )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if found is None:
        raise SystemExit(done.stdout + done.stderr)
    return float(found[1])
