"""Who carries texts and e-mails: accounts, how fast they may be used, and what they cost."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Now

from hub.crypto import EncryptedTextField
from hub.history import RuleHistory
from hub.ids import new_id


def _provider_id() -> str:
    return new_id("prv")


class Provider(models.Model):
    """One account with a carrier of messages; the active ones of a channel are tried by rank.

    ``name`` is the end of its lane (``sms:<name>``) and of the address of its callbacks, so it
    never changes. Two secrets of each kind are valid while one is being replaced.
    """

    class Channel(models.TextChoices):
        SMS = "sms"
        EMAIL = "email"

    public_id = models.CharField(max_length=30, unique=True, default=_provider_id, editable=False)
    name = models.SlugField(max_length=30, unique=True)
    channel = models.CharField(max_length=10, choices=Channel)
    connector = models.CharField(max_length=40, help_text="such as twilio, kannel, http, handset")
    rank = models.PositiveSmallIntegerField(default=1, help_text="1 is tried first")
    active = models.BooleanField(default=True)
    base_url = models.URLField(max_length=300, blank=True, help_text="empty: the vendor's usual")
    account = models.CharField(max_length=120, blank=True, help_text="account or user name there")
    secret = EncryptedTextField(default="", blank=True, help_text="token or password for calls")
    callback_secret = EncryptedTextField(default="", blank=True, help_text="signs what they send")
    previous_callback_secret = EncryptedTextField(null=True, blank=True)
    sender = models.CharField(max_length=20, blank=True, help_text="number or name texts come from")
    options = models.JSONField(default=dict, blank=True, help_text="what only this connector knows")
    per_second = models.PositiveSmallIntegerField(default=20, help_text="messages, on average")
    burst = models.PositiveSmallIntegerField(default=40, help_text="messages at once")
    price_micros = models.PositiveIntegerField(
        default=0, help_text="of one segment, in millionths of the currency"
    )
    currency = models.CharField(max_length=3, default="EUR", help_text="ISO 4217")
    daily_cap_micros = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="most to be spent a day (UTC), in millionths"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    history: Any = RuleHistory(
        excluded_fields=["secret", "callback_secret", "previous_callback_secret"]
    )

    class Meta:
        ordering = ["channel", "rank", "id"]

    def __str__(self) -> str:
        return self.name


class Bucket(models.Model):
    """How many messages a provider may be given at once; filled by the database's clock."""

    provider = models.CharField(max_length=30, primary_key=True)
    tokens = models.FloatField()
    filled_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.provider


class Spending(models.Model):
    """What one provider was used for on one day (UTC), counted when a message is handed over."""

    provider = models.CharField(max_length=30)
    day = models.DateField()
    messages = models.PositiveIntegerField(default=0)
    segments = models.PositiveIntegerField(default=0)
    micros = models.PositiveBigIntegerField(default=0, help_text="millionths of its currency")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "day"], name="spending_once")]

    def __str__(self) -> str:
        return f"{self.provider} {self.day}"
