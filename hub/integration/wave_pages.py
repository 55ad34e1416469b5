"""Bringing stores on line: who is how ready, moving those that are, and what became of each."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.errors import HubError
from hub.integration.checking import Check, Result, checks, missing_for, readiness_of
from hub.integration.models import StageChange, Wave, WaveStore
from hub.integration.sight import seen_stores
from hub.integration.stages import MOVES
from hub.integration.waves import (
    MOST,
    TOKEN_CHARACTERS,
    is_stuck,
    resume_wave,
    start_wave,
)
from hub.staff.refusals import refused
from hub.stores.models import Stage, Store, StoreGroup

SHOWN = 50
BIGGEST_KEY = 2**63
STAGE_TONES = {
    Stage.SETUP: "",
    Stage.SHADOW: "info",
    Stage.LIVE: "success",
    Stage.PAUSED: "warning",
}


_GRAVEST: dict[str, int] = {
    WaveStore.Outcome.REFUSED: 0,
    WaveStore.Outcome.WAITING: 1,
    WaveStore.Outcome.MOVED: 2,
    WaveStore.Outcome.THERE: 3,
}


class AskForm(forms.Form):
    """Which stores are looked at, and for which stage."""

    target = forms.ChoiceField(choices=Stage.choices, required=False)
    group = forms.IntegerField(min_value=1, max_value=BIGGEST_KEY - 1, required=False)
    stage = forms.ChoiceField(choices=Stage.choices, required=False)
    q = forms.CharField(max_length=60, required=False, strip=True)
    page = forms.IntegerField(min_value=1, max_value=1000, required=False)


# where the stores of a stage are most likely to go
NEXT = {Stage.SETUP: Stage.SHADOW, Stage.LIVE: Stage.PAUSED}


class MoveForm(forms.Form):
    """Which stores go where, why, and whether those that lack a must go too."""

    target = forms.ChoiceField(choices=Stage.choices)
    stores = forms.TypedMultipleChoiceField(coerce=int)
    reason = forms.CharField(max_length=200, required=False)
    overrides = forms.BooleanField(required=False)
    token = forms.CharField(max_length=TOKEN_CHARACTERS)

    def __init__(self, data: QueryDict, *, stores: QuerySet[Store]) -> None:
        super().__init__(data)
        asked = [key for key in data.getlist("stores")[:MOST] if _is_key(key)]
        known = stores.filter(pk__in=asked).values_list("pk", flat=True)
        self.fields["stores"].choices = [(key, key) for key in known]  # type: ignore[attr-defined]


def choose_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The stores that were asked for, each with every check, to be chosen and moved."""
    form = AskForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    target = asked.get("target") or NEXT.get(asked.get("stage", ""), Stage.LIVE)
    page = asked.get("page") or 1
    found = _asked_for(seen_stores(request), asked, target)
    stores = list(found[(page - 1) * SHOWN : page * SHOWN + 1])
    more, stores = len(stores) > SHOWN, stores[:SHOWN]
    results = readiness_of(stores)
    context |= {
        "title": _("Bring stores on line"),
        "target": target,
        "target_label": Stage(target).label,
        "stages": Stage.choices,
        "counts": _counts(seen_stores(request)),
        "groups": StoreGroup.objects.order_by("name"),
        "asked": asked,
        "checks": [{"check": check, "must": target in check.must_for} for check in checks()],
        "rows": [_row(store, results[store.pk], target) for store in stores],
        "page": page,
        "more": more,
        "may_move": request.user.has_perm("integration.add_wave"),
        "may_override": request.user.has_perm("integration.override_readiness"),
        "needs_reason": target == Stage.PAUSED,
        "token": secrets.token_urlsafe(16),
    }
    return TemplateResponse(request, "admin/integration/choose.html", context)


def start(request: HttpRequest) -> HttpResponse:
    """Move the chosen stores and go to the page of the wave (303)."""
    if not request.user.has_perm("integration.add_wave"):
        raise Http404
    form = MoveForm(request.POST, stores=seen_stores(request))
    back = HttpResponseRedirect(
        reverse("admin:integration_wave_choose"), status=HTTPStatus.SEE_OTHER
    )
    if not form.is_valid():
        messages.error(request, _("Nothing was moved: choose at least one store."))
        return back
    asked = form.cleaned_data
    if asked["overrides"] and not request.user.has_perm("integration.override_readiness"):
        raise Http404
    try:
        wave = start_wave(
            stores=list(seen_stores(request).filter(pk__in=asked["stores"])),
            target=asked["target"],
            by=request.user.get_username(),
            token=asked["token"],
            reason=asked["reason"],
            overrides=asked["overrides"],
        )
    except HubError as error:
        messages.error(request, _("Nothing was moved: %(why)s.") % {"why": refused(error)})
        return back
    link = reverse("admin:integration_wave_progress", args=[wave.pk])
    return HttpResponseRedirect(link, status=HTTPStatus.SEE_OTHER)


