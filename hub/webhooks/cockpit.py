"""The sites' webhooks in the cockpit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hub.integration.gauges import Connector, standing
from hub.integration.lanes import Seen
from hub.stores.models import Store
from hub.webhooks.models import WebhookEndpoint


def connectors(_stores: QuerySet[Store], seen: Seen) -> Iterable[Connector]:
    """Every endpoint, by the site and its address."""
    for row in WebhookEndpoint.objects.select_related("channel"):
        plain = Connector(
            kind="webhook",
            name=f"{row.channel}: {urlsplit(row.url).netloc}",
            lane=lane_of(row),
            active=row.active,
            buttons=_buttons(row),
            links=(
                (_("All calls"), _list_of("webhookcall") + f"?q={row.public_id}"),
                (_("Endpoint"), reverse("admin:webhooks_webhookendpoint_change", args=[row.pk])),
            ),
        )
        yield standing(plain, seen, error=row.disabled_reason)


def _buttons(row: WebhookEndpoint) -> tuple[tuple[Any, str, Any], ...]:
    """What can be done with the endpoint."""
    named = "admin:webhooks_webhookendpoint_"
    turn = (
        _("Make a new secret"),
        reverse(named + "rotate", args=[row.pk]),
        _("Calls are signed with both until the old one is ended."),
    )
    end = (
        _("End the old secret"),
        reverse(named + "end", args=[row.pk]),
        _("From then on only the new one signs. Do it when the site has the new one."),
    )
    ping = (_("Ping"), reverse(named + "ping", args=[row.pk]), "")
    return (ping, end) if row.previous_secret else (ping, turn)


def _list_of(model: str) -> str:
    return reverse(f"admin:webhooks_{model}_changelist")


def lane_of(endpoint: WebhookEndpoint) -> str:
    """Where its calls wait."""
    return f"webhook:{endpoint.public_id}"
