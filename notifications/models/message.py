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
    """What became of a message, beside the lease's own state.

    DEFERRED waits for the morning, RETRY_WAIT for another try. FAILED was refused for good, DEAD
    has used up its tries; of an UNKNOWN one no receipt ever said how it ended.
    """

    CREATED = "created"
    DEFERRED = "deferred"
    SUPPRESSED = "suppressed"
    CANCELED = "canceled"
    EXPIRED = "expired"
    SUBMITTING = "submitting"
    RETRY_WAIT = "retry_wait"
    AMBIGUOUS = "ambiguous"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    DEAD = "dead"
    UNKNOWN = "unknown"


# Nothing is settled yet: the next claim decides (it meets FAILED when a person replays a parked
# message). SUBMITTING or AMBIGUOUS at a claim means that an earlier try may have got through.
OPEN_OUTCOMES = [
    Outcome.CREATED,
    Outcome.DEFERRED,
    Outcome.SUBMITTING,
    Outcome.RETRY_WAIT,
    Outcome.AMBIGUOUS,
    Outcome.FAILED,
    Outcome.DEAD,
]
UNSURE_OUTCOMES = [Outcome.SUBMITTING, Outcome.AMBIGUOUS]


class Message(Leased):
    """One text or e-mail about one thing to one address, at most once per ``dedupe_key``.

    ``decision`` holds every gate of the choice of channel, so that "why did, or didn't, this
    customer get it" has an answer. ``unsure_tries`` counts the tries made without knowing whether
    an earlier one had got through: an upper bound of the duplicates.

    What answers a text of somebody unknown has no order, profile or contact: then ``address`` is
    the number it goes to. ``follows`` is the message that did not reach the customer and that
    this one stands in for. ``reach_by`` is when a receipt must have come, else he is told by
    the next channel; ``followed_at`` is when that was seen to, once. ``stale_at`` is set when what
    was delivered was not true any more, ``delivered_late`` when it had been said to have failed.
    Of words that were dropped for their age ``words_seal`` stays: it proves what they were.
    """

    MAX_ATTEMPTS: ClassVar[int] = 48  # about two hours of the back-off in services.sending

    public_id = models.CharField(max_length=30, unique=True, default=_message_id, editable=False)
    purpose = models.CharField(max_length=40)
    subject = models.CharField(max_length=60, db_index=True, help_text="such as fulfillment:17")
    order_id = models.BigIntegerField(null=True, db_index=True)
    profile = models.ForeignKey(
        Profile, null=True, on_delete=models.PROTECT, related_name="messages"
    )
    contact = models.ForeignKey(
        Contact, null=True, on_delete=models.PROTECT, related_name="messages"
    )
    address = EncryptedTextField(null=True, help_text="E.164; none: the contact's")
    address_hash = models.CharField(max_length=32, blank=True, default="", db_default="")
    follows = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="followers",
        db_constraint=False,
        db_index=False,
    )
    channel = models.CharField(max_length=10, choices=Channel, blank=True)
    locale = models.CharField(max_length=10, blank=True)
    template = models.CharField(max_length=60, blank=True, help_text="name and version")
    template_version = models.ForeignKey(
        "TemplateVersion",
        null=True,
        on_delete=models.PROTECT,
        related_name="messages",
        db_constraint=False,
        db_index=False,
        help_text="empty: the wording shipped with the hub, which ``template`` names",
    )
    title = models.CharField(max_length=200, blank=True)
    body = EncryptedTextField(default="")
    segments = models.PositiveSmallIntegerField(default=0, db_default=0)
    encoding = models.CharField(max_length=5, blank=True, default="", db_default="")
    cost_micros = models.PositiveBigIntegerField(default=0, db_default=0)
    dedupe_key = models.CharField(max_length=160, unique=True)
    decision = models.JSONField(default=dict)
    is_test = models.BooleanField(default=False)
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.CREATED)
    outcome_reason = models.CharField(max_length=60, blank=True)
    provider_code = models.CharField(max_length=20, blank=True, default="", db_default="")
    provider = models.CharField(max_length=40, blank=True)
    provider_reference = models.CharField(max_length=120, blank=True, db_index=True)
    unsure_tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    trace_id = models.CharField(max_length=32, blank=True, default="", db_default="")
    expires_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, help_text="when the last try began")
    accepted_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    reach_by = models.DateTimeField(null=True)
    followed_at = models.DateTimeField(null=True)
    stale_at = models.DateTimeField(null=True)
    delivered_late = models.BooleanField(default=False, db_default=False)
    words_seal = models.CharField(max_length=32, blank=True, default="", db_default="")

    class Meta(Leased.Meta):
        indexes = [
            *Leased.Meta.indexes,
            models.Index(
                fields=["created_at"],
                condition=models.Q(outcome_reason="template_error"),
                name="message_unworded",
            ),
            models.Index(
                fields=["reach_by"],
                condition=models.Q(reach_by__isnull=False),
                name="message_reach_by",
            ),
            models.Index(
                fields=["accepted_at"],
                condition=models.Q(outcome__in=["accepted", "sent"]),
                name="message_unheard",
            ),
            models.Index(fields=["created_at"], name="message_created"),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(state="done", words_seal=""),
                name="message_worded",
            ),
            models.Index(
                fields=["address_hash", "accepted_at"],
                condition=~models.Q(address_hash=""),
                name="message_to_address",
            ),
            models.Index(
                fields=["follows"],
                condition=models.Q(follows__isnull=False),
                name="message_followers",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} by {self.channel}"


class Receipt(models.Model):
    """What a provider said about a message, as it said it; kept even when no message is known.

    ``message`` is whose it is, once that is known; then it is ``matched``.
    """

    provider = models.CharField(max_length=40)
    reference = models.CharField(max_length=120)
    status = models.CharField(max_length=40)
    raw_hash = models.CharField(max_length=64)
    code = models.CharField(max_length=20, blank=True, default="", db_default="")
    call_id = models.BigIntegerField(null=True, help_text="the inbound call that holds it whole")
    matched = models.BooleanField(default=False)
    message = models.ForeignKey(
        Message,
        null=True,
        on_delete=models.CASCADE,
        related_name="receipts",
        db_constraint=False,
        db_index=False,
    )
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "reference", "status", "raw_hash"], name="receipt_once"
            )
        ]
        indexes = [
            models.Index(fields=["message"], name="receipt_message"),
            models.Index(
                fields=["received_at"],
                condition=models.Q(matched=False),
                name="receipt_unmatched",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.status}"
