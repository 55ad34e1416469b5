"""One step that a person asked for on many parts at once, and what came of each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from hub.ids import new_id
from orders.models.fulfillment import FulfillmentOrder


def _run_id() -> str:
    return new_id("blk")


class BulkRun(models.Model):
    """What was asked for. The same token again finds it, and shows what came of it."""

    public_id = models.CharField(max_length=30, unique=True, default=_run_id, editable=False)
    token = models.CharField(max_length=64, unique=True)
    action = models.CharField(max_length=20)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.public_id


class BulkResult(models.Model):
    """What came of one part: it is written in the commit of its effect, and the first one stays."""

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="results")
    fulfillment = models.ForeignKey(FulfillmentOrder, on_delete=models.CASCADE, related_name="+")
    done = models.BooleanField()
    code = models.CharField(max_length=60, blank=True, help_text="of the refusal")
    words = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "fulfillment"], name="bulk_result_once")
        ]

    def __str__(self) -> str:
        return f"{self.fulfillment_id}: {self.words}"
