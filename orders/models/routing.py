"""How stores are chosen, who turned an order down, and what a customer is asked about a move."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.history import RuleHistory
from hub.ids import new_id
from hub.stores.models import SalesChannel, Store, StoreGroup
from inventory.models import Item
from orders.models.fulfillment import FulfillmentOrder
from orders.models.order import Order


def _offer_id() -> str:
    return new_id("mov")


class RoutingRuleSet(models.Model):
    """Rules in order. A draft is edited and tried; what has been active is kept as it was.

    At most one is active for each channel, and one for all the others (``channel`` empty). Where
    none is, an order goes to the nearest store that has all of it.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        ACTIVE = "active"
        RETIRED = "retired"

    name = models.CharField(max_length=60)
    channel = models.ForeignKey(
        SalesChannel,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="empty: all channels without rules of their own",
    )
    state = models.CharField(
        max_length=7, choices=State, default=State.DRAFT, editable=False, db_index=True
    )
    version = models.PositiveIntegerField(
        default=0, editable=False, help_text="of the channel's rules, from the first activation on"
    )
    most_parts = models.PositiveSmallIntegerField(
        "stores per order",
        default=1,
        help_text="over how many stores an order may be split that no store has whole",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    activated_at = models.DateTimeField(null=True, editable=False)
    activated_by = models.CharField(max_length=150, blank=True, editable=False)
    history: Any = RuleHistory()

    class Meta:
        verbose_name = "routing rules"
        verbose_name_plural = "routing rules"
        constraints = [
            models.UniqueConstraint(
                fields=["channel"],
                condition=Q(state="active"),
                nulls_distinct=False,
                name="routing_one_active",
            ),
            models.CheckConstraint(
                condition=Q(most_parts__gte=1, most_parts__lte=5), name="routing_most_parts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}" if self.version else self.name


class RoutingRule(models.Model):
    """Filters that let stores through, and sorters that rank them; ties fall to the next rule.

    The first rule with a store that can take the order decides. ``sorters`` are codes in order;
    ``ranked`` are store codes, the first one preferred.
    """

    rule_set = models.ForeignKey(RoutingRuleSet, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField()
    group = models.ForeignKey(
        StoreGroup,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="empty: all stores",
    )
    whole_basket = models.BooleanField(default=True, help_text="only stores that have all of it")
    radius_metres = models.PositiveIntegerField(
        null=True, blank=True, help_text="no further than this, whatever the site asks for"
    )
    within_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="only stores that have it ready by then"
    )
    capacity_left = models.BooleanField(
        default=False, help_text="only stores that have less to prepare than they can in an hour"
    )
    most_rejected_percent = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="no stores that reject this share of their orders or more"
    )
    rejected_days = models.PositiveSmallIntegerField(default=7, help_text="over so many days")
    rejected_least = models.PositiveSmallIntegerField(
        default=10, help_text="only where there were at least so many orders"
    )
    spare_rejected = models.BooleanField(
        "spare rejected goods",
        default=True,
        help_text="no store that turned one of the items down and has not counted it since",
    )
    sorters = models.JSONField(default=list, blank=True)
    ranked = models.JSONField(default=list, blank=True)
    history: Any = RuleHistory()

    class Meta:
        ordering = ["rule_set", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(most_rejected_percent__isnull=True)
                | Q(most_rejected_percent__gte=1, most_rejected_percent__lte=100),
                name="routing_rule_percent",
            ),
        ]

    def __str__(self) -> str:
        return f"rule {self.position}"


class RejectReason(models.TextChoices):
    OUT_OF_STOCK = "out_of_stock", "out of stock"
    CANNOT_FIND = "cannot_find", "cannot be found"
    DAMAGED = "damaged", "damaged"
    TOO_BUSY = "too_busy", "too busy"
    CLOSING = "closing", "closing"
    OTHER = "other", "other"
    NOT_ACCEPTED = "not_accepted", "not accepted in time"


class Rejection(models.Model):
    """A store turned its part down, or let the time to accept it pass."""

    fulfillment = models.OneToOneField(
        FulfillmentOrder, on_delete=models.PROTECT, related_name="rejection"
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=12, choices=RejectReason)
    rejected_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["rejected_at", "store"], name="rejection_lately")]

    def __str__(self) -> str:
        return f"{self.reason} in {self.store_id}"


class RejectedItem(models.Model):
    """Goods for want of which a part was turned down; spares the store until they are counted."""

    rejection = models.ForeignKey(Rejection, on_delete=models.CASCADE, related_name="items")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    units = models.PositiveIntegerField()
    rejected_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["item", "rejected_at"], name="rejected_item_lately")]

    def __str__(self) -> str:
        return f"{self.units} x {self.item_id} in {self.store_id}"


class MoveOffer(models.Model):
    """A question to a customer whose store cannot prepare the order: may another one do it?

    ``fulfillment`` is the part that ended. The goods are held for the customer in ``store`` until
    ``answer_by``; silence means no. Nothing moves before the answer is yes.
    """

    class State(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        DECLINED = "declined"
        LAPSED = "lapsed"
        WITHDRAWN = "withdrawn"

    public_id = models.CharField(max_length=30, unique=True, default=_offer_id, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="move_offers")
    fulfillment = models.ForeignKey(
        FulfillmentOrder, on_delete=models.PROTECT, related_name="move_offers"
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    metres = models.PositiveIntegerField(help_text="between the two stores")
    promised_at = models.DateTimeField()
    hold_id = models.CharField(max_length=30, help_text="public id of the hold")
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    answer_by = models.DateTimeField()
    made_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fulfillment"], condition=Q(state="open"), name="move_offer_one_open"
            )
        ]
        indexes = [
            models.Index(fields=["answer_by"], condition=Q(state="open"), name="move_offer_due")
        ]

    def __str__(self) -> str:
        return f"{self.order_id} to {self.store_id}?"


class ClockMark(models.Model):
    """What a store's clock has told once about a part: never again."""

    class Kind(models.TextChoices):
        ACCEPT_OVERDUE = "accept_overdue"
        ACCEPT_GIVEN_UP = "accept_given_up"
        EXPIRING = "expiring"
        REMINDED = "reminded"
        REMINDED_AGAIN = "reminded_again"

    fulfillment = models.ForeignKey(
        FulfillmentOrder, on_delete=models.CASCADE, related_name="clock_marks", db_index=False
    )
    kind = models.CharField(max_length=15, choices=Kind)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fulfillment", "kind"], name="clock_mark_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.fulfillment_id}"


class RoutingSimulation(models.Model):
    """Past orders tried against a rule set; ``result`` is plain JSON, filled while it runs.

    ``fingerprint`` marks the rules that were compared, once it is done: by it a draft is made
    active exactly as it was tried.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    rule_set = models.ForeignKey(
        RoutingRuleSet, on_delete=models.CASCADE, related_name="simulations"
    )
    since = models.DateTimeField()
    most_orders = models.PositiveIntegerField(default=1000)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)
    fingerprint = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    asked_by = models.CharField(max_length=150, blank=True)
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.rule_set} since {self.since:%Y-%m-%d}"
