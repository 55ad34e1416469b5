"""The first page: today's figures of every app, and whether the machinery keeps up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.db.models import Count
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from hub.events import health
from hub.events.leases import State
from hub.events.queues import queues
from hub.staff.scope import stores_for, works_in_stores

STALE_BEAT_SECONDS = 180
SLOW_QUEUE_SECONDS = 60


@dataclass(frozen=True)
class Figure:
    """One number of the first page; ``tone`` is '', 'success', 'warning' or 'danger'."""

    title: str
    value: str
    note: str = ""
    tone: str = ""
    link: str = ""


def context(request: HttpRequest, page: dict[str, Any]) -> dict[str, Any]:
    """Add today's figures to the first page: the stores' for all, the machinery's for operators."""
    page["title"] = "Today"
    work: list[Figure] = []
    if works_in_stores(request):
        stores = stores_for(request)
        work = [figure for figures in _reports() for figure in figures(stores)]
    page["work"] = work
    page["machinery"] = machinery() if request.user.has_perm("events.view_delivery") else []
    return page


def machinery() -> list[Figure]:
    """Parked work per queue, the age of the oldest due row, and the processes' heartbeats."""
    return [*_parked(), _oldest(), *map(_beat, ("relay", "cluster"))]


def _reports() -> list[Callable[[Any], list[Figure]]]:
    """``figures`` of each app's ``reports`` module: this package imports no app by name."""
    names = [f"{config.name}.reports" for config in apps.get_app_configs()]
    own = [name for name in names if name.split(".")[0] in _OWN and find_spec(name)]
    return [import_module(name).figures for name in own]


_OWN = {"hub", "inventory", "orders", "notifications"}


def _parked() -> list[Figure]:
    return [_parked_in(queue.model) for queue in queues()]


def _parked_in(model: Any) -> Figure:
    parked = model.objects.filter(state=State.PARKED).aggregate(count=Count("pk"))["count"]
    title = f"Parked {model._meta.verbose_name_plural}"
    link = _list_of(model, "?state__exact=parked")
    return Figure(title, str(parked), "waiting for a person", "danger" if parked else "", link)


def _list_of(model: Any, query: str) -> str:
    try:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        return reverse(name) + query
    except NoReverseMatch:
        return ""


def _oldest() -> Figure:
    seconds = health.oldest_due_seconds()
    tone = "danger" if seconds > SLOW_QUEUE_SECONDS else ""
    return Figure("Oldest work due", _age(seconds), "since it could have started", tone)


def _beat(kind: str) -> Figure:
    seconds = health.seconds_since_beat(kind)
    title = f"{kind.capitalize()} last seen"
    if seconds is None:
        return Figure(title, "never", "start it with manage.py serve", "danger")
    tone = "danger" if seconds > STALE_BEAT_SECONDS else "success"
    return Figure(title, f"{_age(seconds)} ago", "", tone)


def _age(seconds: float) -> str:
    if seconds < 90:  # noqa: PLR2004  up to a minute and a half, seconds say more
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"  # noqa: PLR2004
