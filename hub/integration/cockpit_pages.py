"""The cockpit's pages: all connectors at a look, and a lane with what was given up in it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hub import clock
from hub.errors import HubError
from hub.events import leases
from hub.events.breakers import reset
from hub.events.leases import Leased, State
from hub.events.models import Breaker
from hub.events.queues import queues
from hub.integration.gauges import KINDS, Connector, all_connectors, lane_page
from hub.integration.lanes import look
from hub.integration.models import EditedReplay
from hub.integration.redacting import redacted, redacted_text
from hub.integration.replaying import may_edit, original_of, payload_of, replay_edited
from hub.integration.sight import seen_stores
from hub.staff.refusals import refused

SHOWN = 60
PARKED_SHOWN = 50
LANE_CHARACTERS = 60
ERROR_LINES = 3


def cockpit_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """All connectors, those in trouble first; the page asks for itself again every 5 s."""
    found = all_connectors(seen_stores(request), look())
    kind = request.GET.get("kind", "")
    words = request.GET.get("q", "").replace("\x00", "")[:60].strip().lower()
    only = request.GET.get("only", "")
    counts = {name: sum(one.kind == name for one in found) for name in KINDS}
    troubled = [one for one in found if one.tone in ("danger", "warning")]
    shown = troubled if only == "trouble" else found
    shown = [one for one in shown if not kind or one.kind == kind]
    shown = [one for one in shown if words in f"{one.name} {one.detail} {one.lane}".lower()]
    context |= {
        "title": _("Cockpit"),
        "connectors": [_shown(one) for one in shown[:SHOWN]],
        "more": max(0, len(shown) - SHOWN),
        "all": len(found),
        "kind": kind,
        "words": words,
        "only": only,
        "kinds": [(name, label, counts[name]) for name, label in KINDS.items() if counts[name]],
        "figures": _figures(found, troubled),
        "now": clock.now(),
    }
    part = "part" in request.GET
    name = "cockpit_part" if part else "cockpit"
    return TemplateResponse(request, f"admin/integration/{name}.html", context)


def lane_view(request: HttpRequest, context: dict[str, Any], lane: str) -> HttpResponse:
    """One connector's lane: how it does, and what was given up with error and payload."""
    one = connector_of(request, lane)
    parked = [(model, row) for model in _models() for row in _parked(model, lane)[:PARKED_SHOWN]]
    parked.sort(key=lambda pair: pair[1].created_at, reverse=True)
    breaker = Breaker.objects.filter(key=lane).first()
    context |= {
        "title": one.name,
        "one": _shown(one),
        "lane": lane,
        "breaker": breaker,
        "breaker_error": redacted_text(breaker.last_error) if breaker else "",
        "is_open": bool(breaker and breaker.state != Breaker.State.CLOSED),
        "parked": [_given_up(row) for _model, row in parked[:PARKED_SHOWN]],
        "parked_count": one.parked,
        "edits": [_edit(row) for row in EditedReplay.objects.filter(lane=lane).order_by("-pk")[:5]],
        "may_act": may_act(request),
        "buttons": one.buttons,
        "links": one.links,
    }
    return TemplateResponse(request, "admin/integration/lane.html", context)


def replay_view(request: HttpRequest, lane: str) -> HttpResponse:
    """Send again what was given up in the lane: the named row, or all (303)."""
    connector_of(request, lane)
    if not may_act(request):
        raise Http404
    if "row" in request.POST:
        row = _row(request, lane)
        count = leases.replay(type(row)._default_manager.filter(pk=row.pk))
    else:
        count = sum(leases.replay(_parked(model, lane)) for model in _models())
    said = ngettext("%(count)d will be sent again now.", "%(count)d will be sent again now.", count)
    messages.success(request, said % {"count": count})
    return back_to(lane)


def reset_view(request: HttpRequest, lane: str) -> HttpResponse:
    """Call it again at once, whatever happened before (303)."""
    connector_of(request, lane)
    if not may_act(request):
        raise Http404
    reset(lane, lane=lane)
    messages.success(request, _("It is called again, beginning with what waited longest."))
    return back_to(lane)


