"""What a store may set at its curb, who may collect, what was given there, and how it went."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.crypto import EncryptedTextField
from hub.history import RuleHistory
from hub.ids import new_id
from hub.stores.models import Store
from orders.models.fulfillment import FulfillmentLine, FulfillmentOrder, HandOff


def _complaint_id() -> str:
    return new_id("cmp")


class CurbSettings(models.Model):
    """How a store runs its curb. A store without a row has the defaults written here; what chain
    and groups say otherwise is written into its row (``orders.level_settings`` names the columns).

    Waiting is told at ``escalate_after`` (first lead's board, then text, then all) minutes; minutes
    are counted from the arrival. Legal sale hours are the store's own time; empty: always.
    """

    store = models.OneToOneField(Store, on_delete=models.CASCADE, related_name="curb")
    wait_target = models.PositiveSmallIntegerField(default=5, help_text="minutes")
    escalate_after = models.JSONField(
        default=list, blank=True, help_text="minutes, ascending; empty: 3, 5, 8"
    )
    near_metres = models.PositiveIntegerField(
        default=1000, help_text="so close a shared location counts as nearby"
    )
    may_change_window = models.BooleanField(default=True)
    may_change_store = models.BooleanField(default=True)
    may_cancel_items = models.BooleanField(default=True)
    may_extend = models.BooleanField(default=True)
    most_extensions = models.PositiveSmallIntegerField(default=2)
    alert_phone = models.CharField(
        max_length=20, blank=True, help_text="E.164; texted at every arrival"
    )
    lead_phone = models.CharField(
        max_length=20, blank=True, help_text="E.164; texted when no board has shown an arrival"
    )
    alert_url = models.URLField(max_length=300, blank=True, help_text="called at every arrival")
    alert_secret = EncryptedTextField(default="", help_text="whsec_…, signs those calls")
    age_sale_from = models.TimeField(null=True, blank=True)
    age_sale_until = models.TimeField(null=True, blank=True)
    history: Any = RuleHistory(excluded_fields=["alert_phone", "lead_phone", "alert_secret"])

    class Meta:
        verbose_name = verbose_name_plural = "curb settings"

    def __str__(self) -> str:
        return f"curb of {self.store_id}"


class Delegate(models.Model):
    """Somebody the customer named to collect in his place, with a code of his own.

    Naming another one replaces name and code; five wrong tries lock the code.
    """

    fulfillment = models.OneToOneField(
        FulfillmentOrder, on_delete=models.CASCADE, related_name="delegate"
    )
    name = EncryptedTextField()
    code = EncryptedTextField(help_text="six digits")
    failures = models.PositiveSmallIntegerField(default=0)
    named_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"delegate of {self.fulfillment_id}"


class HandOffLine(models.Model):
    """What became of one line at the curb; belongs to an immutable proof, and is as immutable."""

    class Outcome(models.TextChoices):
        GIVEN = "given"
        REFUSED = "refused"
        DAMAGED = "damaged"
        AGE_REFUSED = "age_refused"
        LATER = "later"

    hand_off = models.ForeignKey(
        HandOff, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    line = models.ForeignKey(FulfillmentLine, on_delete=models.PROTECT, related_name="+")
    units = models.PositiveIntegerField()
    outcome = models.CharField(max_length=11, choices=Outcome)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["hand_off", "line", "outcome"], name="hand_off_line_once"
            ),
            models.CheckConstraint(condition=Q(units__gt=0), name="hand_off_line_units"),
        ]

    def __str__(self) -> str:
        return f"{self.units} of {self.line_id} {self.outcome}"


class Complaint(models.Model):
    """Something wrong with what was collected, in the customer's words, and the store's answer.

    ``refunded`` units of the line were paid back with the answer.
    """

    class Kind(models.TextChoices):
        MISSING = "missing"
        DAMAGED = "damaged"
        WRONG_PRICE = "wrong_price", "wrong price"
        OTHER = "other"

    public_id = models.CharField(max_length=30, unique=True, default=_complaint_id, editable=False)
    fulfillment = models.ForeignKey(
        FulfillmentOrder, on_delete=models.PROTECT, related_name="complaints"
    )
    line = models.ForeignKey(
        FulfillmentLine, null=True, on_delete=models.PROTECT, related_name="complaints"
    )
    kind = models.CharField(max_length=11, choices=Kind)
    units = models.PositiveIntegerField(default=1)
    words = EncryptedTextField(default="")
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    answer = EncryptedTextField(default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=150, blank=True)
    refunded = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fulfillment", "line", "kind"],
                nulls_distinct=False,
                name="complaint_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["made_at"], condition=Q(answered_at__isnull=True), name="complaint_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.fulfillment_id}"


class Rating(models.Model):
    """How the customer found the pickup, 1 to 5 stars; said again, the newest word stands."""

    fulfillment = models.OneToOneField(
        FulfillmentOrder, on_delete=models.PROTECT, related_name="rating"
    )
    stars = models.PositiveSmallIntegerField()
    words = EncryptedTextField(default="")
    rated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="rating_stars")
        ]

    def __str__(self) -> str:
        return f"{self.stars} for {self.fulfillment_id}"
