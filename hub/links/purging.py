"""Links that ended long ago are deleted."""

from __future__ import annotations

from hub.events.retention import delete_in_batches

ENDED_DAYS = 30

_ENDED = """
DELETE FROM links_link WHERE id IN (
    SELECT id FROM links_link
    WHERE expires_at < statement_timestamp() - make_interval(days => %s)
    LIMIT %s)
"""


def purge_links() -> int:
    """Delete links that ended 30 days ago or earlier; returns how many."""
    return delete_in_batches(_ENDED, ENDED_DAYS)
