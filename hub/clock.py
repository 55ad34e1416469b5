"""Business time. Leases and due times use the database's clock, never this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """The present moment of the business, aware, in UTC."""
    return _source()


@contextmanager
def turned_to(moment: datetime | Callable[[], datetime]) -> Iterator[None]:
    """Inside the block the business clock shows ``moment`` (or what it returns), in all threads."""
    global _source  # noqa: PLW0603  one clock for the process is the point
    before, _source = _source, moment if callable(moment) else lambda: moment
    try:
        yield
    finally:
        _source = before
