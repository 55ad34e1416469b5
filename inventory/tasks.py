"""What django-q2 runs for the stock core."""

from __future__ import annotations

from inventory.models import StockFile
from inventory.services import changes, files, holds


def sweep_holds() -> int:
    """End the holds whose time is over; returns how many."""
    return holds.sweep_holds()


def place_changes() -> int:
    """Bring the change feed up to date, silent stores included; returns its last place."""
    changes.notice_silence()
    return changes.head()


def run_stock_file(file_id: int) -> str:
    """Run one stock file; returns the state that it ended in."""
    return files.run_file(file=StockFile.objects.get(pk=file_id)).status
