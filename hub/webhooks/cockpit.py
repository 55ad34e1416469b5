"""The sites' webhooks in the cockpit."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.db.models import QuerySet

from hub.integration.gauges import Connector, standing
from hub.integration.lanes import Seen
from hub.stores.models import Store
from hub.webhooks.models import WebhookEndpoint


def connectors(_: QuerySet[Store], seen: Seen) -> Iterable[Connector]:
    """Every endpoint, by the site and its address."""
    for row in WebhookEndpoint.objects.select_related("channel"):
        plain = Connector(
            kind="webhook",
            name=f"{row.channel}: {urlsplit(row.url).netloc}",
            lane=lane_of(row),
            active=row.active,
        )
        yield standing(plain, seen, error=row.disabled_reason)


def lane_of(endpoint: WebhookEndpoint) -> str:
    """Where its calls wait."""
    return f"webhook:{endpoint.public_id}"
