"""Which taps have already taken effect."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from orders.models.fulfillment import FulfillmentOrder


class ActionRecord(models.Model):
    """One step that one tap caused. The same token again finds it and has no second effect."""

    token = models.CharField(max_length=64, unique=True)
    fulfillment = models.ForeignKey(
        FulfillmentOrder, on_delete=models.PROTECT, related_name="actions"
    )
    action = models.CharField(max_length=20, help_text="accept, start, picked, ready, hand_off, …")
    actor = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.action} on {self.fulfillment_id}"
