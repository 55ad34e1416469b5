"""What a customer is asked when goods are missing, and what he says to it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.ids import new_id
from inventory.models import Item
from orders.models.fulfillment import FulfillmentLine, FulfillmentOrder
from orders.models.order import Block

SILENCE = "silence"  # who has answered, when nobody did


def _round_id() -> str:
    return new_id("sub")


class SubstitutionRound(models.Model):
    """One question to a customer about one store's part: all its offers, in one message.

    Open until all offers are answered, withdrawn, or ``deadline`` has passed: then what nobody
    answered gets its ``on_silence``. ``block`` keeps the part from being finished meanwhile.
    """

    public_id = models.CharField(max_length=30, unique=True, default=_round_id, editable=False)
    fulfillment = models.ForeignKey(
        FulfillmentOrder, on_delete=models.PROTECT, related_name="rounds"
    )
    block = models.ForeignKey(Block, null=True, on_delete=models.SET_NULL, related_name="+")
    deadline = models.DateTimeField()
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    opened_by = models.CharField(max_length=60, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(
        max_length=60, blank=True, help_text="who had the last word; silence: the deadline"
    )

    class Meta:
        verbose_name = "question about substitutes"
        verbose_name_plural = "questions about substitutes"
        constraints = [
            models.UniqueConstraint(
                fields=["fulfillment"],
                condition=Q(closed_at__isnull=True),
                name="substitution_round_open_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["deadline"],
                condition=Q(closed_at__isnull=True),
                name="substitution_round_due",
            )
        ]

    def __str__(self) -> str:
        return self.public_id


class SubstitutionOffer(models.Model):
    """``units`` of ``item`` instead of missing units of ``line``, at ``unit_price_minor`` each.

    ``number`` is what a text names it by. ``warnings`` are codes such as ``allergen:milk``,
    ``diet:vegan``, ``age:18``, ``allergens_unknown`` or ``diets_unknown``; with any of them
    silence declines. An ``accepted`` offer has its ``supplied`` line.
    """

    class Silence(models.TextChoices):
        ACCEPT = "accept", "taken"
        DECLINE = "decline", "left out"

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", "accepted"
        DECLINED = "declined", "declined"
        GONE = "gone", "wanted, but gone by then"
        WITHDRAWN = "withdrawn", "withdrawn"

    round = models.ForeignKey(SubstitutionRound, on_delete=models.CASCADE, related_name="offers")
    number = models.PositiveSmallIntegerField()
    line = models.ForeignKey(FulfillmentLine, on_delete=models.PROTECT, related_name="offers")
    original = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    units = models.PositiveIntegerField()
    unit_price_minor = models.BigIntegerField()
    warnings = models.JSONField(default=list)
    on_silence = models.CharField(max_length=7, choices=Silence)
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=60, blank=True)
    supplied = models.ForeignKey(
        FulfillmentLine, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["number"]
        verbose_name = "offer of a substitute"
        verbose_name_plural = "offers of substitutes"
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="substitution_offer_number"),
            models.UniqueConstraint(fields=["round", "line"], name="substitution_offer_line"),
            models.CheckConstraint(condition=Q(units__gt=0), name="substitution_offer_units"),
            models.CheckConstraint(
                condition=Q(outcome="", answered_at__isnull=True)
                | Q(outcome__gt="", answered_at__isnull=False),
                name="substitution_offer_answered",
            ),
        ]
        indexes = [
            models.Index(
                fields=["original", "item"],
                condition=Q(outcome__in=["accepted", "declined"]),
                name="substitution_statistics",
            )
        ]

    def __str__(self) -> str:
        return f"{self.units} x {self.item_id} for {self.original_id}"
