"""What one store prepares, and the proof that it was handed over."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from hub.crypto import EncryptedTextField
from hub.ids import new_id
from hub.stores.models import Store
from inventory.models import Item
from orders.models.order import Order, OrderLine


def _fulfillment_id() -> str:
    return new_id("ful")


class FulfillmentStatus(models.TextChoices):
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    PICKING = "picking"
    PICKED = "picked"
    READY = "ready"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELED = "canceled"
    EXPIRED = "expired"


class FulfillmentOrder(models.Model):
    """The part of an order that one store prepares. A re-route closes it and makes another.

    ``promised_at`` is when it shall be ready, ``promised_first`` what was said when it was placed;
    ``window_start`` to ``window_end`` is when the customer means to come. ``accept_by`` is when
    the store should have accepted it, ``expires_at`` until when a ready one waits. ``replaces``
    is the part of another store that this one was made for.
    """

    public_id = models.CharField(
        max_length=30, unique=True, default=_fulfillment_id, editable=False
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="fulfillments")
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="fulfillments", db_index=False
    )
    status = models.CharField(
        max_length=9, choices=FulfillmentStatus, default=FulfillmentStatus.PROPOSED
    )
    version = models.PositiveIntegerField(default=1)
    promised_at = models.DateTimeField()
    promised_first = models.DateTimeField(null=True)
    window_start = models.DateTimeField(null=True)
    window_end = models.DateTimeField(null=True)
    accept_by = models.DateTimeField(null=True)
    replaces = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="replacements",
    )
    staging_location = models.CharField(max_length=40, blank=True)
    bags = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=60, blank=True, help_text="why it ended early")
    pos_reference = models.CharField(max_length=60, blank=True)
    pos_acknowledged_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    picked_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["store", "promised_at"],
                condition=Q(status__in=["proposed", "accepted", "picking", "picked", "ready"]),
                name="fulfillment_queue",
            ),
            models.Index(
                fields=["accept_by"],
                condition=Q(status="proposed", accept_by__isnull=False),
                name="fulfillment_accept_due",
            ),
            models.Index(
                fields=["expires_at"], condition=Q(status="ready"), name="fulfillment_expiry"
            ),
            models.Index(
                fields=["store"], condition=Q(status="rejected"), name="fulfillment_rejected"
            ),
            models.Index(fields=["store", "created_at"], name="fulfillment_of_store"),
            models.Index(
                fields=["store", "ready_at"],
                condition=Q(ready_at__isnull=False),
                name="fulfillment_prepared",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} at {self.store_id}"


class FulfillmentLine(models.Model):
    """Work on one line: how many are set aside, picked, found short and handed off.

    ``unit_price_minor`` is what a unit of a substitute, or at an adjusted price, costs; null: the
    order line's price. ``to_put_back`` units were picked and taken off the line again: they stay
    set aside until somebody has put them back.
    """

    fulfillment = models.ForeignKey(
        FulfillmentOrder, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="work")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    stands_for = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="substitutes",
        db_index=False,
    )
    allocated = models.PositiveIntegerField()
    picked = models.PositiveIntegerField(default=0)
    short = models.PositiveIntegerField(default=0)
    short_reason = models.CharField(max_length=20, blank=True, default="", db_default="")
    to_put_back = models.PositiveIntegerField(default=0, db_default=0)
    unit_price_minor = models.BigIntegerField(null=True)
    handed_off = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["order_line__number", "pk"]
        indexes = [
            models.Index(
                fields=["stands_for"],
                condition=Q(stands_for__isnull=False),
                name="fulfillment_line_substitute",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["fulfillment", "order_line", "item"], name="fulfillment_line_once"
            ),
            models.CheckConstraint(
                condition=Q(allocated__gte=F("picked") + F("short"))
                & Q(picked__gte=F("handed_off")),
                name="fulfillment_line_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.allocated} x {self.item_id}"


class PutBack(models.Model):
    """Units that were picked and will not be collected: they go back to the shelf, or to waste.

    They stay set aside in inventory until ``done_at``. Made by ``orders.putting_back``.
    """

    class Outcome(models.TextChoices):
        SHELF = "shelf", "back on the shelf"
        DAMAGED = "damaged", "damaged"
        WRITTEN_OFF = "written_off", "written off"

    line = models.ForeignKey(FulfillmentLine, on_delete=models.PROTECT, related_name="put_backs")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    units = models.PositiveIntegerField()
    location = models.CharField(max_length=40, blank=True, help_text="where the units stand")
    reason = models.CharField(max_length=60)
    after_end = models.BooleanField(
        default=False, db_default=False, help_text="its part had ended: the line kept its counts"
    )
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=60, blank=True)
    outcome = models.CharField(max_length=11, choices=Outcome, blank=True)

    class Meta:
        verbose_name = "put-back"
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="put_back_units"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, outcome="")
                | Q(done_at__isnull=False, outcome__gt=""),
                name="put_back_done_how",
            ),
        ]
        indexes = [
            models.Index(
                fields=["store", "asked_at"],
                condition=Q(done_at__isnull=True),
                name="put_back_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.units} of {self.line_id}"


class RoutingDecision(models.Model):
    """Why this store: the candidates with their ranks and the reasons the others were refused."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="routing_decisions")
    store = models.ForeignKey(
        Store, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    explanation = models.JSONField(
        help_text='{"asked": …, "candidates": [{"store", "metres", "result"}]}'
    )
    decided_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.order_id} to {self.store_id}"


class PickupCode(models.Model):
    """The PIN of a ready pickup; five wrong tries lock it until a lead looks."""

    fulfillment = models.OneToOneField(
        FulfillmentOrder, on_delete=models.CASCADE, related_name="pickup_code"
    )
    pin = EncryptedTextField(help_text="six digits")
    failures = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"code of {self.fulfillment_id}"


class HandOff(models.Model):
    """Proof of what was given: by whom, and how the receiver was known. The database refuses
    to change or delete it.

    ``receiver`` is whether the customer or his delegate came, ``age_checked`` that ``by`` looked
    at a proof of age (never its number), ``bags`` how many were counted out; ``bags_reason`` is
    why these were not as many as were packed. Its lines say what became of each unit.
    """

    fulfillment = models.OneToOneField(
        FulfillmentOrder, on_delete=models.PROTECT, related_name="hand_off"
    )
    method = models.CharField(max_length=10, help_text="pin, delegate, id, override")
    reason = models.CharField(max_length=200, blank=True, help_text="of an override")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    bags = models.PositiveSmallIntegerField(default=0)
    bags_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    receiver = models.CharField(
        max_length=8,
        choices=[("customer", "customer"), ("delegate", "delegate")],
        default="customer",
        db_default="customer",
    )
    age_checked = models.BooleanField(default=False, db_default=False)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        permissions = [("override_pin", "Can hand off without the PIN, giving a reason")]

    def __str__(self) -> str:
        return f"hand-off of {self.fulfillment_id}"
