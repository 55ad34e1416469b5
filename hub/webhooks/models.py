"""Order events for the sites: a gapless feed per sales channel, and signed webhook calls."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from hub.crypto import EncryptedTextField
from hub.events.leases import Leased
from hub.ids import new_id
from hub.stores.models import SalesChannel


def _endpoint_id() -> str:
    return new_id("whk")


class ChannelFeed(models.Model):
    """The last position given out in a channel's feed. Its row lock, held to the end of each
    transaction that appends, makes positions gapless and visible in order: a reader that follows
    ``position > cursor`` can never skip an event."""

    channel = models.OneToOneField(SalesChannel, on_delete=models.CASCADE, related_name="feed")
    last_position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.channel_id} at {self.last_position}"


class ChannelEvent(models.Model):
    """One fact as a site sees it: public ids only, the same bytes on every retry."""

    public_id = models.CharField(max_length=30, unique=True, help_text="that of the fact, evt_…")
    channel = models.ForeignKey(SalesChannel, on_delete=models.CASCADE, related_name="events")
    position = models.BigIntegerField()
    type = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    data = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "position"], name="event_position")
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"


class WebhookEndpoint(models.Model):
    """Where a site wants its events. Two secrets verify at once while one is being replaced."""

    public_id = models.CharField(max_length=30, unique=True, default=_endpoint_id, editable=False)
    channel = models.ForeignKey(SalesChannel, on_delete=models.CASCADE, related_name="endpoints")
    url = models.URLField(max_length=500)
    secret = EncryptedTextField(help_text="whsec_…")
    previous_secret = EncryptedTextField(null=True)
    active = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.url


class WebhookCall(Leased):
    """One event on its way to one endpoint; retried by the Standard Webhooks schedule."""

    MAX_ATTEMPTS: ClassVar[int] = 10

    event = models.ForeignKey(ChannelEvent, on_delete=models.CASCADE, related_name="calls")
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="calls")
    last_status = models.PositiveSmallIntegerField(null=True)
    edited = models.JSONField(null=True, help_text="sent instead of the event's own data")

    class Meta(Leased.Meta):
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="webhook_call_once")
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.endpoint_id}"
