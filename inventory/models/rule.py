"""What is not promised although it lies there: safety stock, buffers, stops."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Now

from hub.history import RuleHistory
from hub.stores.models import SalesChannel, Store
from inventory.models.item import Item


class SafetyStock(models.Model):
    """Units never sold online: of an item or a category, or of anything, in a store or everywhere.

    The most specific row wins: store + item, store + category, store, item, category, everywhere.
    """

    store = models.ForeignKey(
        Store, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    category = models.CharField(max_length=60, blank=True)
    item = models.ForeignKey(
        Item, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    units = models.PositiveIntegerField()
    history: Any = RuleHistory()

    class Meta:
        verbose_name_plural = "safety stock"
        constraints = [
            models.UniqueConstraint(
                fields=["store", "category", "item"],
                nulls_distinct=False,
                name="safety_stock_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.units} units"

    def clean(self) -> None:
        """Refuse a rule for both an item and a category: it would never apply."""
        if self.item_id and self.category:
            raise ValidationError("Name an item or a category, not both.", code="item_and_category")


class ChannelBuffer(models.Model):
    """Units hidden from one sales channel: in every store ``units`` and ``percent`` of those that
    could be sold there (rounded up), and ``network_units`` once, from the sum over all stores."""

    channel = models.OneToOneField(SalesChannel, on_delete=models.CASCADE, related_name="buffer")
    units = models.PositiveIntegerField(default=0)
    percent = models.PositiveSmallIntegerField(
        default=0, db_default=0, validators=[MaxValueValidator(100)]
    )
    network_units = models.PositiveIntegerField(default=0, db_default=0)
    history: Any = RuleHistory()

    def __str__(self) -> str:
        return f"{self.units} units hidden from {self.channel_id}"


class SalesStop(models.Model):
    """An item that is not sold for pickup, whatever lies on the shelf: in one store or everywhere,
    through one sales channel or all. It works at once: one for all channels also sets ``stopped``
    on the levels themselves, where the guard of every reservation sees it."""

    class Reason(models.TextChoices):
        NOT_FOR_PICKUP = "not_for_pickup"
        SUPPRESSED_FOR_CHANNEL = "suppressed_for_channel"
        RECALLED = "recalled"
        SHORT_PICK = "short_pick"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="stops")
    store = models.ForeignKey(
        Store, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    channel = models.ForeignKey(
        SalesChannel, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    reason = models.CharField(max_length=22, choices=Reason)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.CharField(
        max_length=150, blank=True, default="", db_default="", editable=False
    )
    history: Any = RuleHistory(worth=lambda stop: stop.by_person)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "store", "channel", "reason"],
                nulls_distinct=False,
                name="sales_stop_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.item}, {self.reason.replace('_', ' ')}"

    @property
    def by_person(self) -> bool:
        """Whether staff made it; recalls and short picks make and lift their own, and tell it."""
        return self.reason in (self.Reason.NOT_FOR_PICKUP, self.Reason.SUPPRESSED_FOR_CHANNEL)
