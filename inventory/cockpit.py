"""The sources of stock in the cockpit: who sends files, and which stores' snapshots are late."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, timedelta

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hub import clock
from hub.integration.gauges import Connector
from hub.integration.lanes import Seen
from hub.stores.models import Store
from inventory.models import FeedLayout, StockFile, StoreFeed

Status = StockFile.Status


def connectors(stores: QuerySet[Store], _seen: Seen) -> Iterable[Connector]:
    """Each layout's files, and one line for the snapshots of all stores."""
    yield from _files(stores)
    yield _snapshots(stores)


def _files(stores: QuerySet[Store]) -> Iterable[Connector]:
    last = StockFile.objects.filter(layout=OuterRef("pk")).order_by("-id")
    day = clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = FeedLayout.objects.filter(Q(store__isnull=True) | Q(store__in=stores)).annotate(
        parked=Count("files", filter=Q(files__status=Status.PARKED)),
        today=Count("files", filter=Q(files__received_at__gte=day)),
        last_done=Max("files__finished_at", filter=Q(files__status=Status.DONE)),
        last_status=Subquery(last.values("status")[:1]),
        last_problem=Subquery(last.values("problem")[:1]),
    )
    page = reverse("admin:inventory_stockfile_changelist")
    for row in rows:
        plain = Connector(
            kind="feed",
            name=row.code,
            detail=row.source,
            page=f"{page}?layout__id__exact={row.pk}",
            active=row.active,
            parked=row.parked,
            today=row.today,
            last_success=row.last_done,
            last_error=row.last_problem or "",
        )
        words, tone = _judged(row.active, row.parked, row.last_status or "")
        yield replace(plain, words=words, tone=tone)


def _judged(active: bool, parked: int, last: str) -> tuple[str, str]:
    if not active:
        return _("switched off"), ""
    if parked:
        return _("files wait for a person"), "danger"
    if last == Status.REFUSED:
        return _("the last file was refused"), "warning"
    return _("works"), "success"


def _snapshots(stores: QuerySet[Store]) -> Connector:
    late = timedelta(0)
    rows = StoreFeed.objects.filter(store__in=stores, expected_minutes__gt=0)
    known = list(rows.values_list("counted_as_of", "expected_minutes"))
    now = clock.now()
    behind = [now - at - timedelta(minutes=minutes or 0) for at, minutes in known]
    overdue = [one for one in behind if one > late]
    words = ngettext("%(count)d store is late", "%(count)d stores are late", len(overdue))
    newest = max((at for at, _minutes in known), default=None)
    return Connector(
        kind="feed",
        name=_("Snapshots of the stores"),
        page=reverse("admin:inventory_storefeed_changelist"),
        words=words % {"count": len(overdue)} if overdue else _("all on time"),
        tone="warning" if overdue else "success",
        waiting=len(overdue),
        oldest_seconds=max((one.total_seconds() for one in overdue), default=0.0),
        last_success=newest,
    )
