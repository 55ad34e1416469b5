"""Refused lines are deleted when nobody will look at them any more; their number stays."""

from __future__ import annotations

from hub.events.retention import delete_in_batches

LINE_DAYS = 90

_OLD_LINES = """
DELETE FROM inventory_refusedline WHERE id IN (
    SELECT line.id FROM inventory_refusedline line
    JOIN inventory_stockfile file ON file.id = line.file_id
    WHERE file.finished_at < statement_timestamp() - make_interval(days => %s)
    LIMIT %s)
"""


def purge_refused_lines() -> int:
    """Delete the refused lines of files that ended 90 days ago or earlier; returns how many."""
    return delete_in_batches(_OLD_LINES, LINE_DAYS)
