"""Who picks what, what was scanned, and where the bags stand."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.ids import new_id
from hub.stores.models import Store
from inventory.models import Zone
from orders.models.fulfillment import FulfillmentLine, FulfillmentOrder

BARCODE_DIGITS = 9


def _batch_id() -> str:
    return new_id("bat")


def _barcode() -> str:
    """Short, so that a small label can carry it as bars: a letter and nine digits."""
    return f"B{secrets.randbelow(10**BARCODE_DIGITS):0{BARCODE_DIGITS}}"


class PickBatch(models.Model):
    """Several orders that one person picks on one way through the store.

    A batch is the zones that were claimed for it; a zone that somebody else takes over has left
    it. Sorted while picking, each order has its tote; sorted afterwards, there is only a sum.
    """

    class Sorting(models.TextChoices):
        WHILE = "while", "a tote for each order"
        AFTER = "after", "sort when all is picked"

    public_id = models.CharField(max_length=30, unique=True, default=_batch_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    picker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    sorting = models.CharField(max_length=5, choices=Sorting, default=Sorting.WHILE)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "pick batches"

    def __str__(self) -> str:
        return self.public_id


class ZonePick(models.Model):
    """The work on one temperature zone of a part: who has it, and how long its goods are warm.

    The claim holds until ``claimed_until``; each scan prolongs it. ``out_since`` is when the
    first chilled or frozen unit left the cold, ``in_since`` when its last bag was put away.
    """

    fulfillment = models.ForeignKey(
        FulfillmentOrder, on_delete=models.CASCADE, related_name="zone_picks"
    )
    zone = models.CharField(max_length=8, choices=Zone)
    picker = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    claimed_until = models.DateTimeField(null=True)
    batch = models.ForeignKey(
        PickBatch, null=True, on_delete=models.SET_NULL, related_name="zone_picks"
    )
    tote = models.CharField(max_length=20, blank=True, help_text="what its goods are put into")
    out_since = models.DateTimeField(null=True)
    in_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fulfillment", "zone"], name="zone_pick_once")
        ]
        indexes = [
            models.Index(
                fields=["out_since"],
                condition=Q(out_since__isnull=False, in_since__isnull=True),
                name="zone_pick_out_of_cold",
            )
        ]

    def __str__(self) -> str:
        return f"{self.zone} of {self.fulfillment_id}"


class PickEntry(models.Model):
    """One thing that a picker did to a line: scanned it, counted it, or did not find it.

    ``units`` are those it added to the count that its ``kind`` names: picked, or short.
    """

    class Kind(models.TextChoices):
        SCAN = "scan"
        COUNT = "count"
        SHORT = "short"
        LATER = "later"

    line = models.ForeignKey(FulfillmentLine, on_delete=models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=5, choices=Kind)
    units = models.PositiveIntegerField()
    code = models.CharField(max_length=60, blank=True, help_text="what the scanner read")
    reason = models.CharField(max_length=60, blank=True)
    by = models.CharField(max_length=60, blank=True, help_text="staff:7, key:key_…")
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "pick entries"

    def __str__(self) -> str:
        return f"{self.kind} {self.units} of {self.line_id}"


class StagingLocation(models.Model):
    """A shelf, cooler or freezer where bags wait for their customers. It ends by ``active``."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="staging_locations")
    code = models.CharField(max_length=20, help_text="as its label says: A1, COOLER 2")
    zone = models.CharField(max_length=8, choices=Zone, default=Zone.AMBIENT)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["store", "zone", "code"]
        constraints = [
            models.UniqueConstraint(fields=["store", "code"], name="staging_location_code")
        ]

    def __str__(self) -> str:
        return self.code


class Bag(models.Model):
    """A bag or tote with goods of one zone; ``number`` counts within its part of the order."""

    fulfillment = models.ForeignKey(
        FulfillmentOrder, on_delete=models.CASCADE, related_name="bag_rows"
    )
    number = models.PositiveSmallIntegerField()
    zone = models.CharField(max_length=8, choices=Zone)
    barcode = models.CharField(max_length=20, unique=True, default=_barcode)
    location = models.ForeignKey(
        StagingLocation, null=True, on_delete=models.PROTECT, related_name="bags"
    )
    staged_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["fulfillment", "number"]
        constraints = [
            models.UniqueConstraint(fields=["fulfillment", "number"], name="bag_number"),
            models.CheckConstraint(
                condition=Q(location__isnull=True, staged_at__isnull=True)
                | Q(location__isnull=False, staged_at__isnull=False),
                name="bag_staged_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return f"bag {self.number} of {self.fulfillment_id}"
