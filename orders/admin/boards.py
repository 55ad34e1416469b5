"""What stands on the boards of a store: read once, shown as cards."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import (
    Count,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce
from django.urls import reverse

from hub import clock
from hub.stores.models import Store
from orders.admin.words import STATUS_TONES, clock_time, due, said
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    Visit,
    VisitPickup,
    VisitStatus,
)
from orders.reports import COMING, LONG_WAIT_MINUTES, TO_PICK, WAITING

MOST_CARDS = 200
MOST_STAMPED = 2000
REFRESH_SECONDS = 15
SHOWN = {"pick": TO_PICK, "ready": [FulfillmentStatus.READY]}


@dataclass(frozen=True)
class Card:
    """One thing to do; ``since`` starts a running timer, ``tone`` colours what ``due`` says.

    ``serve`` is the part whose customer can be served from the board, ``token`` that tap's own.
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
    since: datetime | None = None
    serve: int | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def status_words(self) -> str:
        """The status as people say it."""
        return said(self.status)

    @property
    def status_tone(self) -> str:
        """The status's own colour, beside that of the deadline."""
        return STATUS_TONES.get(self.status, "")


def pick_board(stores: QuerySet[Store]) -> list[Card]:
    """What the stores have to prepare, the earliest promise first."""
    now = clock.now()
    rows = _parts(stores, TO_PICK).order_by("promised_at", "id")[:MOST_CARDS]
    return [_to_pick(row, now) for row in rows]


def ready_board(stores: QuerySet[Store]) -> list[Card]:
    """What waits for its buyers, the one that waits longest first."""
    now = clock.now()
    rows = _parts(stores, [FulfillmentStatus.READY]).order_by("expires_at", "id")[:MOST_CARDS]
    return [_ready(row, now) for row in rows]


def arrivals_board(stores: QuerySet[Store]) -> list[Card]:
    """Who stands at the curb, the longest wait first, then who is on the way by arrival time."""
    now = clock.now()
    pickups = VisitPickup.objects.select_related("fulfillment__order__contact")
    visits = (
        Visit.objects.filter(store__in=stores, status__in=[*WAITING, *COMING])
        .select_related("store", "spot")
        .prefetch_related(Prefetch("pickups", queryset=pickups.filter(active=True)))
        .order_by(F("arrived_at").asc(nulls_last=True), F("eta").asc(nulls_last=True), "id")
    )
    return [_visit(visit, now) for visit in visits[:MOST_CARDS]]


BOARDS = {"pick": pick_board, "ready": ready_board, "arrivals": arrivals_board}


def active_visit(row: FulfillmentOrder) -> Visit | None:
    """The visit that has come, or is coming, for this part; reads the prefetched pickups."""
    return next((pickup.visit for pickup in row.visit_pickups.all() if pickup.active), None)


def with_visits(rows: QuerySet[FulfillmentOrder]) -> QuerySet[FulfillmentOrder]:
    """Have the active visit of every row at hand, in one more query for all of them."""
    pickups = VisitPickup.objects.filter(active=True).select_related("visit__spot")
    return rows.prefetch_related(Prefetch("visit_pickups", queryset=pickups))


def _parts(stores: QuerySet[Store], statuses: Sequence[str]) -> QuerySet[FulfillmentOrder]:
    lines = FulfillmentLine.objects.filter(fulfillment=OuterRef("pk")).order_by()
    grouped = lines.values("fulfillment")
    units = grouped.annotate(total=Sum("allocated")).values("total")
    count = grouped.annotate(total=Count("pk")).values("total")
    rows = FulfillmentOrder.objects.filter(store__in=stores, status__in=statuses)
    return with_visits(rows.select_related("store", "order__contact")).annotate(
        units=Coalesce(Subquery(units, output_field=IntegerField()), 0),
        line_count=Coalesce(Subquery(count, output_field=IntegerField()), 0),
    )


