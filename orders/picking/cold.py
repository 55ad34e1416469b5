"""How long chilled and frozen goods have been out of the cold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from inventory.models import Zone
from orders.models import FulfillmentStatus, ZonePick

LIMIT_MINUTES: Mapping[str, int] = {Zone.CHILLED: 20, Zone.FROZEN: 10}
OUT_IN = [FulfillmentStatus.PICKING, FulfillmentStatus.PICKED]


def out_for(row: ZonePick, now: datetime) -> timedelta | None:
    """How long the goods of a zone were out, so far or in all; None when they never were."""
    if row.out_since is None:
        return None
    return (row.in_since or now) - row.out_since


def limit_of(zone: str) -> timedelta | None:
    """How long goods of a zone may be out; None for goods that need no cold."""
    minutes = LIMIT_MINUTES.get(zone)
    return timedelta(minutes=minutes) if minutes else None


def too_warm(now: datetime) -> QuerySet[ZonePick]:
    """The zones under way whose goods are out for longer than they may, the longest first."""
    over = Q(pk__in=[])
    for zone, minutes in LIMIT_MINUTES.items():
        over |= Q(zone=zone, out_since__lt=now - timedelta(minutes=minutes))
    rows = ZonePick.objects.filter(
        over,
        out_since__isnull=False,
        in_since__isnull=True,
        fulfillment__status__in=OUT_IN,
    )
    return rows.order_by("out_since", "pk")
