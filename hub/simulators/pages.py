"""The simulators' pages that people look at: a till, a telephone, a web site's event log."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from hub import clock
from hub.simulators import phones as telephones
from hub.simulators.models import (
    SimulatedPhone,
    SimulatedPickList,
    SimulatedSiteCall,
    SimulatedText,
    SimulatedTill,
)
from hub.simulators.services import till_reference
from hub.stores.models import PosConnection

NEWEST = 50
MOST_TILLS = 200
NUMBER = re.compile(r"\+?[1-9][0-9]{6,14}\Z", re.ASCII)

Mood = SimulatedPhone.Mood


@dataclass(frozen=True)
class Ticket:
    """A pick list as the till shows it; times in the store's zone."""

    reference: str
    order: str
    promised_at: datetime | None
    received_at: datetime
    withdrawn: bool
    lines: list[dict[str, Any]]
    note: str


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """Where to look: the phones, the tills and the site."""
    tills = PosConnection.objects.select_related("store").order_by("store__code")[:MOST_TILLS]
    counts = dict(SimulatedPickList.objects.values_list("connection").annotate(seen=Count("pk")))
    rows = [(till, counts.get(till.public_id, 0)) for till in tills]
    rows.sort(key=lambda row: -row[1])
    context = {
        "tills": rows,
        "texts": SimulatedText.objects.count(),
        "calls": SimulatedSiteCall.objects.count(),
    }
    return render(request, "simulators/index.html", context)


@require_safe
@never_cache
def till(request: HttpRequest, connection: str) -> HttpResponse:
    """The screen of one store's till: its newest pick lists as tickets."""
    found = get_object_or_404(PosConnection.objects.select_related("store"), public_id=connection)
    zone = ZoneInfo(found.store.timezone)
    rows = SimulatedPickList.objects.filter(connection=connection).order_by("-pk")[:NEWEST]
    mood = SimulatedTill.objects.filter(connection=connection, dark_until__gt=clock.now()).first()
    context = {
        "store": found.store,
        "tickets": [_ticket(row, zone) for row in rows],
        "dark_until": mood.dark_until.astimezone(zone) if mood and mood.dark_until else None,
    }
    return render(request, "simulators/till.html", context)


@require_safe
@never_cache
def phones(request: HttpRequest) -> HttpResponse:
    """All phones with a text on them, the busiest now first; or the one that was typed in."""
    typed = "".join(request.GET.get("number", "").split())
    if NUMBER.match(typed):
        return redirect("simulators:phone", typed if typed.startswith("+") else f"+{typed}")
    rows = (
        SimulatedText.objects.filter(shown_at__lte=clock.now())
        .values("phone")
        .annotate(texts=Count("pk"), latest=Max("received_at"))
        .order_by("-latest")[:NEWEST]
    )
    context = {
        "phones": rows,
        "typed": typed,
        "network": SimulatedPhone.NETWORK,
        "is_down": telephones.mood_of(SimulatedPhone.NETWORK) == Mood.DEAD,
    }
    return render(request, "simulators/phones.html", context)


@require_safe
@never_cache
def phone(request: HttpRequest, number: str) -> HttpResponse:
    """One telephone with its texts, the newest at the bottom, links to tap, a box to answer."""
    number = number.replace("\x00", "")
    rows = SimulatedText.objects.filter(phone=number, shown_at__lte=clock.now())
    found = sorted(rows.order_by("-shown_at")[:NEWEST], key=lambda text: (text.shown_at, text.pk))
    context = {
        "number": number,
        "texts": [text for text in found for _ in range(text.copies)],
        "mood": telephones.mood_of(number),
        "moods": Mood.choices,
        "longest": telephones.WRITTEN_CHARACTERS,
    }
    return render(request, "simulators/phone.html", context)


@require_POST
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """The customer writes a text; what cannot be one changes nothing."""
    with suppress(telephones.OddText):
        telephones.write_text(phone=number, text=request.POST.get("text", ""))
    return redirect("simulators:phone", number)


@require_POST
def mood(request: HttpRequest, number: str) -> HttpResponse:
    """Change how a phone, or the whole network, behaves."""
    with suppress(telephones.OddText):
        telephones.set_mood(phone=number, mood=request.POST.get("mood", ""))
    if number == SimulatedPhone.NETWORK:
        return redirect("simulators:phones")
    return redirect("simulators:phone", number)


@require_safe
@never_cache
def site(request: HttpRequest) -> HttpResponse:
    """What the web site was told, newest first, with the verdict on each signature."""
    calls = list(SimulatedSiteCall.objects.order_by("-pk")[:NEWEST])
    seen = Counter(call.webhook_id for call in calls)
    rows = [(call, _members(call.body), seen[call.webhook_id] > 1) for call in calls]
    return render(request, "simulators/site.html", {"calls": rows})


def _ticket(row: SimulatedPickList, zone: ZoneInfo) -> Ticket:
    lines = row.body.get("lines")
    lines = lines if isinstance(lines, list) else []
    return Ticket(
        reference=till_reference(row),
        order=str(row.body.get("order_reference", "")),
        promised_at=_moment(row.body.get("promised_at"), zone),
        received_at=row.received_at.astimezone(zone),
        withdrawn=row.canceled_at is not None,
        lines=[line for line in lines if isinstance(line, dict)],
        note=str(row.body.get("note", "")),
    )


def _moment(text: Any, zone: ZoneInfo) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(zone)
    except (TypeError, ValueError, OverflowError):
        return None


def _members(body: Any) -> dict[str, Any]:
    """The type and data of a webhook's body, whatever was sent."""
    body = body if isinstance(body, dict) else {}
    data = body.get("data")
    pairs = list(data.items()) if isinstance(data, dict) else []
    return {"type": body.get("type", "?"), "data": pairs}
