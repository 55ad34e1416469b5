"""What was bought."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from hub.customers.models import Contact, Profile
from hub.ids import new_id
from hub.stores.models import SalesChannel
from inventory.models import Item


def _order_id() -> str:
    return new_id("ord")


class OrderStatus(models.TextChoices):
    OPEN = "open"
    COMPLETED = "completed"
    CANCELED = "canceled"


class Order(models.Model):
    """What a customer bought on a site. Money is the site's, in minor units of ``currency``."""

    public_id = models.CharField(max_length=30, unique=True, default=_order_id, editable=False)
    channel = models.ForeignKey(
        SalesChannel, on_delete=models.PROTECT, related_name="orders", db_index=False
    )
    external_id = models.CharField(max_length=120, help_text="the site's order number")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="orders")
    profile = models.ForeignKey(Profile, on_delete=models.PROTECT, related_name="orders")
    status = models.CharField(max_length=9, choices=OrderStatus, default=OrderStatus.OPEN)
    version = models.PositiveIntegerField(default=1)
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField(default=0)
    locale = models.CharField(max_length=10, blank=True)
    note = models.TextField(blank=True)
    metadata = models.JSONField(default=dict)
    near_latitude = models.FloatField(null=True, help_text="of the best-store search, else null")
    near_longitude = models.FloatField(null=True)
    radius_metres = models.PositiveIntegerField(null=True)
    is_test = models.BooleanField(default=False)
    placed_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "is_test", "external_id"],
                name="order_once_per_channel_and_kind",
            )
        ]
        indexes = [models.Index(fields=["channel", "-id"], name="order_of_channel")]

    def __str__(self) -> str:
        return self.external_id


class OrderLine(models.Model):
    """One line as bought. ``canceled`` units will not be supplied.

    Money is the site's, in minor units of the order's currency, for one unit (``tax_minor``: for
    the whole line). ``price_cap_minor`` is the most that a unit of a substitute may cost.
    """

    class Substitution(models.TextChoices):
        REFUSED = "refused", "no substitute"
        ASK = "ask", "ask first"
        ACCEPTED = "accepted", "take what fits"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines", db_index=False)
    number = models.PositiveSmallIntegerField(help_text="1, 2, … as the site sent them")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    canceled = models.PositiveIntegerField(default=0)
    unit_price_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField(default=0, db_default=0)
    substitution = models.CharField(
        max_length=8,
        choices=Substitution,
        default=Substitution.REFUSED,
        db_default=Substitution.REFUSED,
    )
    substitute = models.ForeignKey(
        Item,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="what the customer would take instead",
    )
    price_cap_minor = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="order_line_number"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, canceled__lte=F("quantity")), name="order_line_bounds"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.item_id}"


class Block(models.Model):
    """A reason an order may not move forward while it is open.

    ``opened_by`` and ``lifted_by`` are who acted (``staff:7``, ``key:key_…``, ``system``);
    ``lifted_why`` is what staff said when they lifted it by hand.
    """

    class Reason(models.TextChoices):
        PAYMENT = "payment"
        FRAUD = "fraud"
        AGE_CHECK = "age_check"
        SUBSTITUTION = "substitution"
        AMOUNT = "amount"
        MOVE = "move"
        OTHER = "other"

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="blocks")
    reason = models.CharField(max_length=12, choices=Reason)
    note = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    lifted_at = models.DateTimeField(null=True)
    opened_by = models.CharField(max_length=60, blank=True, default="", db_default="")
    lifted_by = models.CharField(max_length=60, blank=True, default="", db_default="")
    lifted_why = models.CharField(max_length=60, blank=True, default="", db_default="")

    class Meta:
        indexes = [
            models.Index(fields=["order"], condition=Q(lifted_at__isnull=True), name="block_open")
        ]

    def __str__(self) -> str:
        return self.reason
