"""What the messages of past days came to, for the page of measures; made by
``notifications.reporting``. Days are UTC's; a row without a store is of messages that belong to
none, not of the chain; test messages count like the others, as on the page.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from orders.models.reporting import DayOfStore


class DayMessages(DayOfStore):
    """How many messages were written on a day by one way, for one purpose, in one wording.

    The counts are those of ``notifications.measures.Tally``.
    """

    channel = models.CharField(max_length=10, blank=True)
    provider = models.CharField(max_length=40, blank=True)
    purpose = models.CharField(max_length=40)
    words = models.CharField(max_length=60, blank=True)
    written = models.PositiveIntegerField()
    accepted = models.PositiveIntegerField()
    delivered = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    stale = models.PositiveIntegerField()
    late = models.PositiveIntegerField()
    unsure = models.PositiveIntegerField()
    followed = models.PositiveIntegerField()
    texts = models.PositiveIntegerField()
    segments = models.PositiveIntegerField()
    micros = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "store", "channel", "provider", "purpose", "words"],
                nulls_distinct=False,
                name="day_messages_once",
            )
        ]
        indexes = [models.Index(fields=["store", "day"], name="day_messages_store")]

    def __str__(self) -> str:
        return f"{self.written} on {self.day}"


class DayUnsent(DayOfStore):
    """How many messages of a day were decided not to be sent, and why."""

    outcome = models.CharField(max_length=12)
    reason = models.CharField(max_length=60, blank=True)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "store", "outcome", "reason"],
                nulls_distinct=False,
                name="day_unsent_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.outcome} on {self.day}"


class MessageTimes(DayOfStore):
    """From ready to told on one day, as ``orders.models.DayTimes``; without store: the chain.

    ``stretch`` is the ``whole``, or what of it passed in our ``queue``, in the ``quiet`` hours,
    or at the ``provider``.
    """

    stretch = models.CharField(max_length=8)
    count = models.PositiveIntegerField()
    seconds = models.BigIntegerField()
    buckets = ArrayField(models.SmallIntegerField())
    counts = ArrayField(models.IntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "day", "stretch"], nulls_distinct=False, name="message_times_once"
            )
        ]
        indexes = [models.Index(fields=["day"], name="message_times_day")]

    def __str__(self) -> str:
        return f"{self.stretch} on {self.day}"
