"""Is this process alive, can the hub do its work, and how is it doing."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import lru_cache

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from hub.api.client import client_address
from hub.events.health import seconds_since_beat
from hub.metrics import exposition

SILENT_SECONDS = 180.0


@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """200 as long as the process answers; it asks nothing of the database."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """200 when database, migrations, relay and cluster are well; else 503, naming what is not."""
    try:
        checks = {name: check() for name, check in _CHECKS.items()}
    except (DatabaseError, InterfaceError):
        connection.close()
        checks = {"database": "cannot be reached"}
    well = set(checks.values()) == {"ok"}
    body = {"status": "ok" if well else "failing", "checks": checks}
    return JsonResponse(body, status=200 if well else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures for Prometheus, for callers on this machine or in a private network only."""
    if not _is_private(client_address(request)):
        raise Http404
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _migrations() -> str:
    """Whether every migration of this version is applied; a newer database is no fault."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        missing = _known_migrations() - set(cursor.fetchall())
    return f"{len(missing)} not applied" if missing else "ok"


@lru_cache(maxsize=1)
def _known_migrations() -> frozenset[tuple[str, str]]:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return frozenset(loader.disk_migrations or {})


def _heartbeat_of(kind: str) -> Callable[[], str]:
    def check() -> str:
        age = seconds_since_beat(kind)
        if age is None:
            return "no sign of life yet"
        return "ok" if age < SILENT_SECONDS else f"silent for {age:.0f} s"

    return check


_CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "relay": _heartbeat_of("relay"),
    "cluster": _heartbeat_of("cluster"),
}


def _is_private(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return not address  # a Unix socket has no address
