"""The one thing the customer should know first, as one word; headline and text hang on it."""

from __future__ import annotations

from datetime import datetime, timedelta

from orders.curbside.visits import EXPECTED
from orders.models import FulfillmentOrder, FulfillmentStatus, StrayArrival, Visit, VisitStatus
from orders.states import BEFORE_READY, LIVE

HERE = frozenset({VisitStatus.ARRIVED, VisitStatus.BEING_SERVED})
DRIVE = timedelta(hours=3)  # so long after a stop at a wrong store it is still what matters


def situation_of(fulfillment: FulfillmentOrder, visit: Visit | None, now: datetime) -> str:
    """Ready, coming, here, …: what the order and the visit say together."""
    status = str(fulfillment.status)
    if status not in LIVE:
        return status
    if visit is None and stray_of(fulfillment, now):
        return "wrong_store"
    if visit is not None and visit.status == VisitStatus.ARRIVED and not visit.claimed_at:
        if visit.missing_at:
            return "missing"
        if visit.spot_asked_at and visit.spot_id is None:
            return "which_spot"
    if status in BEFORE_READY:
        return _early(visit, late=now > fulfillment.promised_at)
    return _ready(visit)


def stray_of(fulfillment: FulfillmentOrder, now: datetime) -> StrayArrival | None:
    """The newest stop at a store that was not the order's, as long as it matters."""
    strays = fulfillment.strays.filter(created_at__gt=now - DRIVE).exclude(store=fulfillment.store)
    return strays.select_related("store").order_by("pk").last()


def _early(visit: Visit | None, *, late: bool) -> str:
    if visit is None:
        return "late" if late else "preparing"
    return "coming_early" if visit.status in EXPECTED else "here_early"


def _ready(visit: Visit | None) -> str:
    if visit is None:
        return str(FulfillmentStatus.READY)
    return {
        VisitStatus.ON_MY_WAY: "coming",
        VisitStatus.NEARBY: "nearby",
        VisitStatus.ARRIVED: "here",
    }.get(VisitStatus(visit.status), "served")
