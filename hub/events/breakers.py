"""Circuit breakers: who does not answer is left alone, and tried by one call at a time.

One row per outside system, shared by all processes; every step is one statement by the
database's clock. Five failures in a row open a breaker: work for it is then put off without using
up its attempts. After 10 s, then ever more seldom, at most every two minutes, one call is let
through; when it succeeds, all that was put off is due at once, in its order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import takewhile
from typing import Any

from django.db import connection

from hub.errors import ConnectorError
from hub.events.leases import NotNow
from hub.events.models import Breaker
from hub.events.outbox import wake_on_commit
from hub.events.queues import queues

FAILURES = 5
PROBE_SECONDS = 10.0
LONGEST_PROBE_SECONDS = 120.0
CALL_SECONDS = 60.0  # longer than any call takes: then whoever tried it has died
PUT_OFF = "put off: "
# after a day out of reach a try counts again, so that work for what is gone ends with a person
PATIENCE = timedelta(hours=24)
_ERROR_CHARACTERS = 200
_AFTER_PROBE_SECONDS = 5.0

_MAY_CALL = """
WITH known AS (
    SELECT state, due_at FROM events_breaker WHERE key = %(key)s AND state <> 'closed'
), probe AS (
    UPDATE events_breaker SET state = 'half_open',
        due_at = statement_timestamp() + make_interval(secs => %(call)s)
    WHERE key = %(key)s AND state <> 'closed' AND due_at <= statement_timestamp()
    RETURNING id
)
SELECT extract(epoch FROM known.due_at - statement_timestamp())::float8,
    EXISTS (SELECT FROM probe) FROM known
"""

_FAILED = """
INSERT INTO events_breaker AS breaker (key, state, failures, probes, last_error, opened_at, due_at)
VALUES (%(key)s, CASE WHEN %(count)s < %(most)s THEN 'closed' ELSE 'open' END, %(count)s, 0,
    %(error)s, CASE WHEN %(count)s >= %(most)s THEN statement_timestamp() END,
    CASE WHEN %(count)s >= %(most)s
        THEN statement_timestamp() + make_interval(secs => %(wait)s) END)
ON CONFLICT (key) DO UPDATE SET
    failures = breaker.failures + %(count)s,
    last_error = excluded.last_error,
    state = CASE WHEN breaker.state = 'closed' AND breaker.failures + %(count)s < %(most)s
        THEN 'closed' ELSE 'open' END,
    opened_at = CASE WHEN breaker.state <> 'closed' THEN breaker.opened_at
        WHEN breaker.failures + %(count)s >= %(most)s THEN statement_timestamp() END,
    probes = breaker.probes + CASE WHEN breaker.state = 'half_open' THEN 1 ELSE 0 END,
    due_at = CASE WHEN breaker.state = 'open' THEN breaker.due_at
        WHEN breaker.state = 'half_open' THEN statement_timestamp() + make_interval(
            secs => least(%(longest)s, %(wait)s * 2 ^ least(breaker.probes + 1, 10)))
        WHEN breaker.failures + %(count)s >= %(most)s
        THEN statement_timestamp() + make_interval(secs => %(wait)s) END
RETURNING state = 'open',
    extract(epoch FROM due_at - statement_timestamp())::float8,
    coalesce(statement_timestamp() - opened_at > %(patience)s, false)
