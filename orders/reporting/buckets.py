"""Lengths of time by bucket: they can be added up over stores and days, and say percentiles.

Bucket 0 is under a second, bucket n > 0 from 1.1^(n-1) to 1.1^n seconds; the last begins at about
40 days. A percentile read from buckets is the middle of its bucket: within 5 % of the exact one.
"""

from __future__ import annotations

from collections.abc import Mapping

GROWTH = 1.1
LAST = 160

# The bucket of an expression ``{seconds}``, in SQL.
BUCKET = f"""(CASE WHEN {{seconds}} < 1 THEN 0
    ELSE least({LAST}, 1 + floor(ln({{seconds}}::float8) / ln({GROWTH}::float8))) END)::smallint"""

# Rows (…, bucket, n, seconds) of a table ``{of}`` added up, ready for the columns of DayTimes.
PACKED = """sum(n)::int, sum(seconds)::bigint,
    array_agg(bucket ORDER BY bucket), array_agg(n::int ORDER BY bucket)"""


def middle(bucket: int) -> float:
    """Seconds in the middle of a bucket."""
    return 0.5 if bucket <= 0 else GROWTH ** (bucket - 0.5)


def percentile(share: float, counts: Mapping[int, int]) -> float | None:
    """The seconds within which ``share`` (0 to 1) of all lay, by nearest rank; None of nothing."""
    total = sum(counts.values())
    rank, seen = max(1.0, share * total), 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if counts[bucket] and seen >= rank:
            return middle(bucket)
    return None
