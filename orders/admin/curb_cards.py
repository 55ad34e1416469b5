"""What stands on the arrivals board: read in a fixed number of queries, whatever waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, F, IntegerField, Prefetch, QuerySet, Value, When
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub import clock
from hub.stores.models import Store
from orders.admin.boards import work_link
from orders.admin.words import STATUS_TONES, clock_time, due, said
from orders.curbside.escalating import steps_of
from orders.curbside.handing.fetching import Fetch, handling_order
from orders.curbside.settings import ESCALATE_AFTER
from orders.curbside.strays import SAME_TRIP
from orders.models import (
    CurbSettings,
    FulfillmentOrder,
    FulfillmentStatus,
    Spot,
    StrayArrival,
    Visit,
    VisitPickup,
    VisitStatus,
)
from orders.models.visit import ACTIVE_VISIT

MOST_STRAYS = 20
MOST_STORES_WITH_SPOTS = 3
# How a wait stands: its tone, and the words beside it, for colour alone says nothing to many.
IN_TIME, GETTING_LONG, OVER_TARGET, FAR_TOO_LONG = range(4)
WAIT_TONES = ["", "warning", "danger", "danger"]
WAIT_WORDS = [
    gettext_lazy("in time"),
    gettext_lazy("getting long"),
    gettext_lazy("over the target"),
    gettext_lazy("far too long"),
]


@dataclass(frozen=True)
class Part:
    """One order of a visit: what to bring, in the order to fetch it, and what to ask for."""

    number: str
    link: str
    hand_over: str
    ready: bool
    status: str
    due: str
    fetches: list[Fetch]
    age: int


@dataclass(frozen=True)
class Arrival:
    """A visit as a card. ``steps`` are the minutes at which its wait gets longer words."""

    visit: Visit
    parts: list[Part]
    customer: str
    steps: list[int]
    level: int
    line: int | None
    expected: str
    part: int | None
    free: list[Spot]

    @property
    def status(self) -> str:
        """The visit's status, for its pill."""
        return str(self.visit.status)

    @property
    def status_words(self) -> str:
        """The status as people say it."""
        return said(self.visit.status)

    @property
    def status_tone(self) -> str:
        """The status's own colour."""
        return STATUS_TONES.get(self.visit.status, "")

    @property
    def waits(self) -> bool:
        """Whether somebody still has to go out to this customer."""
        return self.visit.status == VisitStatus.ARRIVED

    @property
    def is_here(self) -> bool:
        """Whether the customer is at the store, served or not."""
        return self.visit.status in (VisitStatus.ARRIVED, VisitStatus.BEING_SERVED)

    @property
    def some_ready(self) -> bool:
        """Whether there is anything to bring."""
        return any(part.ready for part in self.parts)

    @property
    def title(self) -> str:
        """Where to go."""
        if self.visit.spot:
            return _("Spot {label}").format(label=self.visit.spot.label)
        if not self.is_here:
            return ", ".join(part.number for part in self.parts)
        return self.visit.place or _("No spot named")

    @property
    def tone(self) -> str:
        """The card's colour; its words say the same."""
        return WAIT_TONES[self.level] if self.waits else self.status_tone

    @property
    def wait_words(self) -> str:
        """How the wait stands."""
        return str(WAIT_WORDS[self.level])


@dataclass(frozen=True)
class Place:
    """A spot on the map, and the visit that stands there, if any does."""

    spot: Spot
    visit: Visit | None

    @property
    def words(self) -> str:
        """Whether it is free."""
        if self.visit:
            return said(self.visit.status)
        return (
            _("out of service: {closed_for}").format(closed_for=self.spot.closed_for)
            if self.spot.closed_for
            else _("free")
        )

    @property
    def tone(self) -> str:
        """``taken``, ``closed`` or ``free``."""
        return "taken" if self.visit else "closed" if self.spot.closed_for else "free"


@dataclass(frozen=True)
class Curb:
    """All that the board shows."""

    arrivals: list[Arrival]
    places: dict[Store, list[Place]]
    strays: list[StrayArrival]


def curb_board(stores: QuerySet[Store], *, number: int, size: int) -> Curb:
    """A page of visits, who waits longest first, then who is served, then who is coming; with the
    spots of the stores where these are few, and notes of strays."""
    now = clock.now()
    visits = list(_visits(stores)[(number - 1) * size : number * size])
    keys = {visit.store_id for visit in visits}
    shown = list(stores.order_by("code")[: MOST_STORES_WITH_SPOTS + 1])
    if len(shown) > MOST_STORES_WITH_SPOTS:
        shown = []
    here = list(_here(keys | {store.pk for store in shown}))
    places = _places(keys | {store.pk for store in shown}, here)
    settings = CurbSettings.objects.filter(store__in=keys)
    curbs = {curb.store_id: curb for curb in settings}
    free = {
        key: [place.spot for place in found if place.tone == "free"]
        for key, found in places.items()
    }
    lines = _lines(here, free)
    arrivals = [
        _arrival(visit, curbs.get(visit.store_id), lines.get(visit.pk), free, now)
        for visit in visits
    ]
    return Curb(
        arrivals=arrivals,
        places={store: places.get(store.pk, []) for store in shown if places.get(store.pk)},
        strays=_strays(stores, now),
    )


