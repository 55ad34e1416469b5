"""The page of measures: how fast, how surely and at what cost customers are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from hub import clock, metrics
from hub.providers.models import Provider
from hub.staff.pages import is_store_bound
from hub.staff.scope import stores_for
from hub.stores.models import Store
from notifications.admin.chain import WAYS
from notifications.measures import (
    Speed,
    Tally,
    Window,
    calls,
    opt_outs,
    pickups,
    share,
    speeds,
    spent,
    suppressions,
    tallies,
)
from notifications.models import CallTask, Outcome
from notifications.reporting.measures import DELIVERED
from notifications.reports import MICROS, gauges
from orders.reporting.measures import register

MOST_STORES = 200
SPANS = {
    "day": gettext_lazy("24 hours"),
    "week": gettext_lazy("7 days"),
    "month": gettext_lazy("28 days"),
}
LENGTHS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=28)}
STEPS = {"day": "hour", "week": "day", "month": "day"}
CHART_HEIGHT = 120
TABLES = (
    ("channel", gettext_lazy("By channel")),
    ("provider", gettext_lazy("By provider")),
    ("purpose", gettext_lazy("By purpose")),
    ("template", gettext_lazy("By template")),
    ("store", gettext_lazy("By store")),
)


@dataclass(frozen=True)
class Tile:
    """One figure with what it is made of."""

    title: str
    value: str
    note: str
    tone: str = ""


@dataclass(frozen=True)
class Piece:
    """A rectangle of a chart, in its own units."""

    y: float
    height: float
    tone: str


@dataclass(frozen=True)
class Bar:
    """One step of time in a chart; ``said`` is the same in words."""

    label: str
    value: str
    said: str
    pieces: tuple[Piece, ...]


def window_of(request: HttpRequest) -> tuple[Window, str, Store | None]:
    """The asked stretch of time, its name, and the store if one is asked for.

    Who works for named stores sees these only; everybody else the whole chain.
    """
    span = request.GET.get("span", "")
    span = span if span in SPANS else "week"
    code = request.GET.get("store", "").replace("\0", "")
    store = stores_for(request).filter(code=code).first() if code else None
    scope: tuple[int, ...] | None = None
    if store:
        scope = (store.pk,)
    elif is_store_bound(request):
        scope = tuple(stores_for(request).values_list("pk", flat=True))
    end = clock.now()
    window = Window(start=end - LENGTHS[span], end=end, step=STEPS[span], stores=scope)
    return window, span, store


def measured(request: HttpRequest) -> dict[str, Any]:
    """All that the page shows, in eight statements."""
    window, span, store = window_of(request)
    counts = tallies(window)
    whole = counts[""][0] if counts[""] else None
    speed, steps = speeds(window)
    asked = calls(window)
    return {
        "title": gettext("Measures of messages"),
        "span": span,
        "spans": SPANS.items(),
        "store": store,
        "store_choices": list(stores_for(request).order_by("code")[:MOST_STORES]),
        "since": window.start,
        "tiles": tiles(window, whole, speed, counts, asked) if whole and whole.written else [],
        "speed": speed,
        "speed_bars": speed_bars(steps, span),
        "speed_rows": [(_label(one.value, span), one) for one in steps],
        "told_bars": told_bars(counts.get("step", []), span),
        "tables": [(title, _named(by, counts.get(by, []))) for by, title in TABLES],
        "suppressed": [(_said(*one), one[2]) for one in suppressions(window)],
        "calls": [(_call(outcome), count) for outcome, count, _ in asked],
        "list_url": reverse("admin:notifications_message_changelist"),
        "chart_height": CHART_HEIGHT,
    }


def tiles(
    window: Window,
    whole: Tally,
    speed: Speed | None,
    counts: Mapping[str, Sequence[Tally]],
    asked: Sequence[tuple[str, int, int]],
) -> list[Tile]:
    """The figures at the top."""
    currencies = dict(Provider.objects.values_list("name", "currency"))
    cost = spent(counts.get("provider", []), currencies)
    return [
        _speed_tile(speed),
        *_delivery_tiles(whole),
        _calls_tile(asked),
        _stop_tile(window, whole),
        Tile(
            gettext("Parts of a text"),
            _ratio(whole.parts_of_text),
            gettext("{segments} in all").format(segments=whole.segments),
        ),
        Tile(
            gettext("Cost of a pickup"),
            _per_pickup(cost, pickups(window)),
            gettext("texts and e-mails"),
        ),
    ]


def _speed_tile(speed: Speed | None) -> Tile:
    if speed is None:
        return Tile(gettext("Ready to told"), "–", gettext("nothing was ready"))
    said = gettext("half of {count}; 95 % in {seconds}")
    note = said.format(count=speed.count, seconds=seconds(speed.p95))
    return Tile(gettext("Ready to told"), seconds(speed.p50), note)


def _delivery_tiles(whole: Tally) -> list[Tile]:
    """What arrived, what is known of it, and what came too late or perhaps twice."""
    return [
        Tile(
            gettext("Delivered"),
            percent(whole.delivery_rate),
            gettext("of {accepted} taken over").format(accepted=whole.accepted),
        ),
        Tile(gettext("Receipts"), percent(whole.coverage), gettext("of those have a final one")),
        Tile(
            gettext("Out of date"),
            str(whole.stale),
            gettext("{percent} of the delivered").format(percent=percent(whole.stale_rate)),
            "danger" if whole.stale else "success",
        ),
        Tile(
            gettext("Perhaps twice"),
            str(whole.unsure),
            gettext("repeated without knowing of the first"),
        ),
    ]


def _calls_tile(asked: Sequence[tuple[str, int, int]]) -> Tile:
    called = sum(count for _, count, _ in asked)
    waiting = sum(count for _, _, count in asked)
    note = gettext("calls; {waiting} still open").format(waiting=waiting)
    return Tile(gettext("Not reached"), str(called), note, "danger" * bool(waiting))


def _stop_tile(window: Window, whole: Tally) -> Tile:
    stopped, _purposes = opt_outs(window)
    said = gettext("{stopped} within 72 h of {delivered} delivered")
    note = said.format(stopped=stopped, delivered=whole.delivered)
    return Tile(gettext("Said STOP"), percent(share(stopped, whole.delivered)), note)


def speed_bars(steps: Sequence[Speed], span: str) -> list[Bar]:
    """Half the customers' time from ready to told: waiting here, for the morning, the provider."""
    longest = max((one.p50 for one in steps), default=0) or 1
    bars = []
    for one in steps:
        parts = [(one.provider_p50, "provider"), (one.quiet_p50, "quiet")]
        parts.append((max(0.0, one.p50 - one.provider_p50 - one.quiet_p50), "queue"))
        said = gettext("{label}: half in {seconds}").format(
            label=_label(one.value, span), seconds=seconds(one.p50)
        )
        bars.append(Bar(_label(one.value, span), seconds(one.p50), said, _pieces(parts, longest)))
    return bars


