"""Figures of the messages: today's for the first page, and gauges for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta

from django.db import connection
from django.db.models import Min, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from prometheus_client.core import GaugeMetricFamily

from hub import clock
from hub.providers.models import Spending
from hub.staff.dashboard import Figure
from hub.stores.models import Store
from notifications.models import CallTask

MICROS = 1_000_000

_LAST_HOUR = """
SELECT channel, count(*) FILTER (WHERE accepted_at IS NOT NULL),
    count(*) FILTER (WHERE outcome = 'delivered'), count(*) FILTER (WHERE stale_at IS NOT NULL)
FROM notifications_message
WHERE created_at > statement_timestamp() - interval '1 hour' AND channel <> ''
GROUP BY channel ORDER BY channel
"""


def figures(stores: QuerySet[Store]) -> list[Figure]:
    """Whom these stores have to call, because no message reached them."""
    open_ones = CallTask.objects.filter(store__in=stores, closed_at__isnull=True)
    count = open_ones.count()
    link = reverse("admin:notifications_calltask_board")
    return [Figure(_("To call"), str(count), _since(open_ones), "danger" if count else "", link)]


def gauges() -> Iterator[GaugeMetricFamily]:
    """Messages of the last hour by channel, calls still to be made, and today's spending."""
    accepted = _gauge("hub_messages_accepted", "Taken over by providers in the last hour")
    delivered = _gauge("hub_messages_delivered", "Delivered, of those of the last hour")
    stale = _gauge("hub_messages_stale", "Delivered when not true any more, of the last hour")
    with connection.cursor() as cursor:
        cursor.execute(_LAST_HOUR)
        for channel, *counts in cursor.fetchall():
            for gauge, count in zip((accepted, delivered, stale), counts, strict=True):
                gauge.add_metric([channel], count)
    yield from (accepted, delivered, stale)
    calls = GaugeMetricFamily("hub_calls_open", "Customers whom no message reached, to be called")
    calls.add_metric([], CallTask.objects.filter(closed_at__isnull=True).count())
    yield calls
    yield from _spending()


def _spending() -> Iterator[GaugeMetricFamily]:
    """The day is UTC's, as the caps are."""
    spent = GaugeMetricFamily(
        "hub_provider_spent", "Spent today, its currency", labels=["provider"]
    )
    parts = GaugeMetricFamily(
        "hub_provider_segments", "Parts of texts handed over today", labels=["provider"]
    )
    for row in Spending.objects.filter(day=clock.now().astimezone(UTC).date()):
        spent.add_metric([row.provider], row.micros / MICROS)
        parts.add_metric([row.provider], row.segments)
    yield from (spent, parts)


def _gauge(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=["channel"])


def _since(rows: QuerySet[CallTask]) -> str:
    oldest = rows.aggregate(at=Min("opened_at"))["at"]
    if oldest is None:
        return _("everybody was reached")
    minutes = _minutes(clock.now() - oldest)
    return _("the first since {minutes} min").format(minutes=minutes)


def _minutes(length: timedelta) -> int:
    return max(0, int(length.total_seconds() // 60))
