"""What django-q2 runs for the stock core."""

from __future__ import annotations

from inventory.services import changes, holds


def sweep_holds() -> int:
    """End the holds whose time is over; returns how many."""
    return holds.sweep_holds()


def place_changes() -> int:
    """Bring the change feed up to date, silent stores included; returns its last place."""
    changes.notice_silence()
    return changes.head()
