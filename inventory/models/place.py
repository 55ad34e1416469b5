"""Where goods stand in a store."""

from __future__ import annotations

from django.db import models

from hub.stores.models import Store
from inventory.models.item import Item


class ShelfPlace(models.Model):
    """Where a store keeps an item, and when on the way through the aisles one comes by it.

    An item without a place comes last on the way.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="shelves")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="places")
    location = models.CharField(max_length=40, help_text="as the shelf is labelled: aisle 4, C-12")
    sequence = models.PositiveIntegerField(
        default=0, help_text="the walk goes from the lowest number to the highest"
    )

    class Meta:
        ordering = ["store", "sequence", "location"]
        constraints = [models.UniqueConstraint(fields=["store", "item"], name="shelf_place_once")]

    def __str__(self) -> str:
        return self.location
