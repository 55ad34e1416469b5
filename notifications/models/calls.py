"""Customers whom no message reached: somebody at the store picks up the telephone."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from hub.stores.models import Store
from notifications.models.message import Message


class CallTask(models.Model):
    """Somebody should call the customer of this pickup; one open task for each.

    A call that nobody took counts in ``tries`` and leaves the task open.
    """

    class Outcome(models.TextChoices):
        REACHED = "reached"
        VOICEMAIL = "voicemail", "left a message"
        WRONG_NUMBER = "wrong_number"
        NO_ANSWER = "no_answer"
        NOT_NEEDED = "not_needed", "no longer needed"

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="call_tasks")
    fulfillment_id = models.BigIntegerField()
    order_id = models.BigIntegerField(db_index=True)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="call_tasks")
    reason = models.CharField(max_length=60)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    note = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    tried_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["fulfillment_id"],
                condition=models.Q(closed_at__isnull=True),
                name="call_one_open",
            )
        ]
        indexes = [
            models.Index(
                fields=["store", "opened_at"],
                condition=models.Q(closed_at__isnull=True),
                name="call_open",
            )
        ]

    def __str__(self) -> str:
        return f"call {self.pk}: {self.reason}"
