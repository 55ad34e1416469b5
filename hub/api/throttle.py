"""Rate limits that hold over all processes: counters in PostgreSQL, leased in batches.

A process takes two per cent of a window's quota at a time with one guarded statement and
spends it from memory, so that a read costs no write. ``count_exactly`` writes each time, for
the few limits where one too many matters.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView

from hub.api.client import client_address

WINDOW_SECONDS = 60
LEASED_SHARE = 50  # a fiftieth of the quota at a time
MOST_BUCKETS = 10_000

_LEASE = """
WITH clock AS (
    SELECT floor(extract(epoch FROM statement_timestamp()) / %(seconds)s) * %(seconds)s AS start
), taken AS (
    INSERT INTO api_ratecounter AS counter (bucket, window_start, used)
    SELECT %(bucket)s, to_timestamp(clock.start), %(share)s FROM clock
    ON CONFLICT (bucket) DO UPDATE SET
        window_start = greatest(counter.window_start, excluded.window_start),
        used = %(share)s + CASE WHEN counter.window_start < excluded.window_start
            THEN 0 ELSE counter.used END
    WHERE counter.window_start < excluded.window_start OR counter.used < %(limit)s
    RETURNING used
)
SELECT (SELECT used FROM taken),
       (clock.start + %(seconds)s - extract(epoch FROM statement_timestamp()))::float8
FROM clock
"""

_COUNT = """
INSERT INTO api_ratecounter AS counter (bucket, window_start, used)
VALUES (%(bucket)s, statement_timestamp(), 1)
ON CONFLICT (bucket) DO UPDATE SET
    window_start = CASE WHEN counter.window_start <= statement_timestamp() - {window}
        THEN excluded.window_start ELSE counter.window_start END,
    used = 1 + CASE WHEN counter.window_start <= statement_timestamp() - {window}
        THEN 0 ELSE counter.used END
WHERE counter.used < %(limit)s OR counter.window_start <= statement_timestamp() - {window}
""".format(window="make_interval(secs => %(seconds)s)")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a bucket stands: may this request pass, how many more, seconds to the next window."""

    allowed: bool
    limit: int
    remaining: int
    reset: int


@dataclass(slots=True)
class _Lease:
    mine: int  # requests this process may still let pass
    others: int  # requests nobody has leased yet, when last asked
    ends: float  # by the monotonic clock


_leases: dict[str, _Lease] = {}
_guard = threading.Lock()


def requests_per_minute() -> int:
    """The quota of a key, and of an address without one."""
    limit: int = settings.API_REQUESTS_PER_MINUTE
    return limit


def take(bucket: str, *, limit: int, seconds: int = WINDOW_SECONDS) -> Standing:
    """Count one request against the bucket's quota in the present window.

    Exact within the shares that other processes have leased and not spent; never above ``limit``.
    """
    lease = _leases.get(bucket)
    if lease is None or lease.ends <= time.monotonic() or (lease.mine <= 0 and lease.others > 0):
        lease = _take_share(bucket, limit=limit, seconds=seconds)
    with _guard:
        allowed = lease.mine > 0
        lease.mine -= allowed
    return Standing(
        allowed=allowed,
        limit=limit,
        remaining=lease.mine + lease.others,
        reset=max(1, math.ceil(lease.ends - time.monotonic())),
    )


def _take_share(bucket: str, *, limit: int, seconds: int) -> _Lease:
    share = max(1, limit // LEASED_SHARE)
    asked = time.monotonic()  # before the question, so that the lease never outlives its window
    values: dict[str, int | str] = {
        "bucket": bucket,
        "seconds": seconds,
        "share": share,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, values)
        used, left = cursor.fetchone()
    granted = 0 if used is None else min(share, limit - (used - share))
    others = 0 if used is None else max(0, limit - used)
    lease = _Lease(mine=granted, others=others, ends=asked + left)
    with _guard:
        if len(_leases) >= MOST_BUCKETS:
            _leases.clear()  # unspent shares are lost, which errs on the safe side
        _leases[bucket] = lease
    return lease


def count_exactly(*, bucket: str, limit: int, seconds: int) -> bool:
    """Count one act against ``limit`` acts in ``seconds`` from the first; False when used up.

    One guarded statement on one row: parallel callers never pass more than ``limit``. Call it
    outside the transaction of the act, or a rollback takes the count back with it.
    """
    values: dict[str, int | str] = {"bucket": bucket, "limit": limit, "seconds": seconds}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        counted: bool = cursor.rowcount == 1
        return counted


class KeyThrottle(BaseThrottle):
    """The quota of a key, or of an address where a view asks for no key."""

    def allow_request(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
        """Count the request and note where its bucket stands, for the reply's headers."""
        caller: Any = request.auth
        plain = request._request
        bucket = f"key:{caller.public_id}" if caller else f"address:{client_address(plain)}"
        standing = take(bucket, limit=requests_per_minute())
        plain.rate_standing = standing  # type: ignore[attr-defined]
        return standing.allowed
