"""Stock files: how a source writes them, what came, and what became of it."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

from hub.history import RuleHistory
from hub.ids import new_id
from hub.stores.models import Store


def _file_id() -> str:
    return new_id("fil")


class StoreFeed(models.Model):
    """When a store's last complete stock snapshot was true."""

    store = models.OneToOneField(Store, on_delete=models.CASCADE, related_name="stock_feed")
    counted_as_of = models.DateTimeField()
    expected_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="how often a snapshot should come; each one missed hides a unit of everything, "
        "four missed hide all; empty: silence is fine",
    )
    missed_told = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="missed snapshots that sites know of"
    )
    history: Any = RuleHistory(excluded_fields=["counted_as_of", "missed_told"])

    def __str__(self) -> str:
        return f"{self.store} as of {self.counted_as_of:%Y-%m-%d %H:%M}"


class FeedLayout(models.Model):
    """How a source writes its stock files, and what to make of them.

    ``columns`` maps our names (sku, on_hand, store; of deltas id, kind, quantity, occurred_at,
    reason, reference, state) to the file's; those left out are called as we call them.
    """

    code = models.SlugField(max_length=40, unique=True, help_text="also its drop folder's name")
    source = models.CharField(max_length=60, help_text="who counts; a POS by its id")
    columns = models.JSONField(default=dict, blank=True)
    delimiter = models.CharField(max_length=1, default=",")
    encoding = models.CharField(
        max_length=12,
        default="utf-8",
        choices=[("utf-8", "UTF-8"), ("cp1252", "Windows-1252"), ("utf-16", "UTF-16")],
    )
    code_systems = models.JSONField(
        default=list, blank=True, help_text="tried in this order; empty: sku, gtin"
    )
    store = models.ForeignKey(
        Store,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="of files without a column store",
    )
    mode = models.CharField(
        max_length=8, default="snapshot", choices=[("snapshot", "snapshot"), ("delta", "delta")]
    )
    complete = models.BooleanField(
        default=False, help_text="what a store's lines do not name is zero"
    )
    policy = models.CharField(
        max_length=11,
        default="reject_rows",
        choices=[("reject_rows", "leave bad rows out"), ("reject_file", "take all rows or none")],
    )
    most_drop_percent = models.PositiveSmallIntegerField(
        default=40,
        validators=[MaxValueValidator(100)],
        help_text="a snapshot that cuts a store's units by more waits for a person",
    )
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class StockFile(models.Model):
    """A stock file that came in, and how far the hub is with it.

    The same content from the same source is taken once. ``lines_done`` is committed with the
    chunk it counts, so that a run which died goes on there. ``preview`` tells a person what a
    parked file would do. ``reach`` lists the ids of the only stores that its sender may speak
    for (other stores' lines are refused as of unknown stores); null: all.
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        PARKED = "parked"
        DONE = "done"
        REFUSED = "refused"

    public_id = models.CharField(max_length=30, unique=True, default=_file_id, editable=False)
    name = models.CharField(max_length=200)
    layout = models.ForeignKey(
        FeedLayout, null=True, on_delete=models.PROTECT, related_name="files"
    )
    source = models.CharField(max_length=60)
    store = models.ForeignKey(Store, null=True, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=8, default="snapshot")
    complete = models.BooleanField(default=False)
    policy = models.CharField(max_length=11, default="reject_rows")
    as_of = models.DateTimeField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content, in hex")
    size = models.BigIntegerField(help_text="bytes as they came")
    path = models.CharField(max_length=300, help_text="below the folder of feeds; empty: gone")
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    problem_code = models.CharField(max_length=40, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    lines = models.BigIntegerField(null=True, help_text="known once it was read through")
    lines_done = models.BigIntegerField(default=0)
    lines_refused = models.BigIntegerField(default=0)
    result = models.JSONField(default=dict)
    preview = models.JSONField(default=dict)
    approved_by = models.CharField(max_length=150, blank=True)
    received_by = models.CharField(max_length=150, blank=True)
    reach = models.JSONField(null=True)
    received_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "digest", "mode", "store", "as_of"],
                nulls_distinct=False,
                name="stock_file_once",
            )
        ]

    def __str__(self) -> str:
        return self.name


class RefusedLine(models.Model):
    """A line of a stock file that was left out, and why."""

    file = models.ForeignKey(StockFile, on_delete=models.CASCADE, related_name="refused")
    line = models.BigIntegerField()
    code = models.CharField(max_length=40)
    detail = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "line"], name="refused_line_once")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.code}"


class UnmappedCode(models.Model):
    """A code in a source's files that stands for no item yet; gone once it does."""

    source = models.CharField(max_length=60)
    code = models.CharField(max_length=60)
    times = models.BigIntegerField(default=1)
    file = models.ForeignKey(StockFile, null=True, on_delete=models.SET_NULL, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "code"], name="unmapped_once")]

    def __str__(self) -> str:
        return self.code
