"""The kinds of leased work that relays carry out, each registered by the app that owns it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hub.events.leases import Leased


@dataclass(frozen=True)
class Queue:
    """``run`` does one claimed row's work and settles it; it may raise, the relay then retries.

    ``groups`` splits a claimed batch of the lane ``db`` into those that ``run_group`` works in one
    transaction, all or none; a group of one is ``run``.

    ``load`` readies a claimed batch (one query for what all rows need). ``in_doubt`` is the SQL
    condition of rows of which nobody knows whether they took effect.

    ``run_batch``, where there is one, does the work of ``batch`` claimed rows of a network lane
    together, and settles each; what it raises is none of a row's fault. ``claim`` may take fewer
    rows than it is asked for, and raises NotNow when the lane has to rest.
    """

    model: type[Leased]
    run: Callable[[Any], None]
    load: Callable[[Sequence[Any]], None] = lambda _rows: None
    groups: Callable[[Sequence[Any]], list[list[Any]]] = lambda rows: [[row] for row in rows]
    run_group: Callable[[Sequence[Any]], None] = lambda _rows: None
    in_doubt: str = "false"
    batch: int = 1
    run_batch: Callable[[Sequence[Any]], None] | None = None
    claim: Callable[[str, int], list[Any]] | None = None


_queues: list[Queue] = []


def register(queue: Queue) -> None:
    """Let relays work this queue; a second registration of the same model is ignored."""
    if all(known.model is not queue.model for known in _queues):
        _queues.append(queue)


def queues() -> list[Queue]:
    """All registered queues."""
    return list(_queues)
