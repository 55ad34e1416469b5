"""Calls from outside systems, verified on their raw bytes and kept once each."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from hub.crypto import EncryptedTextField


class InboundCall(models.Model):
    """One authentic call. ``source`` is the connection's public id or ``sms:<connector>``."""

    source = models.CharField(max_length=60)
    event_id = models.CharField(max_length=120)
    body = EncryptedTextField(help_text="the raw body, UTF-8")
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "event_id"], name="inbound_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.event_id}"
