"""Asking for staff pages as a superuser's browser does, in this process, with the clock on."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from tests.benchmarks import database  # noqa: F401  isort: skip  it readies Django
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

ROUNDS = 3
NAME = "bench-reader"


@dataclass(frozen=True)
class Asked:
    """One page: milliseconds (median), statements, and the slowest of these with its time."""

    path: str
    milliseconds: float
    statements: int
    slowest_ms: float
    slowest: str


def reader() -> Client:
    """The browser of a superuser made for benchmarks."""
    user, _new = User.objects.get_or_create(
        username=NAME, defaults={"is_staff": True, "is_superuser": True}
    )
    client = Client(headers={"host": "localhost"}, raise_request_exception=False)
    client.force_login(user)
    return client


def ask(client: Client, path: str, *, rounds: int = ROUNDS) -> Asked:
    """GET the page, or the one it leads to, a few times after a first for warming up; it must be
    answered 200."""
    _get(client, path)
    times = []
    for _round in range(rounds):
        begun = time.perf_counter()
        _get(client, path)
        times.append((time.perf_counter() - begun) * 1000)
    with CaptureQueriesContext(connection) as seen:
        _get(client, path)
    told = max(seen.captured_queries, key=lambda one: float(one["time"]), default=None)
    slowest, sql = (float(told["time"]) * 1000, told["sql"]) if told else (0.0, "")
    return Asked(path, statistics.median(times), len(seen), slowest, sql)


def _get(client: Client, path: str) -> None:
    reply = client.get(path, follow=True)
    if reply.status_code != 200:
        raise SystemExit(f"{path}: {reply.status_code}")