def told_bars(steps: Sequence[Tally], span: str) -> list[Bar]:
    """Messages of each step: delivered, failed, without a final receipt, not sent."""
    most = max((one.written for one in steps), default=0) or 1
    bars = []
    for one in steps:
        parts: list[tuple[float, str]] = [
            (one.delivered, "delivered"),
            (one.failed, "failed"),
            (max(0, one.accepted - one.heard), "unheard"),
            (max(0, one.written - one.accepted), "unsent"),
        ]
        label = _label(one.value, span)
        said = gettext("{label}: {written} written, {delivered} delivered, {failed} failed").format(
            label=label, written=one.written, delivered=one.delivered, failed=one.failed
        )
        bars.append(Bar(label, str(one.written), said, _pieces(parts, most)))
    return bars


def percent(value: float | None) -> str:
    """With one decimal where it matters."""
    if value is None:
        return "–"
    return f"{value:.0f} %" if value in (0, 100) else f"{value:.1f} %"


def seconds(value: float) -> str:
    """A length of time in the unit that fits."""
    if value < 120:  # noqa: PLR2004  up to two minutes, seconds say more
        return f"{value:.1f} s"
    minutes = value / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"  # noqa: PLR2004


def _pieces(parts: Sequence[tuple[float, str]], most: float) -> tuple[Piece, ...]:
    """Stacked from below."""
    pieces, below = [], 0.0
    for value, tone in parts:
        height = CHART_HEIGHT * value / most
        if height:
            y = round(CHART_HEIGHT - below - height, 2)
            pieces.append(Piece(y, round(height, 2), tone))
            below += height
    return tuple(pieces)


def _label(step: str, span: str) -> str:
    moment = datetime.fromisoformat(step).astimezone(UTC)
    return f"{moment:%H}:00" if span == "day" else f"{moment:%a %d}"


def _named(by: str, rows: Sequence[Tally]) -> list[tuple[str, Tally]]:
    """Each row with what people call it."""
    if by == "store":
        keys = [int(row.value) for row in rows]
        names = {str(store.pk): str(store) for store in Store.objects.filter(pk__in=keys)}
        return [(names.get(row.value, "–"), row) for row in rows]
    if by == "channel":
        return [(str(WAYS.get(row.value, gettext("No channel"))), row) for row in rows]
    nothing = {"provider": gettext("Not handed over"), "template": gettext("Not worded")}
    named = [(row.value.replace("_", " ") if by == "purpose" else row.value, row) for row in rows]
    return [(name or nothing.get(by, "–"), row) for name, row in named]


def _said(outcome: str, reason: str, _count: int) -> str:
    label = Outcome(outcome).label
    return f"{label}: {reason.replace('_', ' ')}" if reason else label


def _call(outcome: str) -> str:
    return CallTask.Outcome(outcome).label.capitalize() if outcome else gettext("Not called yet")


def _ratio(value: float | None) -> str:
    return f"{value:.2f}" if value is not None else "–"


def _per_pickup(cost: Mapping[str, int], collected: int) -> str:
    if not cost or not collected:
        return "–"
    sums = sorted(cost.items())
    return ", ".join(f"{micros / MICROS / collected:.3f} {name}".strip() for name, micros in sums)


metrics.add_gauges(gauges)
register(DELIVERED)
