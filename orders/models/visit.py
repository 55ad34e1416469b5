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


class Placement(models.TextChoices):
    """Where in or at the car the bags shall go."""

    TRUNK = "trunk", "boot"
    BACK_SEAT = "back_seat", "back seat"
    FRONT_SEAT = "front_seat", "front passenger seat"
    DRIVER_WINDOW = "driver_window", "driver's window"
    OUTSIDE = "outside", "outside the car"


class Spot(models.Model):
    """A numbered place in a store's pickup area.

    ``active`` false: it exists no more. ``closed_for`` is why nobody can stand there at present,
    empty when somebody can.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="spots")
    label = models.CharField(max_length=10)
    zone = models.CharField(max_length=40, blank=True)
    accessible = models.BooleanField(default=False)
    oversize = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    closed_for = models.CharField(
        max_length=80,
        blank=True,
        default="",
        db_default="",
        verbose_name="out of service",
        help_text="why nobody can park there now, such as snow; empty: it can be used",
    )

    class Meta:
        ordering = ["store", "label"]
        constraints = [models.UniqueConstraint(fields=["store", "label"], name="spot_label")]

    def __str__(self) -> str:
        return self.label


class Sign(models.Model):
    """A QR code on a post: of one spot, or without one of the store's whole pickup area.

    Its address is ``/s/<code>``. A sign that was replaced is not ``active`` and leads nowhere.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="signs")
    spot = models.ForeignKey(Spot, null=True, on_delete=models.CASCADE, related_name="signs")
    code = models.CharField(max_length=22, unique=True, help_text="not guessable, not secret")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "spot"],
                condition=Q(active=True),
                nulls_distinct=False,
                name="sign_one_per_place",
            )
        ]

    def __str__(self) -> str:
        return f"sign of {self.spot or 'the pickup area'}"


class Visit(models.Model):
    """A trip to one store. It neither implies nor blocks the state of what is collected.

    At most one active visit stands on a spot; the database sees to it. ``missing_at`` is since
    when staff cannot find the customer, ``spot_asked_at`` when he was asked where he stands,
    ``shown_at`` when a live board had his arrival on the screen, ``escalated`` the highest step
    of waiting (0 to 3) that was told. Of a shared location only ``metres`` to the store is kept.
    """

    class Source(models.TextChoices):
        PAGE = "page"
        SIGN = "sign"
        LOCATION = "location"
        TEXT = "text"
        STAFF = "staff"
        API = "api"

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
    source = models.CharField(
        max_length=8, choices=Source, default=Source.PAGE, db_default=Source.PAGE
    )
    plate_hash = models.CharField(max_length=32, blank=True, default="", db_default="")
    placement = models.CharField(
        max_length=13, choices=Placement, blank=True, default="", db_default=""
    )
    needs_accessible = models.BooleanField(default=False, db_default=False)
    needs_oversize = models.BooleanField(default=False, db_default=False)
    metres = models.PositiveIntegerField(null=True)
    located_at = models.DateTimeField(null=True)
    nearby_at = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=150, blank=True, default="", db_default="")
    claimed_at = models.DateTimeField(null=True)
    missing_at = models.DateTimeField(null=True)
    spot_asked_at = models.DateTimeField(null=True)
    shown_at = models.DateTimeField(null=True)
    escalated = models.PositiveSmallIntegerField(default=0, db_default=0)
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
            ),
            models.Index(
                fields=["store", "arrived_at"],
                condition=Q(arrived_at__isnull=False),
                name="visit_arrived",
            ),
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


class StrayArrival(models.Model):
    """Somebody who came to the wrong store: its staff learn that, and nothing else of him."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="strays")
    spot = models.ForeignKey(Spot, null=True, on_delete=models.SET_NULL, related_name="+")
    fulfillment = models.ForeignKey(
        FulfillmentOrder, on_delete=models.CASCADE, related_name="strays"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    seen_at = models.DateTimeField(null=True, help_text="when staff put the note aside")

    class Meta:
        indexes = [
            models.Index(
                fields=["store", "created_at"], condition=Q(seen_at__isnull=True), name="stray_open"
            )
        ]

    def __str__(self) -> str:
        return f"stray at {self.store_id}"
