"""The carriers of messages in the cockpit."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.urls import reverse

from hub.integration.gauges import Connector, standing
from hub.integration.lanes import Seen
from hub.providers.models import Provider
from hub.providers.services.accounts import account_of, providers_of
from hub.stores.models import Store
from notifications.services.carriers import lane_of


def connectors(_: QuerySet[Store], seen: Seen) -> Iterable[Connector]:
    """All accounts, and the built-in one of a channel that has none."""
    rows = list(Provider.objects.order_by("channel", "rank", "pk"))
    for row in rows:
        plain = Connector(
            kind=row.channel,
            name=str(row),
            lane=lane_of(account_of(row)),
            detail=row.connector,
            page=reverse("admin:providers_provider_state", args=[row.pk]),
            active=row.active,
        )
        yield standing(plain, seen)
    for channel in Provider.Channel.values:
        if not any(row.channel == channel and row.active for row in rows):
            account = providers_of(channel, is_test=False)[0]
            plain = Connector(
                kind=channel, name=account.name, lane=lane_of(account), detail=account.connector
            )
            yield standing(plain, seen)
