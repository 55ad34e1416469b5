"""What django-q2 runs for the stock core."""

from __future__ import annotations

from inventory.models import StockFile
from inventory.services import changes, dropping, files, holds, signals

WAITING_AT_ONCE = 20


def sweep_holds() -> int:
    """End the holds whose time is over; returns how many."""
    return holds.sweep_holds()


def place_changes() -> int:
    """Bring the change feed up to date, silent stores included, and tell sites what crossed their
    thresholds; returns the feed's last place."""
    changes.notice_silence()
    signals.tell_signals()
    return changes.head()


def run_stock_file(file_id: int) -> str:
    """Run one stock file; returns the state that it ended in."""
    return files.run_file(file=StockFile.objects.get(pk=file_id)).status


def run_waiting_files() -> int:
    """Let workers run the stock files that nobody is at, a few at a time; returns how many.

    Also puts away the contents of files that were done long ago.
    """
    waiting = files.waiting_files(most=WAITING_AT_ONCE)
    for file in waiting:
        files.queue_file(file=file)
    files.drop_old_contents()
    return len(waiting)


def take_dropped_files() -> int:
    """Receive the stock files that lie complete in the drop folders; returns how many."""
    return dropping.take_dropped_files()