def _visits(stores: QuerySet[Store]) -> QuerySet[Visit]:
    pickups = VisitPickup.objects.filter(active=True).order_by("pk")
    pickups = pickups.select_related("fulfillment__order__contact", "fulfillment__store")
    pickups = pickups.prefetch_related(
        "fulfillment__bag_rows__location", "fulfillment__lines__item"
    )
    place = Case(
        When(status=VisitStatus.ARRIVED, then=Value(0)),
        When(status=VisitStatus.BEING_SERVED, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = Visit.objects.filter(store__in=stores, status__in=ACTIVE_VISIT)
    return (
        rows.select_related("store", "spot")
        .prefetch_related(Prefetch("pickups", queryset=pickups))
        .order_by(place, F("arrived_at").asc(nulls_last=True), F("eta").asc(nulls_last=True), "id")
    )


def _here(stores: set[int]) -> QuerySet[Visit]:
    """All who stand on a spot or wait for one, the first to come first, on whatever page."""
    rows = Visit.objects.filter(store__in=stores, status__in=ACTIVE_VISIT)
    return rows.only(
        *("store", "spot", "status", "place", "arrived_at", "needs_accessible")
    ).order_by("arrived_at", "pk")


def _places(stores: set[int], here: Sequence[Visit]) -> dict[int, list[Place]]:
    """The spots of stores, 2 before 10, each with who stands there."""
    on = {visit.spot_id: visit for visit in here if visit.spot_id}
    found: dict[int, list[Place]] = defaultdict(list)
    spots = Spot.objects.filter(store__in=stores, active=True)
    for spot in sorted(spots, key=lambda spot: (len(spot.label), spot.label)):
        found[spot.store_id].append(Place(spot, on.get(spot.pk)))
    return found


def _lines(here: Sequence[Visit], free: dict[int, list[Spot]]) -> dict[int, int]:
    """The place in line of those who have no spot because none for them is free, by visit."""
    counted: dict[int, int] = defaultdict(int)
    lines = {}
    for visit in here:
        if visit.status != VisitStatus.ARRIVED or visit.spot_id or visit.place:
            continue
        if visit.store_id not in free:  # a store without spots has no line either
            continue
        counted[visit.store_id] += 1
        spots = free[visit.store_id]
        if not any(visit.needs_accessible or not spot.accessible for spot in spots):
            lines[visit.pk] = counted[visit.store_id]
    return lines


def _strays(stores: QuerySet[Store], now: datetime) -> list[StrayArrival]:
    rows = StrayArrival.objects.filter(store__in=stores, seen_at__isnull=True)
    recent = rows.filter(created_at__gt=now - SAME_TRIP)
    return list(recent.select_related("store", "spot").order_by("-created_at")[:MOST_STRAYS])


def _arrival(
    visit: Visit,
    curb: CurbSettings | None,
    line: int | None,
    free: dict[int, list[Spot]],
    now: datetime,
) -> Arrival:
    rows: Sequence[FulfillmentOrder] = [pickup.fulfillment for pickup in visit.pickups.all()]
    steps = wait_steps(curb)
    first = rows[0] if rows else None
    return Arrival(
        visit=visit,
        parts=[_part(row, now) for row in rows],
        customer=first.order.contact.name if first else "",
        steps=steps,
        level=wait_level(visit, steps, now),
        line=line,
        expected=_expected(visit, now),
        part=first.pk if first else None,
        free=free.get(visit.store_id, []),
    )


def wait_steps(curb: CurbSettings | None) -> list[int]:
    """The minutes at which a wait gets long, passes the store's target, and is far too long."""
    known = curb or CurbSettings()
    told = steps_of(known) or list(ESCALATE_AFTER)
    target = known.wait_target
    return sorted([min(told[0], target), target, max(told[-1], target)])


def wait_level(visit: Visit, steps: list[int], now: datetime) -> int:
    """How many of the steps the visit's wait has reached."""
    if visit.arrived_at is None:
        return IN_TIME
    return sum(now - visit.arrived_at >= timedelta(minutes=step) for step in steps)


def _expected(visit: Visit, now: datetime) -> str:
    if visit.arrived_at or visit.eta is None:
        return ""
    return _("expected {due}").format(due=due(visit.eta, now)[0])


def _part(row: FulfillmentOrder, now: datetime) -> Part:
    ready = row.status == FulfillmentStatus.READY
    return Part(
        number=row.order.external_id,
        link=work_link(row),
        hand_over=reverse("admin:orders_handoff_part", args=[row.pk]),
        ready=ready,
        status=said(row.status),
        due=""
        if ready
        else _("ready by {clock_time}").format(
            clock_time=clock_time(row.promised_at, row.store.timezone, now)
        ),
        fetches=handling_order(row) if ready else [],
        age=max((line.item.minimum_age for line in row.lines.all()), default=0),
    )
