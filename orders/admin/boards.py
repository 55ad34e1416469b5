"""What stands on the boards of a store: read once, shown as cards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Prefetch, QuerySet, Sum, prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

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
from orders.reports import COMING, TO_PICK, WAITING

TITLES = {
    "pick": gettext_lazy("Pick"),
    "ready": gettext_lazy("Ready"),
    "arrivals": gettext_lazy("Arrivals"),
    "exceptions": gettext_lazy("Exceptions"),
}
MOST_CARDS = 200
REFRESH_SECONDS = 15
SHOWN = {"pick": TO_PICK, "ready": [FulfillmentStatus.READY]}
BAND_WORDS = {
    COMPLIANT: gettext_lazy("in time"),
    AT_RISK: gettext_lazy("at risk"),
    BREACHED: gettext_lazy("too late"),
}
BAND_TONES = {COMPLIANT: "", AT_RISK: "warning", BREACHED: "danger"}


@dataclass(frozen=True)
class Card:
    """One thing to do; ``tone`` colours what ``due`` says.

    ``zones`` is the work of a part still to be picked, ``pick`` the page on which that is done.
    """

    title: str
    link: str
    store: str
    status: str
    due: str
    tone: str
    customer: str = ""
    place: str = ""
    notes: tuple[str, ...] = ()
    pick: str = ""
    zones: tuple[ZoneWork, ...] = ()

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
    return [(BAND_WORDS[name], BAND_TONES[name], found[name]) for name in BANDS]


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
    words, _ = due(row.promised_at, now)
    at = clock_time(row.promised_at, row.store.timezone, now)
    card = _of_part(row, due=f"{at} · {words}", tone=BAND_TONES[band(row, now)], notes=_load(load))
    return replace(card, pick=pick_link(row), zones=tuple(load.zones))


def _ready(row: FulfillmentOrder, load: Load, now: datetime) -> Card:
    words, tone = due(row.expires_at, now) if row.expires_at else ("waits", "")
    expected = (
        gettext("collect {words}").format(words=words)
        if tone != "danger"
        else gettext("not collected, {words}").format(words=words)
    )
    place = f"{row.staging_location} · {_plural(row.bags, 'bag')}" if row.staging_location else ""
    return _of_part(row, due=expected, tone=tone, place=place, notes=_load(load))


def _of_part(
    row: FulfillmentOrder, *, due: str, tone: str, notes: tuple[str, ...], place: str = ""
) -> Card:
    visit = active_visit(row)
    if visit:
        spot = gettext(", spot {spot}").format(spot=visit.spot) if visit.spot else ""
        notes = (*notes, gettext("customer {visit}").format(visit=f"{said(visit.status)}{spot}"))
    return Card(
        title=row.order.external_id,
        link=work_link(row),
        store=row.store.code,
        status=row.status,
        due=due,
        tone=tone,
        customer=row.order.contact.name,
        place=place,
        notes=notes,
    )


def _load(load: Load) -> tuple[str, ...]:
    units = f", {_plural(load.units, 'unit')}" if load.units else ""
    return (f"{_plural(load.lines, 'line')}{units}",)


def work_link(row: FulfillmentOrder) -> str:
    """The page on which this part is worked."""
    return reverse("admin:orders_fulfillmentorder_change", args=[row.pk])


def pick_link(row: FulfillmentOrder) -> str:
    """The page on which this part is picked line by line."""
    return reverse("admin:orders_zonepick_pick", args=[row.pk])


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def stamp(tab: str, stores: QuerySet[Store]) -> str:
    """A short text that changes when a board does, read without making its cards.

    It also changes every quarter of a minute, so that «in 5 min» does not stay on the screen.
    """
    parts = FulfillmentOrder.objects.filter(store__in=stores, status__in=SHOWN.get(tab, []))
    visits = Visit.objects.filter(store__in=stores, status__in=[*WAITING, *COMING])
    sums = {"count": Count("pk"), "keys": Sum("pk"), "versions": Sum("version")}
    quarter = int(clock.now().timestamp() // REFRESH_SECONDS)
    return digest_of([str(quarter), str(parts.aggregate(**sums)), str(visits.aggregate(**sums))])


def digest_of(texts: Iterable[str]) -> str:
    """A short text that differs when one of ``texts`` does, in every process alike."""
    return hashlib.sha256("|".join(texts).encode()).hexdigest()[:16]
