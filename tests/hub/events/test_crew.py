"""Threads that are kept, with their database connections, until there is nothing to do."""

import threading

import pytest
from django.db import connection

from hub.events import crew
from hub.events.crew import Crew

pytestmark = pytest.mark.django_db(transaction=True)


class Job:
    """Notes which database connection it ran on, and waits to be let go if it shall."""

    def __init__(self, *, held=False):
        self.backend = None
        self.let_go, self.ended = threading.Event(), threading.Event()
        if not held:
            self.let_go.set()

    def __call__(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (self.backend,) = cursor.fetchone()
        self.let_go.wait(10)
        self.ended.set()


@pytest.fixture
def hands():
    hands = Crew()
    yield hands
    hands.end(seconds=10)


def done(hands, job):
    hands.take_on(job)
    assert job.ended.wait(10)
    return job


def until_idle(hands):
    for _ in range(1000):
        if hands._idle == len(hands._threads):
            return
        threading.Event().wait(0.005)
    raise AssertionError("a thread is still at work")


def test_the_next_job_finds_the_connection_of_the_one_before(hands):
    first = done(hands, Job())
    until_idle(hands)
    second = done(hands, Job())

    assert first.backend == second.backend


def test_a_job_never_waits_for_another_one(hands):
    slow = Job(held=True)
    hands.take_on(slow)

    done(hands, Job())

    assert not slow.ended.is_set()
    slow.let_go.set()


def test_threads_without_work_close_their_connections_and_end(hands, monkeypatch):
    monkeypatch.setattr(crew, "IDLE_SECONDS", 0.05)
    backend = done(hands, Job()).backend

    for thread in list(hands._threads):
        thread.join(10)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [backend])
        assert cursor.fetchone() == (0,)
    assert (hands._threads, hands._idle) == (set(), 0)


def test_no_job_is_lost_between_a_thread_that_gives_up_and_one_that_begins(hands, monkeypatch):
    monkeypatch.setattr(crew, "IDLE_SECONDS", 0.0)
    jobs = [Job() for _ in range(200)]

    for job in jobs:
        hands.take_on(job)

    assert all(job.ended.wait(10) for job in jobs)


def test_the_end_waits_for_what_runs(hands):
    slow = Job(held=True)
    hands.take_on(slow)
    threading.Timer(0.1, slow.let_go.set).start()

    hands.end(seconds=10)

    assert slow.ended.is_set()
    assert hands._threads == set()
