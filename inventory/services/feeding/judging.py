"""Judging rows of counts where they lie: the database splits, resolves and checks a batch at once.

A batch is either a block of plain CSV, given to the database as it is, or rows that were read
here. Each row ends among the counts or among the refusals of the session's tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from inventory.feeds.rows import Block, Row
from inventory.lines import MOST_UNITS
from inventory.services.feeding import staging
from inventory.services.feeding.codes import Codes
from inventory.services.feeding.refusals import LONGEST_CODE

TROUBLES = {
    "wrong_columns": "it has more cells than the header has columns",
    "invalid_json": "it is no JSON object of text and numbers",
}
_TROUBLES = json.dumps(TROUBLES)
_WHITE = r"E' \t\x0b\x0c\x1c\x1d\x1e\x1f\u0085\u00a0\u2007\u202f\u3000'"
_WORD = (
    "'''' || regexp_replace(left({0}, 40), '[[:cntrl:]]', '?', 'g') "
    "|| CASE WHEN length({0}) > 40 THEN '…' ELSE '' END || ''''"
)

# a whole number of units: ten digits at most
_SOUND = "(units <> '' AND length(units) <= 10 AND translate(units, '0123456789', '') = '')"
_TAKEN = f"(CASE WHEN {_SOUND} THEN units::bigint * code_units <= {MOST_UNITS} ELSE false END)"

_JUDGED = """
SELECT row.*, place.store_id, goods.item_id, goods.units AS code_units
FROM ({rows}) AS row
LEFT JOIN pg_temp.feed_stores place ON place.reference = row.store
LEFT JOIN pg_temp.feed_codes goods ON goods.code = row.sku
"""
_GOOD = f"""
INSERT INTO pg_temp.feed_counts (n, line, store_id, item_id, quantity)
SELECT n, line, store_id, item_id, units::bigint * code_units
FROM ({_JUDGED}) AS judged
WHERE trouble = '' AND store_id IS NOT NULL AND item_id IS NOT NULL AND {_TAKEN}
"""  # noqa: S608  made of constants
_BAD = f"""
INSERT INTO pg_temp.feed_refusals (n, line, code, detail, unmapped, store_id, spoils)
SELECT n, line, code, CASE code
        WHEN 'unknown_store' THEN 'no store ' || {_WORD.format("store")}
        WHEN 'unknown_sku' THEN 'no item ' || {_WORD.format("sku")}
        WHEN 'invalid_quantity' THEN {_WORD.format("units")} || ' is no count'
        ELSE %(troubles)s::jsonb ->> code END,
    CASE WHEN code = 'unknown_sku' AND length(sku) BETWEEN 1 AND {LONGEST_CODE} THEN sku END,
    store_id, code <> 'unknown_sku'
FROM (
    SELECT *, CASE WHEN trouble <> '' THEN trouble
        WHEN store_id IS NULL THEN 'unknown_store'
        WHEN item_id IS NULL THEN 'unknown_sku'
        WHEN NOT {_TAKEN} THEN 'invalid_quantity' END AS code
    FROM ({_JUDGED}) AS judged
) AS coded
WHERE code IS NOT NULL
"""  # noqa: S608  made of constants
_NOT_YET = "DELETE FROM pg_temp.feed_counts WHERE n > %s"
_NEW_CODES = """
SELECT DISTINCT sku FROM ({rows}) AS row
WHERE NOT EXISTS (SELECT FROM pg_temp.feed_codes goods WHERE goods.code = row.sku)
"""
_ROWS = "SELECT n, line, store, sku, units, trouble FROM pg_temp.feed_rows"


@dataclass
class Judge:
    """Judges batches in their order; ``rows`` is how many there were, ``refused`` of them."""

    codes: Codes
    rows: int = 0
    refused: int = 0
    _width: int = 0

    def about(self, stores: Mapping[str, int]) -> None:
        """What the rows call stores; where they name none, the one store is called nothing."""
        staging.put_rows(staging.STORES, stores.items())
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE feed_stores")

    def block(self, block: Block, *, delimiter: str, places: list[int], width: int) -> None:
        """Judge a block; ``places`` are its columns of the store, the SKU and the units."""
        if self._width != width:
            self._make_table(width)
        options = f"FORMAT csv, DELIMITER {_literal(delimiter)}, NULL E'\\x02', QUOTE E'\\x03'"
        names = ", ".join(f"c{place}" for place in range(width))
        copied = f"COPY pg_temp.feed_block ({names}) FROM STDIN WITH ({options})"
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE pg_temp.feed_block RESTART IDENTITY")
            with cursor.copy(copied) as copy:
                copy.write(block.data)
        cells = [f"c{place}" if place < width else "''" for place in places]
        store, sku, units = (f"btrim({cell}, {_WHITE})" if block.blanks else cell for cell in cells)
        columns = [
            f"{self.rows} + r AS n",
            f"{block.first_line - 1} + r AS line",
            f"{store} AS store, {sku} AS sku, {units} AS units, '' AS trouble",
        ]
        rows = f"SELECT {', '.join(columns)} FROM pg_temp.feed_block"  # noqa: S608
        self._judge(rows, block.lines)

    def listed(self, rows: list[Row]) -> None:
        """Judge rows whose cells are the store, the SKU and the units."""
        numbered = enumerate(rows, self.rows + 1)
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE pg_temp.feed_rows")
        staging.put_rows(
            staging.ROWS, ((n, row.line, *row.cells, row.trouble) for n, row in numbered)
        )
        self._judge(_ROWS, len(rows))

    def _judge(self, rows: str, count: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_GOOD.format(rows=rows))
            bad = count - cursor.rowcount
            if bad and self._learn(rows):
                cursor.execute(_NOT_YET, [self.rows])
                cursor.execute(_GOOD.format(rows=rows))
                bad = count - cursor.rowcount
            if bad:
                cursor.execute(_BAD.replace("{rows}", rows), {"troubles": _TROUBLES})
        self.rows += count
        self.refused += bad

    def _learn(self, rows: str) -> bool:
        """Let the session know all codes of the batch; whether some are new."""
        with connection.cursor() as cursor:
            cursor.execute(_NEW_CODES.format(rows=rows))
            codes = {code for (code,) in cursor}
            if codes:
                meant = self.codes.meanings(codes)
                staging.put_rows(
                    staging.CODES, ((code, *meant.get(code, (None, None))) for code in codes)
                )
                cursor.execute("ANALYZE feed_codes")
        return bool(codes)

    def _make_table(self, width: int) -> None:
        columns = ", ".join(f"c{place} text" for place in range(width))
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS pg_temp.feed_block")
            cursor.execute(
                "CREATE TEMP TABLE feed_block "
                f"(r bigint GENERATED ALWAYS AS IDENTITY (CACHE 1000), {columns})"
            )
        self._width = width


def _literal(text: str) -> str:
    return "E'\\t'" if text == "\t" else "'" + text.replace("'", "''") + "'"
