"""Today's figures of the stores, for the first page of the staff workspace."""

from __future__ import annotations

from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from hub import clock
from hub.staff.dashboard import Figure
from hub.stores.models import Store
from orders.models import FulfillmentOrder, FulfillmentStatus, Visit, VisitStatus
from orders.pulse import fresh_pulse

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
    """What these stores have to do now: the boards, then who is on the way."""
    now = counts(stores)
    keys = list(stores.values_list("pk", flat=True))
    open_cases = fresh_pulse(keys, "exceptions").counts.get("exceptions", 0)
    return [
        _pick(now["pick"], now["late"]),
        _of("ready", _("Ready"), now["ready"], _("waiting for their buyers"), icon="inventory"),
        _curb(now["arrivals"], stores),
        _of(
            *("exceptions", _("Exceptions"), open_cases),
            _("need a person") if open_cases else _("nothing needs a person"),
            icon="error",
            tone="danger" if open_cases else "",
        ),
        Figure(_("On the way"), str(now["coming"]), _("announced themselves"), link=_board()),
    ]


def _pick(count: int, late: int) -> Figure:
    note = _("{late} too late").format(late=late) if late else _("accept, collect, bag")
    tone = "danger" if late else ""
    return _of("pick", _("Pick"), count, note, icon="shopping_basket", tone=tone)


def _curb(count: int, stores: QuerySet[Store]) -> Figure:
    oldest = Visit.objects.filter(store__in=stores, status=VisitStatus.ARRIVED).aggregate(
        at=Min("arrived_at")
    )["at"]
    minutes = max(0, int((clock.now() - oldest).total_seconds() // 60)) if oldest else 0
    note = _("longest wait {minutes} min").format(minutes=minutes) if oldest else _("nobody waits")
    tone = "danger" if minutes >= LONG_WAIT_MINUTES else "warning" if oldest else ""
    return _of("arrivals", _("Arrivals"), count, note, icon="directions_car", tone=tone)


def _of(board: str, title: str, count: int, note: str, *, icon: str, tone: str = "") -> Figure:
    return Figure(title, str(count), note, tone, _board(board), icon, board)


def _board(name: str = "arrivals") -> str:
    return reverse(f"admin:orders_fulfillmentorder_{name}")
