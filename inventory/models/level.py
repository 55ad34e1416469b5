"""What lies in a store: the counters, and the units of them that cannot be sold."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hub.stores.models import Store
from inventory.models.item import Item


class StockLevel(models.Model):
    """The counters of one item in one store, each changed only by guarded UPDATEs.

    ``allocated + held <= on_hand - unavailable``, or an open ShortfallCase covers the difference.
    No index holds a counter, so that changing one writes to no index.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="stock", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="stock")
    on_hand = models.IntegerField(default=0)
    deficit = models.IntegerField(
        default=0,
        db_default=0,
        help_text="units that left beyond what was counted; the next ones to come make up for them",
    )
    unavailable = models.IntegerField(
        default=0, help_text="damaged, quality check, display, recalled; see UnavailableUnits"
    )
    allocated = models.IntegerField(default=0)
    held = models.IntegerField(default=0)
    stopped = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="not sold through any channel; follows SalesStop by trigger",
    )
    counted_at = models.DateTimeField(null=True, help_text="when the last count was true")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "item"], name="stock_once"),
            models.CheckConstraint(
                condition=Q(on_hand__gte=0, unavailable__gte=0, allocated__gte=0, held__gte=0),
                name="stock_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} in {self.store}"


class UnavailableState(models.TextChoices):
    DAMAGED = "damaged"
    QUALITY_CHECK = "quality_check"
    DISPLAY = "display"
    RECALLED = "recalled"


class UnavailableUnits(models.Model):
    """Units on hand that cannot be sold, by the reason why. StockLevel.unavailable is their sum.

    ``units`` may be below zero while the news that they came has not arrived; it counts as zero.
    Written only with the level's row locked.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=13, choices=UnavailableState)
    units = models.IntegerField()

    class Meta:
        verbose_name_plural = "unavailable units"
        constraints = [
            models.UniqueConstraint(fields=["store", "item", "state"], name="unavailable_once")
        ]

    def __str__(self) -> str:
        return f"{self.units} {self.state}"


class IncomingUnits(models.Model):
    """Units on their way to a store: shown, never sold. ``reference`` names the delivery."""

    source = models.CharField(max_length=60)
    reference = models.CharField(max_length=120)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    units = models.PositiveIntegerField()
    expected_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "incoming units"
        constraints = [
            models.UniqueConstraint(
                fields=["source", "reference", "store", "item"], name="incoming_once"
            )
        ]
        indexes = [models.Index(fields=["store", "item", "expected_at"], name="incoming_of_level")]

    def __str__(self) -> str:
        return f"{self.units} expected {self.expected_at:%Y-%m-%d}"
