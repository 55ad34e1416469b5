"""Links that let a customer in without a log-in: 128 random bits, only their hash is kept."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Link(models.Model):
    """One token for one purpose and subject.

    ``read_only_at`` ends acting, ``expires_at`` reading.
    """

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    purpose = models.CharField(max_length=20, help_text="pickup, preferences")
    subject = models.CharField(max_length=60, help_text="such as fulfillment:17")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    read_only_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["purpose", "subject"], name="link_subject")]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.subject}"
