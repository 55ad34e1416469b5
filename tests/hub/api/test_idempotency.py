"""Retries: one effect, one reply, whatever happens in between."""

import functools
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import OperationalError, connection
from psycopg import errors

from hub.api import idempotency
from hub.api.keys import create_key
from hub.api.models import IdempotencyRecord, RateCounter
from hub.errors import Conflict
from tests.factories import make_channel, make_store
from tests.hub.api.conftest import Api, MakeView

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("probes")]


def effects():
    return RateCounter.objects.filter(bucket__startswith="effect").count()


def make(api, *, key="key-1", bucket="effect", **body):
    return api.post("/v1/make", {"bucket": bucket} | body, Idempotency_Key=key)


def fail_with(error):
    def fail():
        raise error

    MakeView.meanwhile = staticmethod(fail)


def test_a_repeat_gets_the_first_reply_byte_for_byte_and_has_no_second_effect(api):
    first = make(api)
    second = make(api)

    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    for name in ("Location", "ETag", "Content-Type"):
        assert first[name] == second[name]
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert effects() == 1


def test_the_order_and_spacing_of_members_is_no_difference(api):
    first = api.post("/v1/make", b'{"bucket":"effect","note":"x"}', Idempotency_Key="k")
    second = api.post("/v1/make", b'{ "note": "x", "bucket": "effect" }', Idempotency_Key="k")

    assert first.content == second.content
    assert effects() == 1


def test_the_same_key_with_another_body_is_refused(api):
    make(api)

    answer = make(api, note="other")

    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_key_reused"
    assert effects() == 1


@pytest.mark.parametrize("key", ["", "a b", "k" * 256, "é", "\x7f"])
def test_a_missing_or_odd_key_is_refused(api, key):
    headers = {"Idempotency_Key": key} if key else {}

    answer = api.post("/v1/make", {"bucket": "effect"}, **headers)

    assert answer.status_code == 400
    assert answer.json()["code"].startswith("idempotency_key_")
    assert effects() == 0


def test_a_key_of_255_visible_characters_is_fine(api):
    key = ('!"#~' * 64)[:255]

    assert make(api, key=key).content == make(api, key=key).content


def test_the_same_key_of_another_channel_or_a_test_key_is_another_key(api, channel):
    _, elsewhere = create_key(channel=make_channel(), name="b", scopes=["orders:write"])
    _, test = create_key(channel=channel, name="t", scopes=["orders:write"], is_test=True)

    answers = [
        make(api),
        make(Api(elsewhere), bucket="effect 2"),
        make(Api(test), bucket="effect 3"),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert effects() == 3


def test_a_renewed_key_of_the_channel_gets_the_reply_of_the_old_one(api, channel):
    _, renewed = create_key(channel=channel, name="new", scopes=["orders:write"])

    assert make(api).content == make(Api(renewed)).content
    assert effects() == 1


def test_a_key_with_other_stores_never_gets_the_stored_reply(api, channel):
    _, narrow = create_key(
        channel=channel, name="one store", scopes=["orders:write"], stores=[make_store()]
    )
    make(api)

    assert make(Api(narrow)).status_code == 422


def test_a_refusal_leaves_nothing_behind_and_the_next_try_runs_afresh(api):
    fail_with(Conflict("sold out"))
    refused = make(api)
    MakeView.meanwhile = staticmethod(lambda: None)

    again = make(api)

    assert refused.status_code == 409
    assert again.status_code == 201
    assert effects() == 1


def test_a_crash_before_the_commit_leaves_nothing_behind(api):
    fail_with(RuntimeError("power cut"))

    answer = make(api)

    assert answer.status_code == 500
    assert effects() == IdempotencyRecord.objects.count() == 0


def test_the_stored_reply_is_sealed(api):
    make(api, note="canary-in-body")

    stored = IdempotencyRecord.objects.get()

    assert b"effect" not in bytes(stored.body)
    assert "canary" not in json.dumps(stored.headers)


def lose_the_server():
    """The server ends this connection, and has done so before it is used again."""
    mine = connection.connection.info
    with psycopg.connect(mine.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [mine.backend_pid])


@pytest.mark.django_db(transaction=True)
def test_a_server_lost_while_the_key_is_looked_up_is_no_fault_of_the_hub(api):
    connection.ensure_connection()
    with (
        psycopg.connect(connection.connection.info.dsn) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("LOCK TABLE api_idempotencyrecord IN ACCESS EXCLUSIVE MODE")
        asked = pool.submit(make, api)
        end_whoever_waits(other, until=time.monotonic() + 20)
        answer = asked.result(20)

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")


def end_whoever_waits(other, *, until):
    """End the connections that wait for a table; there is one before long."""
    ended = """
        SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
        WHERE relation = 'api_idempotencyrecord'::regclass AND NOT granted"""
    while not other.execute(ended).fetchall():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_a_server_lost_when_the_reply_is_kept_is_no_fault_of_the_hub(api):
    MakeView.meanwhile = staticmethod(lose_the_server)

    answer = make(api)
    MakeView.meanwhile = staticmethod(lambda: None)
    again = make(api)

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert again.status_code == 201
    assert effects() == 1


def test_a_deadlock_victim_is_run_again(api):
    tries = []

    def lose_twice():
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError from errors.DeadlockDetected()

    MakeView.meanwhile = staticmethod(lose_twice)

    answer = make(api)

    assert answer.status_code == 201
    assert len(tries) == 3
    assert effects() == 1


def test_one_who_loses_every_deadlock_is_told_to_come_back(api):
    error = OperationalError()
    error.__cause__ = errors.SerializationFailure()
    fail_with(error)

    answer = make(api)

    assert answer.status_code == 503
    assert effects() == 0


def in_threads(count, act):
    """Run ``act`` in so many threads at once; returns what they returned."""
    results, start = [], threading.Barrier(count)

    def run():
        try:
            start.wait(timeout=20)
            results.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_parallel_repeats_have_one_effect_and_the_losers_are_told_to_wait(api):
    for attempt in range(10):
        call = functools.partial(make, key=f"race-{attempt}", bucket=f"effect {attempt}")
        answers = in_threads(8, lambda call=call: call(Api(api.secret)))

        made = [answer for answer in answers if answer.status_code == 201]
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len({answer.content for answer in made}) == 1
        assert sum("Idempotency-Replayed" not in answer for answer in made) == 1
        told = {answer.json()["code"] for answer in answers if answer.status_code == 409}
        assert told <= {"request_running"}
    assert effects() == 10


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_twin_of_a_running_request_gets_409_and_later_the_reply(api):
    running, finish = threading.Event(), threading.Event()

    def wait():
        running.set()
        finish.wait(timeout=20)

    MakeView.meanwhile = staticmethod(wait)
    answers = []

    def first():
        try:
            answers.append(make(Api(api.secret)))
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert running.wait(timeout=20)

    twin = make(api)
    finish.set()
    thread.join(timeout=20)

    assert twin.status_code == 409
    assert twin.json()["code"] == "request_running"
    assert twin["Retry-After"] == "1"
    assert make(api).content == answers[0].content
    assert effects() == 1


def test_keys_of_different_scopes_never_wait_for_each_other():
    scopes = [
        idempotency._Scope(channel, route, key)
        for channel in (1, 2)
        for route in ("POST a", "POST b")
        for key in ("x", "y")
    ]

    assert len({scope.lock for scope in scopes}) == len(scopes)