"""

_SUCCEEDED = """
UPDATE events_breaker
SET state = 'closed', failures = 0, probes = 0, opened_at = NULL, due_at = NULL, last_error = ''
WHERE key = %(key)s AND (state <> 'closed' OR failures > 0)
RETURNING key
"""


@contextmanager
def guarded(key: str, *, lane: str) -> Iterator[None]:
    """Make calls to one outside system inside the block, unless its breaker is open.

    Raises NotNow when it is, and also when a call fails while it opens or stays open: the work
    is due again when the breaker is. A permanent refusal is an answer, so it closes the breaker.
    ``lane`` is where the work waits that may follow once it closes.
    """
    _require(key)
    try:
        yield
    except ConnectorError as error:
        if error.permanent:
            _succeeded(key, lane)
            raise
        is_open, seconds, is_hopeless = _failed(key, str(error))
        if is_open and not is_hopeless:
            # behind those that wait for the same moment: the next try is somebody else's
            raise NotNow(f"{PUT_OFF}{error}", seconds=seconds + _AFTER_PROBE_SECONDS) from error
        raise
    else:
        _succeeded(key, lane)


def waits(keys: Collection[str]) -> dict[str, float]:
    """How many seconds it is until each open breaker of these is tried next; 0 when it is due.

    Closed ones are not in it. For whoever makes many calls: ask once, claim the one try of a
    breaker that is due by ``may_try``, and say by ``note`` what came of the calls.
    """
    rows = Breaker.objects.filter(key__in=keys).exclude(state=Breaker.State.CLOSED)
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (now,) = cursor.fetchone()
    due = rows.values_list("key", "due_at")
    return {key: max(0.0, (at - now).total_seconds()) if at else 0.0 for key, at in due}


def may_try(key: str) -> bool:
    """Whether a call may be made now; of an open breaker that is due, one caller hears yes."""
    with connection.cursor() as cursor:
        cursor.execute(_MAY_CALL, {"key": key, "call": CALL_SECONDS})
        found = cursor.fetchone()
    return found is None or bool(found[1])


def note(key: str, *, lane: str, calls: Sequence[ConnectorError | None]) -> None:
    """Count what came of calls made side by side: an error each, or None; in the order of their
    ends. Only failures after the last answer are failures in a row."""
    failures = list(takewhile(_is_failure, reversed(calls)))
    if len(failures) < len(calls):
        _succeeded(key, lane)
    if failures:
        _failed(key, str(failures[0]), count=len(failures))


def _is_failure(error: ConnectorError | None) -> bool:
    return error is not None and not error.permanent


def follow(lane: str) -> int:
    """Let what was put off in a lane be due now, in its order; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (now,) = cursor.fetchone()
    found = 0
    for queue in queues():
        rows = queue.model._default_manager.filter(
            lane=lane, state="pending", lease=None, last_error__startswith=PUT_OFF
        )
        found += rows.update(due_at=now, last_error="")
    if found:
        wake_on_commit()
    return found


def reset(key: str, *, lane: str) -> None:
    """Close a breaker by hand, when somebody knows that the other side is back."""
    Breaker.objects.filter(key=key).update(
        state=Breaker.State.CLOSED, failures=0, probes=0, opened_at=None, due_at=None, last_error=""
    )
    follow(lane)


def _require(key: str) -> None:
    """Raise NotNow while the breaker is open; once it is due, one caller gets through."""
    with connection.cursor() as cursor:
        cursor.execute(_MAY_CALL, {"key": key, "call": CALL_SECONDS})
        found = cursor.fetchone()
    if found and not found[1]:
        wait = max(1.0, found[0])
        raise NotNow(f"{PUT_OFF}it did not answer lately", seconds=wait)


def _failed(key: str, error: str, count: int = 1) -> tuple[bool, float, bool]:
    """Count failures; whether the breaker is open, for how long, and beyond all patience."""
    values: dict[str, Any] = {
        "key": key,
        "count": count,
        "error": error.replace("\x00", "")[:_ERROR_CHARACTERS],
        "most": FAILURES,
        "wait": PROBE_SECONDS,
        "longest": LONGEST_PROBE_SECONDS,
        "patience": PATIENCE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FAILED, values)
        is_open, seconds, is_hopeless = cursor.fetchone()
    return is_open, max(1.0, seconds or 0.0), is_hopeless


def _succeeded(key: str, lane: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SUCCEEDED, {"key": key})
        was_troubled = cursor.fetchone() is not None
    if was_troubled:
        follow(lane)
