"""What is old of the talk with POS goes: checks, settled drift, matched answers, files put away."""

from __future__ import annotations

import time
from pathlib import Path

from django.conf import settings

from hub.connectors.pos.files import OUT, REFUSED, SENT, TAKEN
from hub.events.retention import delete_in_batches

KEPT_DAYS = 60
MOST_FILES = 20_000

_CHECKS = """
DELETE FROM orders_poscheck WHERE id IN (
    SELECT id FROM orders_poscheck
    WHERE finished_at < statement_timestamp() - make_interval(days => %s) LIMIT %s)
"""
_DRIFTS = """
DELETE FROM orders_posdrift WHERE id IN (
    SELECT id FROM orders_posdrift
    WHERE settled_at < statement_timestamp() - make_interval(days => %s) LIMIT %s)
"""
_WAITING = """
DELETE FROM orders_poswaiting WHERE id IN (
    SELECT id FROM orders_poswaiting
    WHERE matched_at < statement_timestamp() - make_interval(days => %s) LIMIT %s)
"""


def purge_rows() -> int:
    """Delete checks, settled drift and matched answers of sixty days ago; receipts stay."""
    return sum(delete_in_batches(sql, KEPT_DAYS) for sql in (_CHECKS, _DRIFTS, _WAITING))


def purge_files() -> int:
    """Delete what lies put away in the folders of POS for sixty days; returns how many files.

    What nobody has read in ``out`` for so long goes too.
    """
    oldest = time.time() - KEPT_DAYS * 86_400
    gone = 0
    for folder in (OUT, SENT, TAKEN, REFUSED):
        for place in Path(settings.POS_DIR).glob(f"*/{folder}/*"):
            if gone >= MOST_FILES:
                return gone
            if place.is_file() and not place.is_symlink() and place.lstat().st_ctime < oldest:
                place.unlink(missing_ok=True)
                gone += 1
    return gone
