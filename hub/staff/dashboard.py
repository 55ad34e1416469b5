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
from django.utils.translation import gettext as _

from hub.events import health
from hub.events.leases import State
from hub.events.queues import queues
from hub.staff.chosen import choices, chosen_code, chosen_stores, remember_choice
from hub.staff.first_steps import checklist
from hub.staff.navigation import pulse_url
from hub.staff.scope import works_in_stores

STALE_BEAT_SECONDS = 180
SLOW_QUEUE_SECONDS = 60


@dataclass(frozen=True)
class Figure:
    """One number of the first page; ``tone`` is '', 'success', 'warning' or 'danger'.

    With an ``icon`` it stands for a board and is drawn large; ``live`` names the count by which
    boards follow it.
    """

    title: str
    value: str
    note: str = ""
    tone: str = ""
    link: str = ""
    icon: str = ""
    live: str = ""

    @property
    def mark(self) -> str:
        """Its tone for who sees no colours."""
        return {"warning": "▲", "danger": "▲▲", "success": "✓"}.get(self.tone, "")


def context(request: HttpRequest, page: dict[str, Any]) -> dict[str, Any]:
    """Add today's figures to the first page: the stores' for all, the machinery's for operators."""
    page["title"] = _("Today")
    page["checklist"] = checklist(request)
    work: list[Figure] = []
    if works_in_stores(request):
        remember_choice(request)
        stores = chosen_stores(request)
        work = [figure for figures in _reports() for figure in figures(stores)]
        page["store_choices"] = choices(request)
        page["store_code"] = chosen_code(request)
        page["pulse_url"] = pulse_url(request, "today")
    page["boards"] = [figure for figure in work if figure.icon]
    page["work"] = [figure for figure in work if not figure.icon]
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
    title = _("Parked {rows}").format(rows=model._meta.verbose_name_plural)
    link = _list_of(model, "?state__exact=parked")
    return Figure(title, str(parked), _("waiting for a person"), "danger" if parked else "", link)


def _list_of(model: Any, query: str) -> str:
    try:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        return reverse(name) + query
    except NoReverseMatch:
        return ""


def _oldest() -> Figure:
    seconds = health.oldest_due_seconds()
    tone = "danger" if seconds > SLOW_QUEUE_SECONDS else ""
    return Figure(_("Oldest work due"), _age(seconds), _("since it could have started"), tone)


def _beat(kind: str) -> Figure:
    seconds = health.seconds_since_beat(kind)
    title = _("{process} last seen").format(process=kind.capitalize())
    if seconds is None:
        return Figure(title, _("never"), _("start it with manage.py serve"), "danger")
    tone = "danger" if seconds > STALE_BEAT_SECONDS else "success"
    return Figure(title, _("{age} ago").format(age=_age(seconds)), "", tone)


def _age(seconds: float) -> str:
    if seconds < 90:  # noqa: PLR2004  up to a minute and a half, seconds say more
        return _("{seconds} s").format(seconds=f"{seconds:.0f}")
    minutes = seconds / 60
    if minutes < 120:  # noqa: PLR2004
        return _("{minutes} min").format(minutes=f"{minutes:.0f}")
    return _("{hours} h").format(hours=f"{minutes / 60:.0f}")
