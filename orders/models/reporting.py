"""What the days of each store came to: sums of what happened, made by ``orders.reporting``.

Rows can be added up: counts, sums, and numbers by bucket for percentiles. A row without a store
is of the whole chain. ``day`` is the store's own: a part of an order counts on the day on which
its store got it, a visit on the day of the arrival, a shortfall on the day it was found. Test
orders are left out.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from hub.stores.models import Store
from inventory.models import Item


class DayOfStore(models.Model):
    """A row of one store's day, or (``store`` empty) of the whole chain's."""

    store = models.ForeignKey(
        Store,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    day = models.DateField()

    class Meta:
        abstract = True


class DayFigures(DayOfStore):
    """Counts of one day. Of goods by weight a line counts as one unit."""

    placed = models.PositiveIntegerField(default=0, help_text="parts that the store got")
    accepted = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0, help_text="turned down, or not accepted")
    ready = models.PositiveIntegerField(default=0)
    completed = models.PositiveIntegerField(default=0)
    expired = models.PositiveIntegerField(default=0, help_text="not collected")
    due = models.PositiveIntegerField(default=0, help_text="ready, or should be")
    in_time = models.PositiveIntegerField(default=0, help_text="ready by the newest promise")
    kept = models.PositiveIntegerField(default=0, help_text="ready by the first promise")
    asked = models.PositiveIntegerField(default=0, help_text="units of what was picked")
    filled = models.PositiveIntegerField(default=0, help_text="picked as ordered")
    substituted = models.PositiveIntegerField(default=0)
    short = models.PositiveIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0, help_text="offers of substitutes")
    taken = models.PositiveIntegerField(default=0, help_text="offers accepted")
    arrived = models.PositiveIntegerField(default=0, help_text="visits")
    gone = models.PositiveIntegerField(default=0, help_text="visits that ended with nothing")
    pos_lists = models.PositiveIntegerField(default=0, help_text="pick lists for the POS")
    pos_pushed = models.PositiveIntegerField(default=0)
    shortfalls = models.PositiveIntegerField(default=0, help_text="items sold that are not there")

    class Meta:
        verbose_name = "report"
        constraints = [
            models.UniqueConstraint(
                fields=["store", "day"], nulls_distinct=False, name="day_figures_once"
            )
        ]
        indexes = [models.Index(fields=["day"], name="day_figures_day")]

    def __str__(self) -> str:
        return f"{self.day} of {self.store_id or 'the chain'}"


class Stretch(models.TextChoices):
    """Lengths of time that are counted by bucket; the first three in the store's open time."""

    ACCEPT = "accept"
    PICK = "pick"
    READY = "ready"
    LATE = "late"
    POS = "pos"
    WAIT = "wait"
    DWELL = "dwell"


class DayTimes(DayOfStore):
    """How long something took on one day: ``count`` times, ``seconds`` in all.

    ``counts[i]`` of them lay in the bucket ``buckets[i]`` (see ``orders.reporting.buckets``).
    """

    stretch = models.CharField(max_length=8)
    count = models.PositiveIntegerField()
    seconds = models.BigIntegerField()
    buckets = ArrayField(models.SmallIntegerField())
    counts = ArrayField(models.IntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "day", "stretch"], nulls_distinct=False, name="day_times_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["stretch", "store", "day"],
                include=["count", "seconds"],
                name="day_times_read",
            ),
            models.Index(fields=["day"], name="day_times_day"),
        ]

    def __str__(self) -> str:
        return f"{self.stretch} on {self.day} of {self.store_id or 'the chain'}"


class DayReason(models.Model):
    """Why goods were missing or parts turned down on one day of one store.

    ``count`` are units for the kinds about goods, which name the ``item``, else parts.
    """

    class Kind(models.TextChoices):
        SHORT = "short", "units not found"
        REJECTED = "rejected", "parts turned down"
        REJECTED_ITEM = "item", "units turned down"

    store = models.ForeignKey(
        Store, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    day = models.DateField()
    kind = models.CharField(max_length=8, choices=Kind)
    reason = models.CharField(max_length=20)
    item = models.ForeignKey(
        Item,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "day", "kind", "reason", "item"],
                nulls_distinct=False,
                name="day_reason_once",
            )
        ]
        indexes = [models.Index(fields=["kind", "day"], name="day_reason_kind")]

    def __str__(self) -> str:
        return f"{self.reason} on {self.day} of {self.store_id}"


class RollupMark(models.Model):
    """How far the days are made up: facts up to ``fact_id`` are in them for certain."""

    name = models.CharField(max_length=20, unique=True)
    fact_id = models.BigIntegerField(default=0)
    ran_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(fact_id__gte=0), name="rollup_mark")]

    def __str__(self) -> str:
        return f"{self.name} up to {self.fact_id}"
