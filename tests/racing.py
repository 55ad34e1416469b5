"""Provoking races: the same job in real threads, released together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

R = TypeVar("R")


def at_once(workers: int, job: Callable[[int], R], *, seconds: float = 60) -> list[R]:
    """Run ``job(0)`` … ``job(workers - 1)`` in threads that start together; return the results.

    Raises what a job raised, and when they take longer than so many seconds. Each
    thread has its own database connection and closes it.
    """
    barrier = threading.Barrier(workers)

    def run(number: int) -> R:
        try:
            connection.ensure_connection()
            barrier.wait(10)
            return job(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, range(workers), timeout=seconds))
