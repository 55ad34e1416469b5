"""What a store's POS was told of a part, what it told the hub, and where the two disagree."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.stores.models import PosConnection
from inventory.models import Item
from orders.models.fulfillment import FulfillmentOrder


class PosList(models.Model):
    """The pick list of one part, as far as its store's POS has it.

    ``revision`` is the one that the POS has for certain, 0 for none. While ``in_doubt`` nobody
    knows whether the last call took effect: it is looked up before it is repeated. ``edited`` is
    what a person put in the place of lines and note: {"revision", "note", "lines"}.
    """

    fulfillment = models.OneToOneField(
        FulfillmentOrder, on_delete=models.PROTECT, related_name="pos_list"
    )
    revision = models.PositiveIntegerField(default=0)
    in_doubt = models.BooleanField(default=False)
    pushed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    alarmed_at = models.DateTimeField(null=True, help_text="when its silence was told")
    told = models.CharField(max_length=20, blank=True, help_text="the POS's own last status of it")
    told_at = models.DateTimeField(null=True, help_text="when that was true, by the POS")
    edited = models.JSONField(null=True)
    edited_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = "pick list at the POS"
        verbose_name_plural = "pick lists at the POS"

    def __str__(self) -> str:
        return f"pick list of {self.fulfillment_id}"


class PosWaiting(models.Model):
    """Something that a POS told of a part which is not there (yet).

    It is matched when the part appears; after seven days a person looks (``given_up_at``).
    """

    connection = models.ForeignKey(PosConnection, on_delete=models.PROTECT, related_name="+")
    type = models.CharField(max_length=60)
    named = models.CharField(max_length=60, help_text="the fulfillment id as the POS wrote it")
    data = models.JSONField()
    received_at = models.DateTimeField()
    matched_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    dismissed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = "answer about nothing we know"
        verbose_name_plural = "answers about nothing we know"
        indexes = [
            models.Index(
                fields=["named"],
                condition=Q(matched_at__isnull=True),
                name="pos_waiting_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.type} of {self.named}"


class PosReceipt(models.Model):
    """A receipt that a POS printed, once per number. Money in minor units of ``currency``.

    ``fulfillment`` is the part it was printed for; null: a sale over the counter. ``lines`` are
    [{"sku", "quantity"}], below zero what was brought back.
    """

    connection = models.ForeignKey(
        PosConnection, on_delete=models.PROTECT, related_name="receipts", db_index=False
    )
    number = models.CharField(max_length=40)
    fulfillment = models.ForeignKey(
        FulfillmentOrder, null=True, on_delete=models.PROTECT, related_name="receipts"
    )
    total_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    lines = models.JSONField()
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "POS receipt"
        constraints = [
            models.UniqueConstraint(fields=["connection", "number"], name="pos_receipt_once")
        ]

    def __str__(self) -> str:
        return self.number


class PosCheck(models.Model):
    """One comparison of what a store's POS has with what the hub believes, and how far it is."""

    class Phase(models.TextChoices):
        WAITING = "waiting", "waits for its turn"
        RECEIPTS = "receipts", "receipts"
        LISTS = "lists", "pick lists"
        STOCK = "stock", "stock"
        DONE = "done", "done"
        FAILED = "failed", "could not be finished"

    connection = models.ForeignKey(PosConnection, on_delete=models.PROTECT, related_name="checks")
    phase = models.CharField(max_length=8, choices=Phase, default=Phase.WAITING)
    receipts_seen = models.PositiveIntegerField(default=0)
    lists_seen = models.PositiveIntegerField(default=0)
    items_seen = models.PositiveIntegerField(default=0)
    drifts = models.PositiveIntegerField(default=0, help_text="found, those known before included")
    problem = models.CharField(max_length=200, blank=True)
    asked_by = models.CharField(max_length=150, blank=True, help_text="empty: the nightly run")
    began_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "POS check"
        constraints = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=Q(finished_at__isnull=True),
                name="pos_check_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"check of {self.connection_id}"


class PosFeed(models.Model):
    """How far a POS's receipts have been asked for."""

    connection = models.OneToOneField(PosConnection, on_delete=models.CASCADE, related_name="feed")
    receipts_cursor = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"feed of {self.connection_id}"


class PosDrift(models.Model):
    """One thing in which a store's POS and the hub disagree, until it is settled.

    ``key`` names the thing: a part's public id, a receipt's number, a SKU. ``units`` is the POS's
    own figure for stock, true ``as_of``.
    """

    class Kind(models.TextChoices):
        LIST_MISSING = "list_missing", "the POS lacks the pick list"
        LIST_STALE = "list_stale", "the POS has an older pick list"
        LIST_LEFT = "list_left", "the POS still has a pick list that is over"
        LIST_UNKNOWN = "list_unknown", "the POS has a pick list of nothing we know"
        RECEIPT_MISSING = "receipt_missing", "no receipt for goods handed over"
        RECEIPT_AMOUNT = "receipt_amount", "the receipt says another amount"
        STOCK = "stock", "stock differs"

    connection = models.ForeignKey(PosConnection, on_delete=models.PROTECT, related_name="drifts")
    kind = models.CharField(max_length=15, choices=Kind)
    key = models.CharField(max_length=60)
    fulfillment = models.ForeignKey(
        FulfillmentOrder, null=True, on_delete=models.PROTECT, related_name="+"
    )
    item = models.ForeignKey(Item, null=True, on_delete=models.PROTECT, related_name="+")
    ours = models.CharField(max_length=200)
    theirs = models.CharField(max_length=200)
    units = models.PositiveIntegerField(null=True)
    as_of = models.DateTimeField()
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_how = models.CharField(max_length=40, blank=True)
    settled_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = "POS drift"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind", "key"],
                condition=Q(settled_at__isnull=True),
                name="pos_drift_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
