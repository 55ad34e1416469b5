"""What stands on the boards of a store: read once, shown as cards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, ngettext

from hub import clock
from hub.stores.models import Store
from orders.admin.words import STATUS_TONES, clock_time, due, said
from orders.models import (
    FulfillmentOrder,
    FulfillmentStatus,
    Visit,
    VisitPickup,
)
from orders.picking.queue import (
    AT_RISK,
    BANDS,
    BREACHED,
    COMPLIANT,
    PAGE,
    Load,
    ZoneWork,
    band,
    bands,
    loads,
)
from orders.picking.queue import page as queue_page

TITLES = {
    "pick": gettext_lazy("Pick"),
    "ready": gettext_lazy("Ready"),
    "arrivals": gettext_lazy("Arrivals"),
    "exceptions": gettext_lazy("Exceptions"),
}
MOST_CARDS = 200
BAND_WORDS = {
    COMPLIANT: gettext_lazy("in time"),
    AT_RISK: gettext_lazy("at risk"),
    BREACHED: gettext_lazy("too late"),
}
BAND_TONES = {COMPLIANT: "", AT_RISK: "warning", BREACHED: "danger"}
BAND_MARKS = {COMPLIANT: "✓", AT_RISK: "▲", BREACHED: "▲▲"}  # for who sees no colours
TONE_LEVELS = {"": 0, "warning": 1, "danger": 2}


@dataclass(frozen=True)
class Card:
    """One thing to do; ``tone`` colours what ``due`` says, ``mark`` and ``band`` say the same.

    ``due_at`` is what ``due`` counts to, ``before`` the words in front of it. ``zones`` is the
    work of a part still to be picked, ``pick`` the page on which that is done.
    """

    key: int
    title: str
    link: str
    store: str
    status: str
    before: str
    due: str
    due_at: datetime | None
    born: datetime
    tone: str
    mark: str = ""
    band: str = ""
    customer: str = ""
    place: str = ""
    notes: tuple[str, ...] = ()
    pick: str = ""
    zones: tuple[ZoneWork, ...] = ()

    @property
    def level(self) -> int:
        """0 in time, 1 soon, 2 late: when it grows, the board sounds."""
        return TONE_LEVELS[self.tone]

    @property
    def status_words(self) -> str:
        """The status as people say it."""
        return said(self.status)

    @property
    def status_tone(self) -> str:
        """The status's own colour, beside that of the deadline."""
        return STATUS_TONES.get(self.status, "")


def pick_board(stores: QuerySet[Store], number: int = 1) -> list[Card]:
    """A page of what the stores have to prepare: for whom somebody comes, then by promise."""
    now = clock.now()
    rows = queue_page(stores, number=number)
    prefetch_related_objects(rows, _visits())
    work = loads(rows, now)
    return [_to_pick(row, work[row.pk], now) for row in rows]


def ready_board(stores: QuerySet[Store], number: int = 1) -> list[Card]:
    """A page of what waits for its buyers, the one that waits longest first."""
    now = clock.now()
    ready = FulfillmentOrder.objects.filter(store__in=stores, status=FulfillmentStatus.READY)
    rows = with_visits(ready.select_related("store", "order__contact")).order_by("expires_at", "id")
    shown = rows[(number - 1) * PAGE : number * PAGE]
    work = loads(shown, now)
    return [_ready(row, work[row.pk], now) for row in shown]


def band_counts(stores: QuerySet[Store]) -> list[tuple[str, str, int]]:
    """How many wait in each band of the promise: in words, as a tone, and their number."""
    found = bands(stores, clock.now())
    return [(str(BAND_WORDS[name]), BAND_TONES[name], found[name]) for name in BANDS]


BOARDS = {"pick": pick_board, "ready": ready_board}
SIZES = {"pick": PAGE, "ready": PAGE, "arrivals": MOST_CARDS}  # of a full page


def active_visit(row: FulfillmentOrder) -> Visit | None:
    """The visit that has come, or is coming, for this part; reads the prefetched pickups."""
    return next((pickup.visit for pickup in row.visit_pickups.all() if pickup.active), None)


def with_visits(rows: QuerySet[FulfillmentOrder]) -> QuerySet[FulfillmentOrder]:
    """Have the active visit of every row at hand, in one more query for all of them."""
    return rows.prefetch_related(_visits())


def _visits() -> Prefetch[str]:
    pickups = VisitPickup.objects.filter(active=True).select_related("visit__spot")
    return Prefetch("visit_pickups", queryset=pickups)


def _to_pick(row: FulfillmentOrder, load: Load, now: datetime) -> Card:
    at, name = clock_time(row.promised_at, row.store.timezone, now), band(row, now)
    due_at = row.promised_at
    card = _of_part(row, before=f"{at} ·", due_at=due_at, tone=BAND_TONES[name], notes=_load(load))
    marked = replace(card, mark=BAND_MARKS[name], band=str(BAND_WORDS[name]))
    return replace(marked, pick=pick_link(row), zones=tuple(load.zones))


def _ready(row: FulfillmentOrder, load: Load, now: datetime) -> Card:
    tone = due(row.expires_at, now)[1] if row.expires_at else ""
    before = gettext("collect") if tone != "danger" else gettext("not collected,")
    bags = ngettext("{bags} bag", "{bags} bags", row.bags).format(bags=row.bags)
    place = f"{row.staging_location} · {bags}" if row.staging_location else ""
    return replace(
        _of_part(row, before=before, due_at=row.expires_at, tone=tone, notes=_load(load)),
        place=place,
        mark="▲" * TONE_LEVELS[tone],
    )


def _of_part(
    row: FulfillmentOrder,
    *,
    before: str,
    due_at: datetime | None,
    tone: str,
    notes: tuple[str, ...],
) -> Card:
    visit = active_visit(row)
    if visit:
        spot = gettext(", spot {spot}").format(spot=visit.spot) if visit.spot else ""
        notes = (*notes, gettext("customer {visit}").format(visit=f"{said(visit.status)}{spot}"))
    return Card(
        key=row.pk,
        title=row.order.external_id,
        link=work_link(row),
        store=row.store.code,
        status=row.status,
        before=before if due_at else gettext("waits"),
        due=due(due_at, clock.now())[0] if due_at else "",
        due_at=due_at,
        born=row.created_at,
        tone=tone,
        customer=row.order.contact.name,
        notes=notes,
    )


def _load(load: Load) -> tuple[str, ...]:
    lines = ngettext("{lines} line", "{lines} lines", load.lines).format(lines=load.lines)
    if not load.units:
        return (lines,)
    units = ngettext("{units} unit", "{units} units", load.units).format(units=load.units)
    return (f"{lines}, {units}",)


def work_link(row: FulfillmentOrder) -> str:
    """The page on which this part is worked."""
    return reverse("admin:orders_fulfillmentorder_change", args=[row.pk])


def pick_link(row: FulfillmentOrder) -> str:
    """The page on which this part is picked line by line."""
    return reverse("admin:orders_zonepick_pick", args=[row.pk])


def digest_of(texts: Iterable[str]) -> str:
    """A short text that differs when one of ``texts`` does, in every process alike."""
    return hashlib.sha256("|".join(texts).encode()).hexdigest()[:16]
