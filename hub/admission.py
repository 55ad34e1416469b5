"""How many requests a web process lets wait, and what it answers to the others.

Django runs one request at a time in each process, on one database connection. The web server's
other threads are a waiting room of known size: who finds it full is told at once to come again,
and when, instead of waiting for an answer that comes too late. Those times are spread over as
long as serving everybody takes, so that a crowd that came at once does not come again at once.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import connections
from prometheus_client import Counter

from hub.trace import from_header, tracing

ROOM = 64
LEAST_ROOM = 4
SOON = 1.0  # seconds that people wait for their turn; programs may wait longer
STAFF_ROOM = 2 * ROOM  # who serves a crowd gets through it
THREADS = STAFF_ROOM + 32  # some more, who tell the others that the room is full
PATIENCE = 10.0  # seconds; who has waited so long for his turn is not served either
PROBES = frozenset({"/live", "/ready", "/metrics"})
# Whose work is the crowd, and what a page that was served cannot do without.
LET_IN = ("/admin/", "/boards/", "/static/")
PROGRAMS = ("/v1/", "/hooks/", "/sim/")
MEMORY = 10  # requests over which the time that one takes is averaged
FIRST_GUESS = 0.05  # seconds
WINDOW = 5.0
LONGEST_RETRY = 60
UNAVAILABLE = 503
# As the API's own "busy"; written here, because nothing of the API is loaded yet.
PROBLEM = {
    "type": "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
    "title": "The hub cannot do this right now; try again shortly",
    "status": UNAVAILABLE,
    "detail": "too many requests are waiting",
    "code": "busy",
}

_turned_away = Counter("hub_http_turned_away", "Told to come again: too many waited", ["method"])

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]


class Turns:
    """One at a time, first come, first served, in a line of bounded length."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._busy = False
        self._line: deque[threading.Lock] = deque()

    def take(self, *, room: float, patience: float) -> bool:
        """Wait for a turn; False when ``room`` wait already, or it took too long to come."""
        with self._guard:
            if not self._busy:
                self._busy = True
                return True
            if len(self._line) >= room:
                return False
            mine = threading.Lock()
            mine.acquire()
            self._line.append(mine)
        if mine.acquire(timeout=patience):
            return True
        with self._guard:
            if mine in self._line:
                self._line.remove(mine)
                return False
        return True  # it came in the last moment: who gives a turn up has taken it off the line

    def give_up(self) -> None:
        """Let the next one have the turn."""
        with self._guard:
            if self._line:
                self._line.popleft().release()
            else:
                self._busy = False


class Crowd:
    """How long it takes to serve those who were turned away, as the last seconds went."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._begun = clock()
        self._now, self._before = [0, 0], [0, 0]

    def count(self, *, served: bool) -> None:
        """One more was served, or turned away."""
        with self._guard:
            self._roll()
            self._now[served] += 1

    def retry_after(self) -> int:
        """Seconds, at random, after which to come again."""
        with self._guard:
            self._roll()
            away, served = (now + then for now, then in zip(self._now, self._before, strict=True))
            seconds = WINDOW + self._clock() - self._begun
        longest = min(LONGEST_RETRY, round(away * seconds / max(1, served)))
        return random.randint(1, max(2, longest))  # noqa: S311  no secret

    def _roll(self) -> None:
        past = self._clock() - self._begun
        if past >= WINDOW:
            self._before = self._now if past < 2 * WINDOW else [0, 0]
            self._now, self._begun = [0, 0], self._clock()


class Admission:
    """The WSGI application behind its waiting room."""

    def __init__(self, application: Wsgi) -> None:
        self._application = application
        self._turns, self._crowd = Turns(), Crowd()
        self._connections: dict[str, Any] = {}
        self._begun, self._seconds = 0.0, FIRST_GUESS

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve the request in its turn, or say when to come again."""
        if not self._turns.take(room=self._room(environ["PATH_INFO"]), patience=PATIENCE):
            self._crowd.count(served=False)
            return turned_away(environ, start_response, self._crowd.retry_after())
        self._begun = time.monotonic()
        try:
            self.share_connections()
            response: Any = self._application(environ, start_response)
        except BaseException:
            self._turns.give_up()
            raise
        if getattr(response, "streaming", True):
            return _Stream(response, self)
        try:
            return list(response)
        finally:
            response.close()
            self.done()

    def share_connections(self) -> None:
        """Let this thread use the process's database connections, as it is its turn."""
        if not self._connections:
            self._connections = {alias: connections[alias] for alias in connections}
            for one in self._connections.values():
                one.inc_thread_sharing()
        for alias, one in self._connections.items():
            connections[alias] = one

    def done(self) -> None:
        """The request was answered to its end."""
        self._seconds += (time.monotonic() - self._begun - self._seconds) / MEMORY
        self._crowd.count(served=True)
        self._turns.give_up()

    def _room(self, path: str) -> float:
        """How many may wait before this one: of people as many as are served soon."""
        if path in PROBES:
            return float("inf")
        if path.startswith(LET_IN):
            return STAFF_ROOM
        if path.startswith(PROGRAMS):
            return ROOM
        return max(LEAST_ROOM, min(ROOM, SOON / max(self._seconds, 0.001)))


class _Stream:
    """An answer that is still being made: its turn lasts until it is closed, or forgotten."""

    def __init__(self, response: Any, admission: Admission) -> None:
        self._response, self._admission = response, admission
        self._chunks: Iterator[bytes] = iter(response)
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self._admission.share_connections()
        return next(self._chunks)

    def close(self) -> None:
        """End the answer and the turn, once."""
        if self._open:
            self._open = False
            try:
                self._admission.share_connections()
                self._response.close()
            finally:
                self._admission.done()

    def __del__(self) -> None:
        self.close()


def turned_away(environ: Environ, start_response: StartResponse, seconds: int) -> Iterable[bytes]:
    """503 with Retry-After: a problem for programs, a line of text for people."""
    _turned_away.labels("POST" if environ["REQUEST_METHOD"] == "POST" else "other").inc()
    if environ["PATH_INFO"].startswith(PROGRAMS):
        with tracing(from_header(environ.get("HTTP_TRACEPARENT", ""))) as trace:
            body = json.dumps(PROBLEM | {"trace_id": trace})
        kind = "application/problem+json"
    else:
        body = f"Very many people are here just now. Please try again in {seconds} seconds."
        kind = "text/plain; charset=utf-8"
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Retry-After", str(seconds)),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Robots-Tag", "noindex"),
    ]
    start_response("503 Service Unavailable", headers)
    return [body.encode()]
