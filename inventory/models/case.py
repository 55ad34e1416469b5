"""What needs a person: promises that cannot be kept, and goods called back."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.ids import new_id
from hub.stores.models import Store
from inventory.models.item import Item


def _recall_id() -> str:
    return new_id("rcl")


class ShortfallCase(models.Model):
    """A truthful count below what is promised: units that somebody will have to go without."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "item"],
                condition=Q(closed_at__isnull=True),
                name="shortfall_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"shortfall of {self.item_id} at {self.store_id}"


class Recall(models.Model):
    """A product, or one lot of it, called back: not sold anywhere from the commit on.

    A lot cannot be told from the others by a counter, so all of the product stops until the store
    has pulled that lot; a whole product stays stopped until the recall is closed.
    """

    public_id = models.CharField(max_length=30, unique=True, default=_recall_id, editable=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="recalls")
    lot = models.CharField(max_length=60, blank=True, help_text="empty: every unit")
    reason = models.CharField(max_length=200)
    sold_since = models.DateTimeField(
        null=True, blank=True, help_text="who collected since then is told; empty: everybody"
    )
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    opened_by = models.CharField(max_length=150, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    closed_by = models.CharField(max_length=150, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.public_id}: {self.reason}"


class PullTask(models.Model):
    """Units of a recalled item to be taken from the shelves of one store."""

    recall = models.ForeignKey(Recall, on_delete=models.CASCADE, related_name="tasks")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    units_expected = models.PositiveIntegerField(help_text="on hand when the recall was opened")
    units_pulled = models.PositiveIntegerField(null=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["store_id"]
        constraints = [
            models.UniqueConstraint(fields=["recall", "store"], name="pull_task_once"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, units_pulled__isnull=True)
                | Q(done_at__isnull=False, units_pulled__isnull=False),
                name="pull_task_done_with_units",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recall_id} at {self.store_id}"
