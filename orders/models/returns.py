"""What a part came to in the end: its supplied amount, what came back, what is to be refunded.

Money is the site's: the hub states what is due, the site pays.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from hub.ids import new_id
from orders.models.fulfillment import FulfillmentLine, FulfillmentOrder
from orders.models.order import Block


def _refund_id() -> str:
    return new_id("rfd")


def _return_id() -> str:
    return new_id("ret")


class Settlement(models.Model):
    """What a part was worth as ordered and what was supplied, when it became ready.

    Goods of it that are collected later take their share with them; nothing else changes it.
    ``lines`` are the supplied ones: ``{number, sku, units, unit, unit_price_minor,
    amount_minor}``, a substitute with ``stands_for`` (the SKU bought). Line amounts are units
    times the price of a unit (a gram of weighed goods), before whatever the site adds or takes
    off. ``block`` holds the hand-off back when the two amounts differ.
    """

    fulfillment = models.OneToOneField(
        FulfillmentOrder, on_delete=models.PROTECT, related_name="settlement"
    )
    ordered_minor = models.BigIntegerField()
    supplied_minor = models.BigIntegerField()
    lines = models.JSONField()
    block = models.ForeignKey(Block, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.supplied_minor} of {self.ordered_minor}"


class Refund(models.Model):
    """An amount that the site owes its customer, told once by ``order.refund_due``.

    ``lines`` say for what: ``{number, sku, units, amount_minor}``.
    """

    class Reason(models.TextChoices):
        SUPPLIED_LESS = "supplied_less", "less or cheaper goods than ordered"
        CANCELED = "canceled", "canceled"
        EXPIRED = "expired", "not collected in time"
        RETURNED = "returned", "brought back"
        PRICE_ADJUSTED = "price_adjusted", "price adjusted"
        REFUSED = "refused", "not taken at the hand-off"
        DAMAGED = "damaged", "damaged at the hand-off"
        COMPLAINT = "complaint", "after a complaint"

    public_id = models.CharField(max_length=30, unique=True, default=_refund_id, editable=False)
    fulfillment = models.ForeignKey(
        FulfillmentOrder, on_delete=models.PROTECT, related_name="refunds"
    )
    reason = models.CharField(max_length=14, choices=Reason)
    amount_minor = models.BigIntegerField()
    lines = models.JSONField()
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_amount")
        ]

    def __str__(self) -> str:
        return self.public_id


class GoodsReturn(models.Model):
    """Goods that a customer brought back, line by line; ``refund`` is what the site owes for it."""

    public_id = models.CharField(max_length=30, unique=True, default=_return_id, editable=False)
    fulfillment = models.ForeignKey(
        FulfillmentOrder, on_delete=models.PROTECT, related_name="returns"
    )
    reason = models.CharField(max_length=200)
    by = models.CharField(max_length=60, blank=True)
    refund = models.OneToOneField(Refund, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "return"
        permissions = [("take_return", "Can take goods back")]

    def __str__(self) -> str:
        return self.public_id


class ReturnedLine(models.Model):
    """Units of one line that came back: on sale again, or damaged."""

    class Disposition(models.TextChoices):
        RESTOCK = "restock", "on sale again"
        DAMAGED = "damaged", "damaged"

    goods_return = models.ForeignKey(GoodsReturn, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(FulfillmentLine, on_delete=models.PROTECT, related_name="returned")
    units = models.PositiveIntegerField()
    disposition = models.CharField(max_length=7, choices=Disposition)
    amount_minor = models.BigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="returned_line_units"),
            models.UniqueConstraint(
                fields=["goods_return", "line", "disposition"], name="returned_line_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units} of {self.line_id}"


class PriceAdjustment(models.Model):
    """A lead lowered the price of a unit of one line; ``refund`` when it was ready already."""

    line = models.ForeignKey(
        FulfillmentLine, on_delete=models.PROTECT, related_name="price_adjustments"
    )
    before_minor = models.BigIntegerField()
    after_minor = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    by = models.CharField(max_length=60, blank=True)
    refund = models.OneToOneField(Refund, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(after_minor__gte=0, after_minor__lt=F("before_minor")),
                name="price_adjustment_lowers",
            )
        ]
        permissions = [
            ("adjust_price", "Can lower the price of a line within the limit"),
            ("adjust_price_freely", "Can lower the price of a line as far as he likes"),
        ]

    def __str__(self) -> str:
        return f"{self.before_minor} to {self.after_minor}"
