"""Claiming work with a lease: one helper for deliveries, webhook calls and messages.

A row is *pending* until it is *done* or *parked*. A claim is one committed statement that
counts the attempt, stamps a fresh lease token and moves ``due_at`` to the lease's end: so a
worker that dies leaves a row that simply falls due again. Whoever settles the row must still
hold its token. All times are the database's.

Rows whose worker vanished (a token is still on them when they fall due) are *suspects* and are
claimed one at a time: a poison row that kills its process takes no healthy batch with it, and
is parked once its attempts are used up.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from django.db import connection, models
from django.db.models.functions import Now

LEASE_SECONDS = 30
BACKOFF_BASE_SECONDS = 1.0
BACKOFF_CAP_SECONDS = 3600.0


class State(models.TextChoices):
    PENDING = "pending"
    DONE = "done"
    PARKED = "parked"


class Leased(models.Model):
    """A row of work. ``lane`` bounds who waits for whom (one per connector or provider);
    rows with the same non-empty ``ordering_key`` and lane are done one after another by id."""

    MAX_ATTEMPTS: ClassVar[int] = 8

    lane = models.CharField(max_length=60, default="db")
    ordering_key = models.CharField(max_length=80, blank=True, default="")
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    lease = models.UUIDField(null=True, editable=False)
    last_error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        indexes = [
            models.Index(
                fields=["lane", "due_at", "id"],
                condition=models.Q(state="pending"),
                name="%(class)s_due",
            ),
            models.Index(
                fields=["lane", "ordering_key", "id"],
                condition=models.Q(state="pending") & ~models.Q(ordering_key=""),
                name="%(class)s_order",
            ),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(finished_at__isnull=False),
                name="%(class)s_finished",
            ),
        ]
