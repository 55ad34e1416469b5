"""What of availability changed, and what sites have been told of it."""

from __future__ import annotations

from typing import Any

from django.db import models

from hub.history import RuleHistory
from hub.stores.models import SalesChannel, Store
from inventory.models.item import Item


class OfScope(models.Model):
    """What of availability changed: an item in a store, or all that a rule applies to.

    Empty members mean all: every store, item, category, sales channel. Written by triggers, next
    to the change itself; without foreign keys, so that this locks no row of another table.
    """

    store_id = models.BigIntegerField(null=True)
    item_id = models.BigIntegerField(null=True)
    category = models.CharField(max_length=60, blank=True, default="", db_default="")
    channel_id = models.BigIntegerField(null=True)

    class Meta:
        abstract = True


class StockTouch(OfScope):
    """A change that has no place in the feed yet; gone once it has."""

    def __str__(self) -> str:
        return f"{self.item_id} at {self.store_id}"


class StockChange(OfScope):
    """The latest change of an item in a store, or of a rule, at its place in the change feed.

    Places are given out by one transaction at a time, so they become visible in their order.
    """

    position = models.BigIntegerField(unique=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store_id", "item_id", "category", "channel_id"],
                nulls_distinct=False,
                name="stock_change_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.item_id} at {self.store_id}"


class SignalRule(models.Model):
    """From how many units down a sales channel calls an item low; with it, crossings are told.

    ``told_position`` is the place in the change feed up to which they have been. What stands there
    up to ``quiet_position`` was so before the rule, and has still to be learned without being
    told.
    """

    channel = models.OneToOneField(
        SalesChannel, on_delete=models.CASCADE, related_name="signal_rule"
    )
    low_units = models.PositiveIntegerField(default=3)
    told_position = models.BigIntegerField(default=0, editable=False)
    quiet_position = models.BigIntegerField(default=0, db_default=0, editable=False)
    history: Any = RuleHistory(excluded_fields=["told_position", "quiet_position"])

    def __str__(self) -> str:
        return f"low at {self.low_units}"


class StockSignal(models.Model):
    """What a sales channel was last told of an item in a store."""

    class State(models.TextChoices):
        IN_STOCK = "in_stock"
        LOW = "low"
        OUT = "out"

    channel = models.ForeignKey(SalesChannel, on_delete=models.CASCADE, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=State)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "store", "item"], name="stock_signal_once")
        ]

    def __str__(self) -> str:
        return f"{self.item_id} at {self.store_id}: {self.state}"
