"""Messages to customers: one row each, written before anything is sent."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from hub.crypto import EncryptedTextField
from hub.customers.models import Channel, Contact, Profile
from hub.events.leases import Leased
from hub.ids import new_id


def _message_id() -> str:
    return new_id("msg")


class Outcome(models.TextChoices):
    """What became of a message, beside the lease's own state."""

    CREATED = "created"
    SUPPRESSED = "suppressed"
    CANCELED = "canceled"
    EXPIRED = "expired"
    SUBMITTING = "submitting"
    AMBIGUOUS = "ambiguous"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


# Nothing is settled yet: the next claim decides (it meets FAILED when a person replays a parked
# message). SUBMITTING or AMBIGUOUS at a claim means that an earlier try may have got through.
OPEN_OUTCOMES = [Outcome.CREATED, Outcome.SUBMITTING, Outcome.AMBIGUOUS, Outcome.FAILED]
UNSURE_OUTCOMES = [Outcome.SUBMITTING, Outcome.AMBIGUOUS]


class Message(Leased):
    """One text or e-mail about one thing to one address, at most once per ``dedupe_key``.

    ``decision`` holds every gate of the choice of channel, so that "why did, or didn't, this
    customer get it" has an answer. ``unsure_tries`` counts the tries made without knowing whether
    an earlier one had got through: an upper bound of the duplicates.
    """

    MAX_ATTEMPTS: ClassVar[int] = 48  # about two hours of the back-off in services.sending

    public_id = models.CharField(max_length=30, unique=True, default=_message_id, editable=False)
    purpose = models.CharField(max_length=40)
    subject = models.CharField(max_length=60, db_index=True, help_text="such as fulfillment:17")
    order_id = models.BigIntegerField(db_index=True)
    profile = models.ForeignKey(Profile, on_delete=models.PROTECT, related_name="messages")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="messages")
    channel = models.CharField(max_length=10, choices=Channel, blank=True)
    locale = models.CharField(max_length=10, blank=True)
    template = models.CharField(max_length=60, blank=True, help_text="name and version")
    title = models.CharField(max_length=200, blank=True)
    body = EncryptedTextField(default="")
    dedupe_key = models.CharField(max_length=160, unique=True)
    decision = models.JSONField(default=dict)
    is_test = models.BooleanField(default=False)
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.CREATED)
    outcome_reason = models.CharField(max_length=60, blank=True)
    provider = models.CharField(max_length=40, blank=True)
    provider_reference = models.CharField(max_length=120, blank=True, db_index=True)
    unsure_tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    trace_id = models.CharField(max_length=32, blank=True, default="", db_default="")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.purpose} by {self.channel}"


class Receipt(models.Model):
    """What a provider said about a message, as it said it; kept even when no message is known."""

    provider = models.CharField(max_length=40)
    reference = models.CharField(max_length=120)
    status = models.CharField(max_length=40)
    raw_hash = models.CharField(max_length=64)
    matched = models.BooleanField(default=False)
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "reference", "status", "raw_hash"], name="receipt_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.status}"
