"""Where a site wants its events: making, turning the secret, switching off and on."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from hub.connectors.addresses import AddressRefused, allowed_from, check_url
from hub.connectors.signing import key_of, new_secret
from hub.errors import Invalid
from hub.events.leases import State
from hub.stores.models import SalesChannel
from hub.webhooks.models import WebhookCall, WebhookEndpoint


class InvalidUrl(Invalid):
    code = "invalid_url"
    title = "The hub cannot call this URL"


class InvalidSecret(Invalid):
    code = "invalid_secret"
    title = "The secret is not of the form that Standard Webhooks asks for"


def create_endpoint(*, channel: SalesChannel, url: str, secret: str = "") -> WebhookEndpoint:
    """An active endpoint that gets every event of the channel from now on.

    Without a secret it gets a fresh one, to be read from ``endpoint.secret``. Raises InvalidUrl
    for an address that the hub may not call, InvalidSecret for a malformed secret.
    """
    try:
        check_url(url, allowed=allowed_from(settings.PRIVATE_NETWORKS))
    except AddressRefused as error:
        raise InvalidUrl(str(error)) from None
    try:
        key_of(secret or new_secret())
    except ValueError as error:
        raise InvalidSecret(str(error)) from None
    return WebhookEndpoint.objects.create(channel=channel, url=url, secret=secret or new_secret())


@transaction.atomic
def rotate_secret(*, endpoint: WebhookEndpoint) -> str:
    """The new secret; calls are signed with it and with the one before until ``end_rotation``."""
    secret = new_secret()
    locked = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    locked.previous_secret, locked.secret = locked.secret, secret
    locked.save(update_fields=["secret", "previous_secret"])
    endpoint.refresh_from_db()
    return secret


def end_rotation(*, endpoint: WebhookEndpoint) -> None:
    """Calls are signed with the newest secret only."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(previous_secret=None)
    endpoint.refresh_from_db()


@transaction.atomic
def disable_endpoint(*, endpoint: WebhookEndpoint, reason: str) -> None:
    """No new calls are made; those that wait are parked with the reason, to be replayed."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        active=False, disabled_reason=reason[:200]
    )
    WebhookCall.objects.filter(endpoint=endpoint, state=State.PENDING, lease=None).update(
        state=State.PARKED, last_error=f"endpoint disabled: {reason}", finished_at=Now()
    )
    endpoint.refresh_from_db()


def enable_endpoint(*, endpoint: WebhookEndpoint) -> None:
    """New events are called again; missed ones are in the feed, or parked and replayable."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(active=True, disabled_reason="")
    endpoint.refresh_from_db()
