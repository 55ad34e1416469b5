"""What the simulated world has seen: a till's pick lists, a phone's texts, a site's webhooks."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class SimulatedPickList(models.Model):
    """A pick list as a store's till received it."""

    connection = models.CharField(max_length=30)
    reference = models.CharField(max_length=60, help_text="the hub's fulfillment id")
    body = models.JSONField()
    received_at = models.DateTimeField(db_default=Now())
    canceled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "reference"], name="sim_pick_list_once")
        ]

    def __str__(self) -> str:
        return self.reference


class SimulatedTill(models.Model):
    """A till's mood. Without a row it takes and acknowledges everything at once."""

    connection = models.CharField(max_length=30, unique=True)
    answers = models.BooleanField(
        default=True, help_text="acknowledges by itself; off while simulate_pos does"
    )
    dark_until = models.DateTimeField(null=True, help_text="until then it is out of order")
    lose_answers = models.PositiveIntegerField(
        default=0, help_text="so many calls take effect without the hub hearing of it"
    )

    def __str__(self) -> str:
        return self.connection


class SimulatedStock(models.Model):
    """What a till believes is on its shelves."""

    connection = models.CharField(max_length=30)
    sku = models.CharField(max_length=60)
    on_hand = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "sku"], name="sim_stock_once")]

    def __str__(self) -> str:
        return f"{self.on_hand} x {self.sku}"


class SimulatedReceipt(models.Model):
    """A receipt that a till has printed; ``body`` as the till tells of it."""

    connection = models.CharField(max_length=30)
    number = models.CharField(max_length=60)
    body = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "number"], name="sim_receipt_once")
        ]

    def __str__(self) -> str:
        return self.number


class SimulatedText(models.Model):
    """A text on a simulated phone, in or out.

    ``shown_at`` is when it is (or will be) on the phone's screen; without it never: it was lost,
    or taken back. ``copies`` is how often it shows.
    """

    phone = models.CharField(max_length=20, db_index=True)
    reference = models.CharField(max_length=60, unique=True)
    body = models.TextField()
    provider = models.CharField(max_length=30, default="handset", db_default="handset")
    by_customer = models.BooleanField(default=False, db_default=False)
    shown_at = models.DateTimeField(null=True, db_default=Now())
    copies = models.PositiveSmallIntegerField(default=1, db_default=1)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.reference}"


class SimulatedPhone(models.Model):
    """A phone's mood. Without a row its texts come at once, and the network says so once.

    The row of ``NETWORK`` is the mood of the network that all of them hang on.
    """

    NETWORK: ClassVar[str] = "network"

    class Mood(models.TextChoices):
        USUAL = "usual", "as usual"
        SLOW = "slow", "slow: texts take 45 seconds"
        DEAD = "dead", "dead: nothing arrives, nobody says so"
        LOSES_RECEIPTS = "loses_receipts", "loses receipts"
        DUPLICATES = "duplicates", "everything comes twice"
        REORDERS = "reorders", "texts and receipts overtake each other"

    phone = models.CharField(max_length=20, unique=True)
    mood = models.CharField(max_length=20, choices=Mood, default=Mood.USUAL)

    def __str__(self) -> str:
        return f"{self.phone} {self.mood}"


class SimulatedSiteCall(models.Model):
    """A webhook call as the site got it, and whether its signature held."""

    webhook_id = models.CharField(max_length=60)
    verified = models.BooleanField()
    body = models.JSONField()
    received_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.webhook_id
