"""A store's queue: whose customer comes comes first, then who was promised first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import (
    Case,
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    Q,
    QuerySet,
    Sum,
    When,
)

from hub.stores.models import Store
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    Visit,
    VisitPickup,
    ZonePick,
)
from orders.picking.claims import name_of, walk_place
from orders.reports import COMING, TO_PICK, WAITING

PAGE = 40
AT_RISK_PERCENT = 80
PERCENT = 100
COMPLIANT, AT_RISK, BREACHED = "compliant", "at_risk", "breached"
BANDS = [BREACHED, AT_RISK, COMPLIANT]


@dataclass
class ZoneWork:
    """What one zone of a part still needs, and who picks it (empty: nobody)."""

    zone: str
    wanted: int = 0
    picked: int = 0
    picker: str = ""
    picker_id: int | None = None
    batch: str = ""

    @property
    def is_done(self) -> bool:
        """Whether nothing of the zone is left to pick."""
        return self.picked >= self.wanted


@dataclass
class Load:
    """How much work a part is: its lines, its units (each, not grams), and its zones."""

    lines: int = 0
    units: int = 0
    zones: list[ZoneWork] = field(default_factory=list)


def band(part: FulfillmentOrder, now: datetime) -> str:
    """How a part stands: compliant below 80 % of the time from order to promise, then at risk,
    and breached from the promise on."""
    allowed = part.promised_at - part.created_at
    spent = now - part.created_at
    if now >= part.promised_at:
        return BREACHED
    return AT_RISK if spent * PERCENT >= allowed * AT_RISK_PERCENT else COMPLIANT


def bands(stores: QuerySet[Store], now: datetime) -> dict[str, int]:
    """How many parts of these stores' queues are in each band, in one query."""
    allowed = ExpressionWrapper(F("promised_at") - F("created_at"), output_field=DurationField())
    share = ExpressionWrapper(allowed * (AT_RISK_PERCENT / PERCENT), output_field=DurationField())
    begins = ExpressionWrapper(F("created_at") + share, output_field=DateTimeField())
    late = Q(promised_at__lte=now)
    soon = Q(promised_at__gt=now, at_risk_from__lte=now)
    rows = _queue(stores).annotate(at_risk_from=begins)
    found = rows.aggregate(
        total=Count("pk"), breached=Count("pk", filter=late), at_risk=Count("pk", filter=soon)
    )
    return {
        BREACHED: found["breached"],
        AT_RISK: found["at_risk"],
        COMPLIANT: found["total"] - found["breached"] - found["at_risk"],
    }


def page(stores: QuerySet[Store], *, number: int = 1, size: int = PAGE) -> list[FulfillmentOrder]:
    """One page of the queue, the first being 1: who stands outside, who is on the way by time of
    arrival, then by promise. In two queries, however many wait."""
    first = (number - 1) * size
    arriving = _arriving(stores)
    keys = arriving[first : first + size]
    if len(keys) < size:
        rest = _queue(stores).exclude(pk__in=arriving).order_by("promised_at", "id")
        start = max(0, first - len(arriving))
        keys += rest.values_list("pk", flat=True)[start : start + size - len(keys)]
    rows = FulfillmentOrder.objects.select_related("store", "order__contact").in_bulk(keys)
    return [rows[key] for key in keys]


def loads(parts: Collection[FulfillmentOrder], now: datetime) -> dict[int, Load]:
    """The work of these parts by their key, in two queries."""
    keys = [part.pk for part in parts]
    found: dict[int, Load] = defaultdict(Load)
    zones: dict[tuple[int, str], ZoneWork] = {}
    for key, zone, lines, units, wanted, picked in _by_zone(keys):
        found[key].lines += lines
        found[key].units += units or 0
        zones[key, zone] = ZoneWork(zone, wanted, picked)
    claims = ZonePick.objects.filter(fulfillment__in=keys, claimed_until__gt=now)
    for claim in claims.select_related("picker", "batch"):
        work = zones.get((claim.fulfillment_id, claim.zone))
        if work and claim.picker:
            work.picker, work.picker_id = name_of(claim.picker), claim.picker_id
            work.batch = claim.batch.public_id if claim.batch else ""
    for (key, _), work in sorted(zones.items(), key=lambda one: walk_place(one[0][1])):
        found[key].zones.append(work)
    return found


def _queue(stores: QuerySet[Store]) -> QuerySet[FulfillmentOrder]:
    return FulfillmentOrder.objects.filter(store__in=stores, status__in=TO_PICK)


def _arriving(stores: QuerySet[Store]) -> list[int]:
    """The parts in the queue whose customers are here or on the way; those are few."""
    visits = Visit.objects.filter(store__in=stores, status__in=[*WAITING, *COMING])
    here = Case(When(visit__status__in=WAITING, then=0), default=1, output_field=IntegerField())
    rows = VisitPickup.objects.filter(
        active=True, visit__in=visits, fulfillment__status__in=TO_PICK
    ).order_by(
        here,
        F("visit__arrived_at").asc(nulls_last=True),
        F("visit__eta").asc(nulls_last=True),
        "fulfillment__promised_at",
        "fulfillment_id",
    )
    return list(rows.values_list("fulfillment_id", flat=True))


def _by_zone(keys: Sequence[int]) -> QuerySet[FulfillmentLine, tuple[int, str, int, int, int, int]]:
    lines = FulfillmentLine.objects.filter(fulfillment__in=keys).order_by()
    return (
        lines.values_list("fulfillment_id", "item__zone")
        .annotate(
            lines=Count("pk"),
            units=Sum("allocated", filter=Q(item__unit="each")),
            wanted=Sum(F("allocated") - F("short")),
            picked=Sum("picked"),
        )
        .order_by()
    )
