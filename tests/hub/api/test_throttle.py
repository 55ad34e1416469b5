"""Quotas: told in headers, leased in batches, never exceeded over processes or threads."""

import re
import threading
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.api import throttle
from hub.api.models import RateCounter
from hub.ids import new_id


@pytest.fixture
def bucket():
    return new_id("bucket")


@pytest.fixture(autouse=True)
def nothing_leased():
    """Other tests neither find nor leave a quota that is used up."""
    throttle._leases.clear()
    yield
    throttle._leases.clear()


def another_process():
    """What a second process would know: nothing."""
    throttle._leases.clear()


@pytest.mark.django_db
def test_a_quota_is_spent_to_the_last_request_and_not_beyond(bucket):
    passed = [throttle.take(bucket, limit=120).allowed for _ in range(200)]

    assert sum(passed) == 120
    assert passed == sorted(passed, reverse=True)


@pytest.mark.django_db
def test_a_request_within_the_leased_share_costs_no_statement(bucket):
    throttle.take(bucket, limit=6000)

    with CaptureQueriesContext(connection) as queries:
        for _ in range(119):
            throttle.take(bucket, limit=6000)
    assert len(queries) == 0

    with CaptureQueriesContext(connection) as queries:
        throttle.take(bucket, limit=6000)
    assert len(queries) == 1


@pytest.mark.django_db
def test_a_refused_request_costs_no_statement_until_the_window_ends(bucket):
    while throttle.take(bucket, limit=3).allowed:
        pass

    with CaptureQueriesContext(connection) as queries:
        assert not throttle.take(bucket, limit=3).allowed
    assert len(queries) == 0


@pytest.mark.django_db
def test_two_processes_share_one_quota(bucket):
    first = sum(throttle.take(bucket, limit=100).allowed for _ in range(60))
    another_process()
    second = sum(throttle.take(bucket, limit=100).allowed for _ in range(60))

    assert first == 60
    assert second == 40


@pytest.mark.django_db
def test_a_new_window_brings_a_new_quota(bucket, monkeypatch):
    while throttle.take(bucket, limit=5).allowed:
        pass
    standing = throttle.take(bucket, limit=5)
    RateCounter.objects.filter(bucket=bucket).update(window_start="2026-01-01T00:00:00Z")
    now = time.monotonic()

    monkeypatch.setattr(time, "monotonic", lambda: now + standing.reset)

    assert 1 <= standing.reset <= 60
    assert throttle.take(bucket, limit=5).allowed


@pytest.mark.django_db
def test_what_remains_never_grows_within_a_window(bucket):
    remaining = [throttle.take(bucket, limit=300).remaining for _ in range(300)]

    assert remaining == list(range(299, -1, -1))


@pytest.mark.django_db
def test_the_memory_of_leases_is_bounded(monkeypatch):
    monkeypatch.setattr(throttle, "MOST_BUCKETS", 10)

    for _ in range(25):
        throttle.take(new_id("bucket"), limit=100)

    assert len(throttle._leases) <= 10


@pytest.mark.django_db
@pytest.mark.usefixtures("probes")
def test_each_reply_tells_the_quota_as_structured_fields(api, settings):
    settings.API_REQUESTS_PER_MINUTE = 500

    for answer in (api.get("/v1/probe"), api.get("/v1/forgotten"), api.post("/v1/probe", {})):
        assert answer["RateLimit-Policy"] == '"default";q=500;w=60'
        assert re.fullmatch(r'"default";r=4\d\d;t=\d{1,2}', answer["RateLimit"])


@pytest.mark.django_db
@pytest.mark.usefixtures("probes")
def test_a_caller_over_its_quota_is_told_when_to_come_back(api, settings):
    settings.API_REQUESTS_PER_MINUTE = 3
    answers = [api.get("/v1/probe") for _ in range(5)]

    refused = answers[-1]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert refused.json()["type"].endswith("#quota-exceeded")
    reset = int(refused["RateLimit"].partition("t=")[2])
    assert int(refused["Retry-After"]) >= reset >= 1


@pytest.mark.django_db
@pytest.mark.usefixtures("probes")
def test_guessing_keys_ends_in_429_for_the_address_and_only_there(api, settings):
    settings.API_REQUESTS_PER_MINUTE = 5
    wrong = [api.get("/v1/probe", Authorization="Bearer no").status_code for _ in range(8)]

    assert wrong == [401] * 5 + [429] * 3
    assert api.get("/v1/probe").status_code == 200


@pytest.mark.django_db
def test_an_exact_count_ends_and_begins_anew_with_its_window(bucket):
    passed = [throttle.count_exactly(bucket=bucket, limit=3, seconds=60) for _ in range(5)]
    RateCounter.objects.filter(bucket=bucket).update(window_start="2026-01-01T00:00:00Z")

    assert passed == [True, True, True, False, False]
    assert throttle.count_exactly(bucket=bucket, limit=3, seconds=60)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_fifty_threads_never_pass_more_than_an_exact_limit(bucket):
    passed, start = [], threading.Barrier(50)

    def try_once():
        try:
            start.wait(timeout=20)
            if throttle.count_exactly(bucket=bucket, limit=7, seconds=60):
                passed.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=try_once) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert len(passed) == 7
