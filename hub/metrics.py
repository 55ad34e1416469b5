"""Figures for Prometheus: requests as they are answered, and the state of the work at scrape.

With PROMETHEUS_MULTIPROC_DIR set, the processes of one machine share their counters in files
there, and any of them answers for all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from django.db import connection
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

from hub.events.queues import queues

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10)

# each half can use a partial index of its own, however many rows are done
_LANES = """
SELECT lane, sum(pending)::int, max(age), sum(parked)::int FROM (
    SELECT lane, count(*) AS pending, 0 AS parked,
           extract(epoch FROM statement_timestamp() - min(due_at))::float8 AS age
    FROM {table} WHERE state = 'pending' GROUP BY lane
    UNION ALL
    SELECT lane, 0, count(*), NULL FROM {table} WHERE state = 'parked' GROUP BY lane
) AS states GROUP BY lane ORDER BY lane
"""

_IN_DOUBT = """
SELECT (SELECT count(*) FROM {table} WHERE state = 'pending' AND ({condition}))
     + (SELECT count(*) FROM {table} WHERE state = 'parked' AND ({condition}))
"""

_requests = Counter("hub_http_requests", "Requests answered", ["method", "route", "status"])
_seconds = Histogram(
    "hub_http_request_seconds", "Time to the answer", ["method", "route"], buckets=BUCKETS
)
_duplicates = Counter("hub_inbox_duplicates", "Inbound calls that were here before", ["kind"])


_more: list[Callable[[], Iterable[GaugeMetricFamily]]] = []


def add_gauges(source: Callable[[], Iterable[GaugeMetricFamily]]) -> None:
    """Let an app add gauges of its own, read from the database at each scrape."""
    if source not in _more:
        _more.append(source)


def observe(*, method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request under its route's template."""
    method = method if method in METHODS else "other"
    _requests_of(method, route, status).inc()
    _seconds_of(method, route).observe(seconds)


def count_duplicate(source: str) -> None:
    """Count an inbound call that was dropped because it was here before."""
    _duplicates.labels("sms" if source.startswith("sms:") else "pos").inc()


@lru_cache(maxsize=4096)
def _requests_of(method: str, route: str, status: int) -> Counter:
    return _requests.labels(method, route or "unknown", str(status))


@lru_cache(maxsize=1024)
def _seconds_of(method: str, route: str) -> Histogram:
    return _seconds.labels(method, route or "unknown")


class WorkCollector(Collector):
    """Depth, age and parked rows of each queue and lane, and the rows in doubt; open breakers; age
    of each kind's newest heartbeat; each app's newest migration."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges, read from the database now."""
        depth = _gauge("hub_work_pending", "Rows that wait", "queue", "lane")
        oldest = _gauge("hub_work_oldest_due_seconds", "Age of the oldest due row", "queue", "lane")
        parked = _gauge("hub_work_parked", "Rows given up, for a person", "queue", "lane")
        doubt = _gauge("hub_work_in_doubt", "Rows that may have taken effect or not", "queue")
        for queue in queues():
            table = queue.model._meta.db_table
            name = table.partition("_")[2]
            doubt.add_metric([name], _in_doubt(table, queue.in_doubt))
            for lane, waiting, age, given_up in _lanes(table):
                labels = [name, lane]
                depth.add_metric(labels, waiting)
                oldest.add_metric(labels, age)
                parked.add_metric(labels, given_up)
        yield from (depth, oldest, parked, doubt, _breakers(), *_heartbeats(), _migrations())
        for source in _more:
            yield from source()


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=labels)


def _lanes(table: str) -> list[tuple[str, int, float, int]]:
    """(lane, pending, seconds the oldest due row has waited, parked) of one queue's table."""
    with connection.cursor() as cursor:
        cursor.execute(_LANES.format(table=table))
        rows = cursor.fetchall()
    return [(lane, waiting, max(0.0, age or 0.0), parked) for lane, waiting, age, parked in rows]


def _in_doubt(table: str, condition: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_IN_DOUBT.format(table=table, condition=condition))
        return int(cursor.fetchone()[0])


def _migrations() -> GaugeMetricFamily:
    newest = _gauge("hub_migration", "1 for the newest applied migration", "app", "name")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (app) app, name FROM django_migrations ORDER BY app, id DESC"
        )
        for app, name in cursor.fetchall():
            newest.add_metric([app, name], 1)
    return newest


def _breakers() -> GaugeMetricFamily:
    """Who is out of reach; who has always answered has no line."""
    is_open = _gauge("hub_breaker_open", "1 while an outside system is left alone", "key")
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, (state <> 'closed')::int FROM events_breaker ORDER BY key")
        for key, value in cursor.fetchall():
            is_open.add_metric([key], value)
    return is_open


def _heartbeats() -> Iterator[GaugeMetricFamily]:
    age = _gauge("hub_heartbeat_age_seconds", "Time since the newest sign of life", "kind")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, extract(epoch FROM statement_timestamp() - max(seen_at))::float8 "
            "FROM events_heartbeat GROUP BY kind ORDER BY kind"
        )
        for kind, seconds in cursor.fetchall():
            age.add_metric([kind], seconds)
    yield age


def exposition() -> bytes:
    """All figures in Prometheus text format."""
    work = CollectorRegistry()
    work.register(WorkCollector())
    shared = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return generate_latest(shared) + generate_latest(work)
