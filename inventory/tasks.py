"""What django-q2 runs for the stock core."""

from __future__ import annotations

from inventory.services import holds


def sweep_holds() -> int:
    """End the holds whose time is over; returns how many."""
    return holds.sweep_holds()