def progress_page(request: HttpRequest, context: dict[str, Any], pk: int) -> HttpResponse:
    """What became of each store of a wave; while it runs, the page follows it."""
    wave = get_object_or_404(Wave, pk=pk) if pk < BIGGEST_KEY else None
    if wave is None:
        raise Http404
    rows = wave.stores.filter(store__in=seen_stores(request)).select_related("store")
    if not rows.exists():
        raise Http404
    outcomes = WaveStore.Outcome
    counts = rows.aggregate(
        all=Count("pk"), **{one.value: Count("pk", filter=Q(outcome=one)) for one in outcomes}
    )
    context |= {
        "title": _("Wave %(number)d") % {"number": wave.pk},
        "wave": wave,
        "target_label": Stage(wave.target).label,
        "rows": sorted(rows.order_by("store__code")[:MOST], key=lambda row: _GRAVEST[row.outcome]),
        "counts": counts,
        "ended": counts["all"] - counts["waiting"],
        "runs": wave.state != Wave.State.DONE,
        "is_stuck": is_stuck(wave),
        "may_move": request.user.has_perm("integration.add_wave"),
    }
    part = "admin/integration/progress_part.html"
    return TemplateResponse(
        request, part if "part" in request.GET else "admin/integration/progress.html", context
    )


def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a wave go on whose run has died, and go back to its page (303)."""
    if not request.user.has_perm("integration.add_wave") or pk >= BIGGEST_KEY:
        raise Http404
    wave = get_object_or_404(Wave, pk=pk)
    if not wave.stores.filter(store__in=seen_stores(request)).exists():
        raise Http404
    if resume_wave(wave=wave):
        messages.success(request, _("It goes on where it stopped."))
    else:
        messages.info(request, _("It is at work, or over."))
    link = reverse("admin:integration_wave_progress", args=[wave.pk])
    return HttpResponseRedirect(link, status=HTTPStatus.SEE_OTHER)


def store_page(request: HttpRequest, context: dict[str, Any], pk: int) -> HttpResponse:
    """One store: where it stands, each check with where it is mended, and its moves so far."""
    store = get_object_or_404(seen_stores(request), pk=pk) if pk < BIGGEST_KEY else None
    if store is None:
        raise Http404
    results = readiness_of([store])[store.pk]
    moves = store.stage_changes.all()[:20]
    context |= {
        "title": _("%(store)s on the way to its customers") % {"store": store},
        "store": store,
        "tone": STAGE_TONES[Stage(store.stage)],
        "why": _why_paused(store),
        "compared": [_line(result) for result in results if result.check.compares],
        "others": [_line(result) for result in results if not result.check.compares],
        "moves": [
            {"row": move, "before": Stage(move.before).label, "after": Stage(move.after).label}
            for move in moves
        ],
    }
    return TemplateResponse(request, "admin/integration/store.html", context)


def _asked_for(stores: QuerySet[Store], asked: dict[str, Any], target: str) -> QuerySet[Store]:
    """The stores that could go there, narrowed as asked; a stage that was named says it all."""
    sources = [stage for stage, targets in MOVES.items() if target in targets]
    stores = stores.filter(stage__in=[asked["stage"]] if asked.get("stage") else sources)
    if asked.get("group"):
        stores = stores.filter(groups=asked["group"])
    if words := asked.get("q", "").replace("\x00", ""):
        stores = stores.filter(
            Q(code__icontains=words) | Q(name__icontains=words) | Q(city__icontains=words)
        )
    return stores.order_by("code")


def _counts(stores: QuerySet[Store]) -> list[tuple[str, str, int]]:
    """How many stores are in each stage."""
    found = dict(stores.order_by().values_list("stage").annotate(Count("pk")))
    return [(stage.value, str(stage.label), found.get(stage.value, 0)) for stage in Stage]


def _row(store: Store, results: Sequence[Result], target: str) -> dict[str, Any]:
    missing = missing_for(results, target)
    may_go = target in MOVES[store.stage]
    return {
        "store": store,
        "stage": Stage(store.stage).label,
        "tone": STAGE_TONES[Stage(store.stage)],
        "may_go": may_go,
        "ready": may_go and not missing,
        "missing": len(missing),
        "cells": [_cell(result, target) for result in results],
    }


def _cell(result: Result, target: str) -> dict[str, Any]:
    must = target in result.check.must_for
    state = "done" if result.found.done else "lacks" if must else "better"
    return {"state": state, "title": result.check.title, "found": result.found}


def _line(result: Result) -> dict[str, Any]:
    check: Check = result.check
    state = "done" if result.found.done else "lacks" if check.must_for else "better"
    return {"check": check, "found": result.found, "state": state}


def _why_paused(store: Store) -> str:
    if store.stage != Stage.PAUSED:
        return ""
    last = StageChange.objects.filter(store=store, after=Stage.PAUSED).first()
    return last.reason if last else ""


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19  # noqa: PLR2004  a bigint
