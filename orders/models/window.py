"""Places in pickup windows: who has one, and on which days there are more or fewer."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.db import models
from django.db.models import F, Q

from hub.history import RuleHistory
from hub.stores.models import Store
from inventory.models import Hold


class WindowBooking(models.Model):
    """One place in a store's pickup window, from ``start`` on.

    ``reference`` is a fulfillment order's public id, or a hold's as long as the cart is not an
    order: with a ``hold`` the place is taken exactly as long as the hold lives.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    start = models.DateTimeField()
    reference = models.CharField(max_length=30, unique=True)
    hold = models.ForeignKey(
        Hold, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )

    class Meta:
        indexes = [models.Index(fields=["store", "start"], name="window_booking_places")]

    def __str__(self) -> str:
        return f"{self.reference} at {self.start}"


class SlotCapacity(models.Model):
    """On one day, windows that begin in a span of the store's day have another number of places.

    Where spans overlap the smallest number holds.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="slot_capacities")
    date = models.DateField()
    begins = models.TimeField(default=time(0), help_text="windows that begin at or after this time")
    ends = models.TimeField(default=time(23, 59), help_text="and before this one")
    orders = models.PositiveSmallIntegerField(help_text="orders per window; 0: none")
    reason = models.CharField(max_length=100, blank=True)
    history: Any = RuleHistory()

    class Meta:
        ordering = ["store", "date", "begins"]
        verbose_name_plural = "slot capacities"
        constraints = [
            models.UniqueConstraint(fields=["store", "date", "begins"], name="slot_capacity_once"),
            models.CheckConstraint(condition=Q(ends__gt=F("begins")), name="slot_capacity_forward"),
        ]

    def __str__(self) -> str:
        return f"{self.orders} on {self.date}"
