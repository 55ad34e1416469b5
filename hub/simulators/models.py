"""What the simulated world has seen: a till's pick lists, a phone's texts, a site's webhooks."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class SimulatedPickList(models.Model):
    """A pick list as a store's till received it."""

    connection = models.CharField(max_length=30)
    reference = models.CharField(max_length=60, help_text="the hub's fulfillment id")
    body = models.JSONField()
    received_at = models.DateTimeField(db_default=Now())
    canceled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "reference"], name="sim_pick_list_once")
        ]

    def __str__(self) -> str:
        return self.reference


class SimulatedText(models.Model):
    """A text on a simulated phone, in or out."""

    phone = models.CharField(max_length=20, db_index=True)
    reference = models.CharField(max_length=60, unique=True)
    body = models.TextField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.reference}"


class SimulatedSiteCall(models.Model):
    """A webhook call as the site got it, and whether its signature held."""

    webhook_id = models.CharField(max_length=60)
    verified = models.BooleanField()
    body = models.JSONField()
    received_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.webhook_id