def edit_view(request: HttpRequest, context: dict[str, Any], lane: str) -> HttpResponse:
    """Edit a parked row's payload and send it; a refused payload comes back to be mended."""
    connector_of(request, lane)
    row = _row(request, lane)
    if not may_act(request) or not may_edit(row):
        raise Http404
    text = json.dumps(payload_of(row), indent=2, ensure_ascii=False)
    if request.method == "POST":
        text = request.POST.get("payload", "")
        try:
            replay_edited(
                row=row,
                text=text,
                by=request.user.get_username(),
                why=request.POST.get("why", ""),
            )
        except HubError as error:
            messages.error(request, _("Not sent: %(why)s.") % {"why": refused(error)})
        else:
            messages.success(request, _("It is sent as it reads now. The original is kept."))
            return back_to(lane)
    context |= {
        "title": _("Edit and send again"),
        "lane": lane,
        "given_up": _given_up(row),
        "original": json.dumps(original_of(row), indent=2, ensure_ascii=False),
        "payload": text,
        "why": request.POST.get("why", "")[:200],
    }
    return TemplateResponse(request, "admin/integration/edit.html", context)


def connector_of(request: HttpRequest, lane: str) -> Connector:
    """The connector whose work waits in that lane; 404 for another's and for none alike."""
    found = all_connectors(seen_stores(request), look()) if len(lane) <= LANE_CHARACTERS else []
    one = next((one for one in found if one.lane == lane), None)
    if one is None:
        raise Http404
    return one


def may_act(request: HttpRequest) -> bool:
    """Whether the person may send again what was given up."""
    return request.user.has_perm("events.change_delivery")


def back_to(lane: str) -> HttpResponseRedirect:
    """To the lane's page (303)."""
    return HttpResponseRedirect(lane_page(lane), status=HTTPStatus.SEE_OTHER)


def _models() -> list[type[Leased]]:
    return [queue.model for queue in queues()]


def _parked(model: type[Leased], lane: str) -> QuerySet[Any]:
    rows = model._default_manager.filter(lane=lane, state=State.PARKED).order_by("-pk")
    known = {field.name for field in model._meta.get_fields()}
    return rows.select_related(*({"fact", "event"} & known))


def _row(request: HttpRequest, lane: str) -> Any:
    """The parked row that the request names, ``table:key``."""
    asked = request.POST.get("row") or request.GET.get("row", "")
    table, _colon, key = asked.partition(":")
    if key.isascii() and key.isdecimal() and len(key) < 19:  # noqa: PLR2004  a bigint
        for model in _models():
            if model._meta.db_table == table:
                row = _parked(model, lane).filter(pk=int(key)).first()
                if row is not None:
                    return row
    raise Http404


def _shown(one: Connector) -> dict[str, Any]:
    return {"one": one, "oldest": _age(one.oldest_seconds) if one.waiting else ""}


def _age(seconds: float) -> str:
    if seconds < 120:  # noqa: PLR2004  two minutes
        return _("%(count)d s") % {"count": int(seconds)}
    minutes = seconds / 60
    if minutes < 120:  # noqa: PLR2004  two hours
        return _("%(count)d min") % {"count": int(minutes)}
    return _("%(count)d h") % {"count": int(minutes / 60)}


def _figures(found: list[Connector], troubled: list[Connector]) -> list[dict[str, Any]]:
    parked = sum(one.parked for one in found)
    oldest = max((one.oldest_seconds for one in found if one.kind != "feed"), default=0.0)
    return [
        {"title": _("In trouble"), "value": len(troubled), "tone": "danger" if troubled else ""},
        {"title": _("Given up"), "value": parked, "tone": "danger" if parked else ""},
        {"title": _("Oldest work due"), "value": _age(oldest), "tone": ""},
        {"title": _("Done today"), "value": sum(one.today for one in found), "tone": ""},
    ]


def _given_up(row: Any) -> dict[str, Any]:
    lines = redacted_text(row.last_error).strip().splitlines() or ["–"]
    has_payload = hasattr(row, "fact") or hasattr(row, "event")
    shown = redacted(payload_of(row)) if has_payload else None
    fact = getattr(row, "fact", None)
    event = getattr(row, "event", None)
    return {
        "key": f"{row._meta.db_table}:{row.pk}",
        "what": fact.name if fact else event.type if event else str(row._meta.verbose_name),
        "row": row,
        "error": lines[-1],
        "trace": "\n".join(lines[:-1]),
        "payload": json.dumps(shown, indent=2, ensure_ascii=False) if has_payload else "",
        "edited": getattr(row, "edited", None) is not None,
        "may_edit": has_payload and may_edit(row),
    }


def _edit(row: EditedReplay) -> dict[str, Any]:
    changed = [name for name in row.after if row.after[name] != row.before.get(name)]
    return {
        "row": row,
        "changes": [
            (
                name,
                redacted({name: row.before.get(name)})[name],
                redacted({name: row.after[name]})[name],
            )
            for name in changed
        ],
    }
