"""Stock per store: what is there, what is set aside, and every event that changed it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from hub.ids import new_id
from hub.stores.models import SalesChannel, Store


def _item_id() -> str:
    return new_id("itm")


def _hold_id() -> str:
    return new_id("hld")


class Zone(models.TextChoices):
    AMBIENT = "ambient"
    CHILLED = "chilled"
    FROZEN = "frozen"


class Item(models.Model):
    """A sellable thing. Never deleted: ``active`` ends its life.

    ``names`` maps a locale to its name there; ``name`` is the fallback. Quantities count
    ``unit`` (``each``, or ``gram`` for goods by weight).
    """

    public_id = models.CharField(max_length=30, unique=True, default=_item_id, editable=False)
    sku = models.CharField(max_length=40, unique=True)
    gtin = models.CharField(max_length=14, blank=True, db_index=True)
    name = models.CharField(max_length=200)
    names = models.JSONField(default=dict, blank=True)
    category = models.CharField(max_length=60, blank=True)
    unit = models.CharField(
        max_length=5, choices=[("each", "each"), ("gram", "gram")], default="each"
    )
    zone = models.CharField(max_length=8, choices=Zone, default=Zone.AMBIENT)
    allergens = models.JSONField(default=list, blank=True, help_text="EU list codes; [] = none")
    minimum_age = models.PositiveSmallIntegerField(default=0)
    price_minor = models.PositiveIntegerField(default=0, help_text="list price, chain currency")
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["sku"]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"

    def name_in(self, locale: str) -> str:
        """The name in a locale (``pl-PL`` falls back to ``pl``), else the default one."""
        return str(self.names.get(locale) or self.names.get(locale[:2]) or self.name)


class StockLevel(models.Model):
    """The counters of one item in one store, each changed only by guarded UPDATEs.

    ``allocated + held <= on_hand - unavailable``, or an open ShortfallCase covers the difference.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="stock")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="stock")
    on_hand = models.IntegerField(default=0)
    deficit = models.IntegerField(
        default=0,
        db_default=0,
        help_text="units that left beyond what was counted; the next ones to come make up for them",
    )
    unavailable = models.IntegerField(
        default=0, help_text="damaged, quality check, display, recalled; see UnavailableUnits"
    )
    allocated = models.IntegerField(default=0)
    held = models.IntegerField(default=0)
    counted_at = models.DateTimeField(null=True, help_text="when the last count was true")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "item"],
                include=["on_hand", "unavailable", "allocated", "held"],
                name="stock_once",
            ),
            models.CheckConstraint(
                condition=Q(on_hand__gte=0, unavailable__gte=0, allocated__gte=0, held__gte=0),
                name="stock_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} at {self.store_id}: {self.on_hand}"


class UnavailableState(models.TextChoices):
    DAMAGED = "damaged"
    QUALITY_CHECK = "quality_check"
    DISPLAY = "display"
    RECALLED = "recalled"


class UnavailableUnits(models.Model):
    """Units on hand that cannot be sold, by the reason why. StockLevel.unavailable is their sum.

    ``units`` may be below zero while the news that they came has not arrived; it counts as zero.
    Written only with the level's row locked.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=13, choices=UnavailableState)
    units = models.IntegerField()

    class Meta:
        verbose_name_plural = "unavailable units"
        constraints = [
            models.UniqueConstraint(fields=["store", "item", "state"], name="unavailable_once")
        ]

    def __str__(self) -> str:
        return f"{self.units} {self.state}"


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

    def __str__(self) -> str:
        return f"{self.store_id} as of {self.counted_as_of}"


class EventKind(models.TextChoices):
    COUNT = "count"
    ADJUSTMENT = "adjustment"
    SALE = "sale"
    RETURN = "return"
    TRANSFER = "transfer"
    MOVE = "move"
    ALLOCATION = "allocation"
    RELEASE = "release"
    HAND_OFF = "hand_off"


class InventoryEvent(models.Model):
    """One line of the stock ledger; append-only, de-duplicated on (source, source_event_id).

    ``quantity`` is absolute for a count and signed for the rest; the three ``…_change`` are what
    it did to the balance, so the ledger sums to it. ``state`` names the kind of unavailable units
    that it adds or takes away: those of a move stay on hand, others come or go with it.
    """

    source = models.CharField(max_length=60)
    source_event_id = models.CharField(max_length=120)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=EventKind)
    quantity = models.IntegerField()
    on_hand_change = models.IntegerField(default=0)
    allocated_change = models.IntegerField(default=0)
    unavailable_change = models.IntegerField(default=0, db_default=0)
    state = models.CharField(
        max_length=13, choices=UnavailableState, blank=True, default="", db_default=""
    )
    superseded = models.BooleanField(
        default=False, help_text="older than the count in force, or told by another line already"
    )
    reason = models.CharField(max_length=40, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_event_id"], name="inventory_event_once"
            )
        ]
        indexes = [models.Index(fields=["store", "item", "occurred_at"], name="ledger_of_level")]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity}"


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

    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, related_name="lines")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hold", "item"], name="hold_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="hold_line_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} x {self.quantity}"


class Allocation(models.Model):
    """Units of a placed order. ``quantity = released + handed_off + still allocated``.

    ``reference`` is the fulfillment order's public id: this app does not know orders.
    """

    reference = models.CharField(max_length=60)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
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
    created_at = models.DateTimeField(db_default=Now(), editable=False)

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


class ShortfallCase(models.Model):
    """A truthful count below what is promised: units that somebody will have to go without."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "item"],
                condition=Q(closed_at__isnull=True),
                name="shortfall_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"shortfall of {self.item_id} at {self.store_id}"


class SafetyStock(models.Model):
    """Units never sold online: of an item or a category, or of anything, in a store or everywhere.

    The most specific row wins: store + item, store + category, store, item, category, everywhere.
    """

    store = models.ForeignKey(
        Store, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    category = models.CharField(max_length=60, blank=True)
    item = models.ForeignKey(
        Item, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    units = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "safety stock"
        constraints = [
            models.UniqueConstraint(
                fields=["store", "category", "item"],
                nulls_distinct=False,
                name="safety_stock_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.units} units"

    def clean(self) -> None:
        """Refuse a rule for both an item and a category: it would never apply."""
        if self.item_id and self.category:
            raise ValidationError("Name an item or a category, not both.", code="item_and_category")


class ChannelBuffer(models.Model):
    """Units hidden from one sales channel: in every store ``units`` and ``percent`` of those that
    could be sold there (rounded up), and ``network_units`` once, from the sum over all stores."""

    channel = models.OneToOneField(SalesChannel, on_delete=models.CASCADE, related_name="buffer")
    units = models.PositiveIntegerField(default=0)
    percent = models.PositiveSmallIntegerField(
        default=0, db_default=0, validators=[MaxValueValidator(100)]
    )
    network_units = models.PositiveIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"{self.units} units hidden from {self.channel_id}"


class SalesStop(models.Model):
    """An item that is not sold for pickup, whatever lies on the shelf: in one store or everywhere,
    through one sales channel or all. It works at once."""

    class Reason(models.TextChoices):
        NOT_FOR_PICKUP = "not_for_pickup"
        SUPPRESSED_FOR_CHANNEL = "suppressed_for_channel"
        RECALLED = "recalled"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="stops")
    store = models.ForeignKey(
        Store, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    channel = models.ForeignKey(
        SalesChannel, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    reason = models.CharField(max_length=22, choices=Reason)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "store", "channel", "reason"],
                nulls_distinct=False,
                name="sales_stop_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason}: {self.item_id}"


class OfScope(models.Model):
    """What of availability changed: an item in a store, or all that a rule applies to.

    Empty members mean all: every store, item, category, sales channel. Written by triggers, next
    to the change itself; without foreign keys, so that this locks no row of another table.
    """

    store_id = models.BigIntegerField(null=True)
    item_id = models.BigIntegerField(null=True)
    category = models.CharField(max_length=60, blank=True, default="", db_default="")
    channel_id = models.BigIntegerField(null=True)

    class Meta:
        abstract = True


class StockTouch(OfScope):
    """A change that has no place in the feed yet; gone once it has."""

    def __str__(self) -> str:
        return f"{self.item_id} at {self.store_id}"


class StockChange(OfScope):
    """The latest change of an item in a store, or of a rule, at its place in the change feed.

    Places are given out by one transaction at a time, so they become visible in their order.
    """

    position = models.BigIntegerField(unique=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store_id", "item_id", "category", "channel_id"],
                nulls_distinct=False,
                name="stock_change_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.item_id} at {self.store_id}"
