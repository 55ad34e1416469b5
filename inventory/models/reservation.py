"""Units set aside: holds for carts, allocations for placed orders."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from hub.ids import new_id
from hub.stores.models import SalesChannel, Store
from inventory.models.item import Item


def _hold_id() -> str:
    return new_id("hld")


class Hold(models.Model):
    """Units set aside for a cart until ``expires_at``; pinned to one store, all lines or none."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        CONVERTED = "converted"
        RELEASED = "released"
        EXPIRED = "expired"

    public_id = models.CharField(max_length=30, unique=True, default=_hold_id, editable=False)
    channel = models.ForeignKey(SalesChannel, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="holds")
    status = models.CharField(max_length=9, choices=Status, default=Status.ACTIVE)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(status="active"), name="hold_expiry")
        ]

    def __str__(self) -> str:
        return self.public_id


class HoldLine(models.Model):
    """Units of one item within a hold."""

    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, related_name="lines", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hold", "item"], name="hold_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="hold_line_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} x {self.quantity}"


class Allocations(models.QuerySet["Allocation"]):
    """Rows of allocations."""

    def still_open(self) -> Allocations:
        """Those that still have units; an index knows them."""
        return self.filter(quantity__gt=F("released") + F("handed_off"))


class Allocation(models.Model):
    """Units of a placed order. ``quantity = released + handed_off + still allocated``.

    ``reference`` is the fulfillment order's public id: this app does not know orders.
    """

    reference = models.CharField(max_length=60)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    quantity = models.PositiveIntegerField()
    released = models.PositiveIntegerField(default=0)
    handed_off = models.PositiveIntegerField(default=0)
    channel = models.ForeignKey(
        SalesChannel,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="the site that sold them",
    )
    promised_at = models.DateTimeField(null=True, help_text="when the customer expects them")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = Allocations.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference", "item"], name="allocation_once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("released") + F("handed_off")),
                name="allocation_not_overspent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["store", "item"],
                condition=Q(quantity__gt=F("released") + F("handed_off")),
                name="allocation_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.item_id} x {self.quantity}"

    @property
    def left(self) -> int:
        """Units that neither came back nor left the store."""
        return self.quantity - self.released - self.handed_off
