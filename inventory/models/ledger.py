"""Every event that changed stock, and what is known of the clocks that date them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from hub.stores.models import Store
from inventory.models.item import Item
from inventory.models.level import UnavailableState


class EventKind(models.TextChoices):
    COUNT = "count"
    ADJUSTMENT = "adjustment"
    SALE = "sale"
    RETURN = "return"
    TRANSFER = "transfer"
    MOVE = "move"
    ALLOCATION = "allocation"
    RELEASE = "release"
    HAND_OFF = "hand_off"


class InventoryEvent(models.Model):
    """One line of the stock ledger; append-only, de-duplicated on (source, source_event_id).

    ``quantity`` is absolute for a count and signed for the rest; the three ``…_change`` are what
    it did to the balance, so the ledger sums to it. ``state`` names the kind of unavailable units
    that it adds or takes away: those of a move stay on hand, others come or go with it.
    """

    source = models.CharField(max_length=60)
    source_event_id = models.CharField(max_length=120)
    # A level that is locked while its line is written has the constraints: looking once more for
    # each line would cost a tenth of a stock file's time.
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    item = models.ForeignKey(
        Item, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=12, choices=EventKind)
    quantity = models.IntegerField()
    on_hand_change = models.IntegerField(default=0)
    allocated_change = models.IntegerField(default=0)
    unavailable_change = models.IntegerField(default=0, db_default=0)
    state = models.CharField(
        max_length=13, choices=UnavailableState, blank=True, default="", db_default=""
    )
    superseded = models.BooleanField(
        default=False, help_text="older than the count in force, or told by another line already"
    )
    reason = models.CharField(max_length=40, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    occurred_at = models.DateTimeField()
    ahead_ms = models.IntegerField(
        default=0,
        db_default=0,
        help_text="by how much the source's clock ran ahead; occurred_at is less by that",
    )
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_event_id"], name="inventory_event_once"
            )
        ]
        indexes = [models.Index(fields=["store", "item", "occurred_at"], name="ledger_of_level")]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity}"


class SourceClock(models.Model):
    """How far the clock of a source runs ahead of the hub's, in one store.

    ``ahead_ms`` is below zero for a slow clock. An ``exact`` measurement compares the sender's own
    word for now with the hub's; otherwise it is learned from events that seemed to lie in the
    future, and ``samples`` are the latest of those, in milliseconds, newest last.
    """

    source = models.CharField(max_length=60)
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    ahead_ms = models.IntegerField()
    exact = models.BooleanField()
    samples = models.JSONField(default=list)
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "store"], name="source_clock_once")
        ]

    def __str__(self) -> str:
        return f"{self.source} at {self.store_id}: {self.ahead_ms} ms ahead"
