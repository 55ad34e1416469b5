"""What customers text, what was asked of them, and the talk between them and a store."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from hub.crypto import EncryptedTextField
from hub.customers.models import Profile
from hub.ids import new_id
from hub.stores.models import Store


def _thread_id() -> str:
    return new_id("thr")


class OpenQuestion(models.Model):
    """The one question with numbers that a phone is asked; a bare number answers it, and no other.

    ``options`` is a list of what the numbers from 1 on stand for, as the asker understands it.
    """

    class Kind(models.TextChoices):
        ORDER = "order"
        SPOT = "spot"
        SUBSTITUTES = "substitutes"

    phone_hash = models.CharField(max_length=32)
    kind = models.CharField(max_length=12, choices=Kind)
    subject = models.CharField(max_length=60, help_text="such as fulfillment:17")
    options = models.JSONField(default=list)
    asked_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=20, blank=True, help_text="answer, newer, expired")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phone_hash"],
                condition=models.Q(closed_at__isnull=True),
                name="question_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject}"


class HeardText(models.Model):
    """One inbound text, and what it was taken for; its words stay sealed in the inbound call.

    The row makes that a text has one effect, however often its call is worked on. ``digest``
    tells the same words again; ``damped`` ones came in a flood or from a machine, and were left
    without an answer.
    """

    call_id = models.BigIntegerField(unique=True)
    phone_hash = models.CharField(max_length=32)
    kind = models.CharField(max_length=12)
    digest = models.CharField(max_length=32, blank=True)
    locale = models.CharField(max_length=10, blank=True)
    order_id = models.BigIntegerField(null=True)
    damped = models.BooleanField(default=False)
    heard_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["phone_hash", "heard_at"], name="heard_of_phone")]

    def __str__(self) -> str:
        return f"{self.kind} in call {self.call_id}"


class Thread(models.Model):
    """The talk of one phone with one store, opened by words the hub could not act on."""

    public_id = models.CharField(max_length=30, unique=True, default=_thread_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="threads")
    profile = models.ForeignKey(
        Profile, null=True, on_delete=models.PROTECT, related_name="threads"
    )
    fulfillment_id = models.BigIntegerField(null=True, help_text="what it is probably about")
    phone = EncryptedTextField(default="", help_text="E.164")
    phone_hash = models.CharField(max_length=32, db_index=True)
    locale = models.CharField(max_length=10, blank=True)
    is_test = models.BooleanField(default=False)
    unread = models.PositiveIntegerField(default=0)
    flag = models.CharField(
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text="what staff should see at once: may want no texts, asks for a person",
    )
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    last_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-last_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["store", "phone_hash"],
                condition=models.Q(closed_at__isnull=True),
                name="thread_one_open",
            )
        ]

    def __str__(self) -> str:
        return self.public_id


class ThreadEntry(models.Model):
    """One thing said in a thread: by the customer, or by staff through a message."""

    class Side(models.TextChoices):
        CUSTOMER = "customer"
        STORE = "store"

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="entries")
    side = models.CharField(max_length=8, choices=Side)
    words = EncryptedTextField(default="")
    author = models.CharField(max_length=150, blank=True, help_text="staff member; else empty")
    call_id = models.BigIntegerField(null=True, unique=True, help_text="the inbound call")
    message_id = models.BigIntegerField(null=True, unique=True, help_text="the message that left")
    said_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.side} in {self.thread_id}"
