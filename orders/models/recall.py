"""Orders that have, or had, goods which were called back."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from inventory.models import Recall
from orders.models.fulfillment import FulfillmentOrder
from orders.models.order import Block


class RecalledPart(models.Model):
    """A store's part of an order with recalled goods, as far as they were when it was called back.

    ``settled_at`` is when it was seen to: a part under way got its ``block``, of one that was
    collected the fact was published. ``cleared_by`` let it move on.
    """

    class Stage(models.TextChoices):
        ALLOCATED = "allocated", "not picked yet"
        STAGED = "staged", "picked, waiting"
        COLLECTED = "collected", "collected"

    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, related_name="parts")
    fulfillment = models.ForeignKey(
        FulfillmentOrder, on_delete=models.PROTECT, related_name="recalls"
    )
    stage = models.CharField(max_length=9, choices=Stage)
    units = models.PositiveIntegerField()
    block = models.ForeignKey(Block, null=True, on_delete=models.SET_NULL, related_name="+")
    cleared_by = models.CharField(max_length=150, blank=True, default="", db_default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recall", "fulfillment"], name="recalled_part_once")
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(settled_at__isnull=True), name="recalled_part_unsettled"
            )
        ]

    def __str__(self) -> str:
        return f"{self.fulfillment_id} in {self.recall_id}"
