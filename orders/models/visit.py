"""One customer's trip to the curb, apart from the state of the goods."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.crypto import EncryptedTextField
from hub.ids import new_id
from hub.stores.models import Store
from orders.models.fulfillment import FulfillmentOrder


def _visit_id() -> str:
    return new_id("vis")


class VisitStatus(models.TextChoices):
    ON_MY_WAY = "on_my_way"
    NEARBY = "nearby"
    ARRIVED = "arrived"
    BEING_SERVED = "being_served"
    DONE = "done"
    LEFT = "left"
    WRONG_STORE = "wrong_store"


ACTIVE_VISIT = ["on_my_way", "nearby", "arrived", "being_served"]


class Spot(models.Model):
    """A numbered place in a store's pickup area."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="spots")
    label = models.CharField(max_length=10)
    zone = models.CharField(max_length=40, blank=True)
    accessible = models.BooleanField(default=False)
    oversize = models.BooleanField(default=False)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["store", "label"]
        constraints = [models.UniqueConstraint(fields=["store", "label"], name="spot_label")]

    def __str__(self) -> str:
        return self.label


class Visit(models.Model):
    """A trip to one store. It neither implies nor blocks the state of what is collected.

    At most one active visit stands on a spot; the database sees to it.
    """

    public_id = models.CharField(max_length=30, unique=True, default=_visit_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="visits")
    status = models.CharField(max_length=12, choices=VisitStatus, default=VisitStatus.ON_MY_WAY)
    version = models.PositiveIntegerField(default=1)
    spot = models.ForeignKey(Spot, null=True, on_delete=models.PROTECT, related_name="visits")
    place = models.CharField(max_length=35, blank=True, help_text="where, in the customer's words")
    vehicle = EncryptedTextField(default="")
    eta = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    served_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["spot"],
                condition=Q(status__in=ACTIVE_VISIT, spot__isnull=False),
                name="visit_one_per_spot",
            )
        ]
        indexes = [
            models.Index(
                fields=["store", "arrived_at"],
                condition=Q(status__in=ACTIVE_VISIT),
                name="visit_board",
            )
        ]

    def __str__(self) -> str:
        return self.public_id


class VisitPickup(models.Model):
    """What a visit has come for; a fulfillment order is in one unended visit at most."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="pickups")
    fulfillment = models.ForeignKey(
        FulfillmentOrder, on_delete=models.PROTECT, related_name="visit_pickups"
    )
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fulfillment"], condition=Q(active=True), name="pickup_in_one_visit"
            )
        ]

    def __str__(self) -> str:
        return f"{self.fulfillment_id} in {self.visit_id}"
