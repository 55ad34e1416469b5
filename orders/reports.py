"""Today's figures of the stores, for the first page of the staff workspace."""

from __future__ import annotations

from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse

from hub import clock
from hub.staff.dashboard import Figure
from hub.stores.models import Store
from orders.models import FulfillmentOrder, FulfillmentStatus, Visit, VisitStatus

TO_PICK = [
    FulfillmentStatus.PROPOSED,
    FulfillmentStatus.ACCEPTED,
    FulfillmentStatus.PICKING,
    FulfillmentStatus.PICKED,
]
WAITING = [VisitStatus.ARRIVED, VisitStatus.BEING_SERVED]
COMING = [VisitStatus.ON_MY_WAY, VisitStatus.NEARBY]
LONG_WAIT_MINUTES = 5


def counts(stores: QuerySet[Store]) -> dict[str, int]:
    """How many parts of orders stand in each board of the stores, in two queries."""
    live = FulfillmentOrder.objects.filter(
        store__in=stores, status__in=[*TO_PICK, FulfillmentStatus.READY]
    )
    found: dict[str, int] = live.aggregate(
        pick=Count("pk", filter=Q(status__in=TO_PICK)),
        late=Count("pk", filter=Q(status__in=TO_PICK, promised_at__lt=clock.now())),
        ready=Count("pk", filter=Q(status=FulfillmentStatus.READY)),
    )
    visits = Visit.objects.filter(store__in=stores, status__in=[*WAITING, *COMING])
    return found | visits.aggregate(
        arrivals=Count("pk", filter=Q(status__in=WAITING)),
        coming=Count("pk", filter=Q(status__in=COMING)),
    )


def figures(stores: QuerySet[Store]) -> list[Figure]:
    """What these stores have to do now."""
    now = counts(stores)
    late, coming = now["late"], now["coming"]
    return [
        Figure("To pick", str(now["pick"]), "accept, collect, bag", link=_board("pick")),
        Figure("Late", str(late), "promised time is over", _alarm(late), _board("exceptions")),
        Figure("Ready", str(now["ready"]), "waiting for their buyers", link=_board("ready")),
        Figure("At the curb", str(now["arrivals"]), _wait(stores), link=_board("arrivals")),
        Figure("On the way", str(coming), "announced themselves", link=_board("arrivals")),
    ]


def _wait(stores: QuerySet[Store]) -> str:
    oldest = Visit.objects.filter(store__in=stores, status=VisitStatus.ARRIVED).aggregate(
        at=Min("arrived_at")
    )["at"]
    if oldest is None:
        return "nobody waits"
    return f"longest wait {max(0, int((clock.now() - oldest).total_seconds() // 60))} min"


def _alarm(count: int) -> str:
    return "danger" if count else ""


def _board(name: str) -> str:
    return reverse(f"admin:orders_fulfillmentorder_{name}")
