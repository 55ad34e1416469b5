"""Lengths of time by bucket: what is read from them is near what was put in."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from orders.reporting.buckets import BUCKET, GROWTH, LAST, middle, percentile

lengths = st.lists(st.floats(min_value=0, max_value=2_000_000), min_size=1, max_size=40)


def bucket(seconds: float) -> int:
    return 0 if seconds < 1 else min(LAST, 1 + math.floor(math.log(seconds) / math.log(GROWTH)))


@given(lengths, st.sampled_from([0.5, 0.9, 0.95]))
def test_a_percentile_is_within_five_percent_of_the_exact_one(seconds, share):
    exact = sorted(seconds)[max(1, math.ceil(share * len(seconds))) - 1]

    read = percentile(share, Counter(map(bucket, seconds)))

    assert read == pytest.approx(exact, rel=0.05, abs=0.51)


@given(lengths, lengths)
def test_counts_of_two_days_add_up(one, other):
    together = Counter(map(bucket, one)) + Counter(map(bucket, other))

    assert percentile(0.5, together) == percentile(0.5, Counter(map(bucket, one + other)))


def test_nothing_has_no_percentile():
    assert percentile(0.5, {}) is None
    assert percentile(0.5, {4: 0}) is None
    assert middle(0) == 0.5


@pytest.mark.django_db
def test_the_database_takes_the_same_buckets():
    seconds = [0.0, 0.5, 1.0, 1.09, 1.2, 59.0, 3600.0, 86_400.0, 10_000_000.0]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {BUCKET.format(seconds='s')} FROM unnest(%s::float8[]) AS s", [seconds]
        )
        found = [number for (number,) in cursor.fetchall()]

    assert found == [bucket(one) for one in seconds]
