"""The cockpit: every connector of the hub with how it does, gathered from the apps' modules.

An app's ``cockpit`` module has ``connectors(stores, seen)``: its connectors as far as they belong
to the given stores or to none, in a constant number of queries.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.events.models import Breaker
from hub.integration.lanes import Seen
from hub.integration.redacting import redacted_text
from hub.modules import modules
from hub.stores.models import Store

LATE_SECONDS = 60.0
ERROR_CHARACTERS = 160
KINDS = {
    "pos": gettext_lazy("POS"),
    "sms": gettext_lazy("Texts"),
    "email": gettext_lazy("E-mail"),
    "webhook": gettext_lazy("Webhooks"),
    "feed": gettext_lazy("Stock feeds"),
    "hub": gettext_lazy("The hub itself"),
}
RANK = {"danger": 0, "warning": 1, "success": 2, "": 3}


@dataclass(frozen=True, kw_only=True)
class Connector:
    """One connector as the cockpit shows it. ``lane`` is where its work waits, empty without any;
    ``page`` is its own page, where it has one. ``tone`` is '', success, warning or danger.
    Its lane's page has ``buttons`` (words, address to post to, note), ``links`` (words, address).
    """

    kind: str
    name: str
    lane: str = ""
    detail: str = ""
    page: str = ""
    active: bool = True
    words: str = ""
    tone: str = ""
    waiting: int = 0
    oldest_seconds: float = 0.0
    parked: int = 0
    today: int = 0
    last_success: datetime | None = None
    last_error: str = ""
    buttons: tuple[tuple[Any, str, Any], ...] = ()
    links: tuple[tuple[Any, str], ...] = ()

    @property
    def kind_label(self) -> Any:
        """What it carries, in words."""
        return KINDS[self.kind]

    @property
    def link(self) -> str:
        """Its own page, else that of its lane."""
        return self.page or (lane_page(self.lane) if self.lane else "")


def lane_page(lane: str) -> str:
    """The address of a lane's page."""
    return reverse("admin:events_breaker_lane", args=[lane])


def all_connectors(stores: QuerySet[Store], seen: Seen) -> list[Connector]:
    """All connectors, those in trouble first."""
    found = [one for module in modules("cockpit") for one in module.connectors(stores, seen)]
    return sorted(found, key=lambda one: (RANK[one.tone], one.kind, one.name))


def standing(connector: Connector, seen: Seen, *, error: str = "") -> Connector:
    """The connector with what its lane, its breaker and its last ping say of it."""
    work, breaker = seen.of(connector.lane), seen.breakers.get(connector.lane)
    ping = seen.pings.get(connector.lane)
    if breaker and breaker.last_error:
        error = breaker.last_error
    elif ping and not ping.answered:
        error = ping.problem
    last = work.last_done
    if ping and ping.answered and (last is None or ping.at > last):
        last = ping.at
    known = replace(
        connector,
        waiting=work.waiting,
        oldest_seconds=work.oldest_seconds,
        parked=work.parked,
        today=work.today,
        last_success=last,
        last_error=redacted_text(error)[:ERROR_CHARACTERS],
    )
    words, tone = _judge(known, breaker)
    return replace(known, words=words, tone=tone)


def _judge(one: Connector, breaker: Breaker | None) -> tuple[str, str]:
    """The gravest thing that can be said of it."""
    state = breaker.state if breaker else Breaker.State.CLOSED
    told = [
        (not one.active, _("switched off"), ""),
        (state == Breaker.State.OPEN, _("out of reach"), "danger"),
        (state == Breaker.State.HALF_OPEN, _("being tried"), "warning"),
        (one.parked > 0, _("something was given up"), "danger"),
        (one.oldest_seconds > LATE_SECONDS, _("work waits too long"), "warning"),
        (True, _("works"), "success"),
    ]
    return next((words, tone) for holds, words, tone in told if holds)
