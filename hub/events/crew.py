"""Threads that stay for a while: a connection and HTTP sessions cost more than most work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from django.db import connection

IDLE_SECONDS = 10.0

Job = Callable[[], None]


class Crew:
    """As many threads as there are jobs at a time; whoever is done waits for the next one.

    A thread for which there is none in ten seconds closes its database connection and ends.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._guard = threading.Lock()
        self._idle = 0  # threads that wait and for which no job lies ready
        self._ended = False
        self._threads: set[threading.Thread] = set()

    def take_on(self, job: Job) -> None:
        """Let a waiting thread, or else a new one, do the job soon. It must not raise."""
        with self._guard:
            if self._idle:
                self._idle -= 1
                self._jobs.put(job)
                return
            thread = threading.Thread(target=self._serve, args=(job,), daemon=True)
            self._threads.add(thread)
        thread.start()

    def end(self, *, seconds: float) -> None:
        """Let all threads finish what they do, and end; wait for that, but not longer."""
        with self._guard:
            self._ended = True
            for _ in range(self._idle):
                self._jobs.put(None)
            self._idle = 0
            threads = list(self._threads)
        deadline = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _serve(self, job: Job | None) -> None:
        while job is not None:
            job()
            job = self._next()
        connection.close()
        with self._guard:
            self._threads.discard(threading.current_thread())

    def _next(self) -> Job | None:
        with self._guard:
            if self._ended:
                return None
            self._idle += 1
        try:
            return self._jobs.get(timeout=IDLE_SECONDS)
        except Empty:
            return self._last_chance()

    def _last_chance(self) -> Job | None:
        """A job that was put there while this thread gave up waiting is nobody else's."""
        with self._guard:
            try:
                return self._jobs.get_nowait()
            except Empty:
                self._idle -= 1
                return None
