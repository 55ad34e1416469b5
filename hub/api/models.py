"""What the REST door needs to remember: keys, answered requests, counters."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from hub.ids import new_id
from hub.stores.models import SalesChannel, Store


def _key_id() -> str:
    return new_id("key")


class ApiKey(models.Model):
    """A site's or integrator's credential. Only its SHA-256 is kept; it is shown once.

    No stores named means all stores. Orders of a test key never reach a real phone or POS.
    """

    public_id = models.CharField(max_length=30, unique=True, default=_key_id, editable=False)
    name = models.CharField(max_length=100)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=8, editable=False, help_text="its last four characters")
    channel = models.ForeignKey(SalesChannel, on_delete=models.PROTECT, related_name="api_keys")
    scopes = models.JSONField(default=list)
    stores = models.ManyToManyField(Store, blank=True, related_name="+")
    is_test = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} …{self.hint}"


class IdempotencyRecord(models.Model):
    """The first reply to a key, stored with its effect in one commit and replayed byte for byte."""

    channel = models.ForeignKey(
        SalesChannel, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    route = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), editable=False, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "route", "key"], name="idempotency_once")
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"


class RateCounter(models.Model):
    """Requests counted against one bucket in one window; one row per bucket, reused."""

    bucket = models.CharField(max_length=120, unique=True)
    window_start = models.DateTimeField()
    used = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.bucket}: {self.used}"