def _to_pick(row: FulfillmentOrder, now: datetime) -> Card:
    words, tone = due(row.promised_at, now)
    at = clock_time(row.promised_at, row.store.timezone, now)
    return _of_part(row, due=f"{at} · {words}", tone=tone, notes=_load(row))


def _ready(row: FulfillmentOrder, now: datetime) -> Card:
    words, tone = due(row.expires_at, now) if row.expires_at else ("waits", "")
    expected = f"collect {words}" if tone != "danger" else f"not collected, {words}"
    place = f"{row.staging_location} · {_plural(row.bags, 'bag')}" if row.staging_location else ""
    return _of_part(row, due=expected, tone=tone, place=place, notes=_load(row))


def _of_part(
    row: FulfillmentOrder, *, due: str, tone: str, notes: tuple[str, ...], place: str = ""
) -> Card:
    visit = active_visit(row)
    if visit:
        spot = f", spot {visit.spot}" if visit.spot else ""
        notes = (*notes, f"customer {said(visit.status)}{spot}")
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


def _load(row: FulfillmentOrder) -> tuple[str, ...]:
    units, lines = getattr(row, "units", 0), getattr(row, "line_count", 0)
    return (f"{_plural(lines, 'line')}, {_plural(units, 'unit')}",)


def _visit(visit: Visit, now: datetime) -> Card:
    parts = [pickup.fulfillment for pickup in visit.pickups.all()]
    first = parts[0] if parts else None
    waits = visit.status in WAITING
    words, tone = ("", "")
    if not waits and visit.eta:
        words, tone = due(visit.eta, now)
        words = f"expected {words}"
    elif waits:
        tone = _wait_tone(visit, now)
    spot = f"Spot {visit.spot}" if visit.spot else visit.place or "no spot named"
    details = [visit.place if visit.spot else "", visit.vehicle, *map(_where, parts)]
    return Card(
        title=spot if waits else ", ".join(part.order.external_id for part in parts),
        link=work_link(first) if first else "",
        store=visit.store.code,
        status=visit.status,
        due=words,
        tone=tone,
        customer=first.order.contact.name if first else "",
        notes=tuple(detail for detail in details if detail),
        since=visit.arrived_at if waits else None,
        serve=first.pk if first and visit.status == VisitStatus.ARRIVED else None,
    )


def _wait_tone(visit: Visit, now: datetime) -> str:
    if visit.status == VisitStatus.BEING_SERVED:
        return "success"
    longest = timedelta(minutes=LONG_WAIT_MINUTES)
    return "danger" if now - (visit.arrived_at or now) > longest else "warning"


def _where(part: FulfillmentOrder) -> str:
    if part.status != FulfillmentStatus.READY:
        return f"{part.order.external_id}: {said(part.status)}, not ready yet"
    bags = _plural(part.bags, "bag")
    return f"{part.order.external_id}: {part.staging_location}, {bags}"


def work_link(row: FulfillmentOrder) -> str:
    """The page on which this part is worked."""
    return reverse("admin:orders_fulfillmentorder_change", args=[row.pk])


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def stamp(tab: str, stores: QuerySet[Store]) -> str:
    """A short text that changes when a board does, read without making its cards.

    It also changes every quarter of a minute, so that «in 5 min» does not stay on the screen.
    """
    parts = FulfillmentOrder.objects.filter(store__in=stores, status__in=SHOWN.get(tab, []))
    visits = Visit.objects.filter(store__in=stores, status__in=[*WAITING, *COMING])
    versions = [
        *parts.order_by("pk").values_list("pk", "version")[:MOST_STAMPED],
        *visits.order_by("pk").values_list("pk", "version")[:MOST_STAMPED],
    ]
    quarter = int(clock.now().timestamp() // REFRESH_SECONDS)
    return digest_of([str(quarter), *map(str, versions)])


def digest_of(texts: Iterable[str]) -> str:
    """A short text that differs when one of ``texts`` does, in every process alike."""
    return hashlib.sha256("|".join(texts).encode()).hexdigest()[:16]
