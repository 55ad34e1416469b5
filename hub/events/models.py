"""The outbox: facts, one delivery per handler and fact, and the heartbeats of those who work."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from hub.events.leases import Leased
from hub.ids import new_id


def _fact_id() -> str:
    return new_id("evt")


class Fact(models.Model):
    """Something that happened, written in the transaction that made it happen; never changed.

    ``subject`` names what it is about (``order:17``), so that a timeline is one indexed read;
    ``data`` holds ids only.
    """

    public_id = models.CharField(max_length=30, unique=True, default=_fact_id, editable=False)
    name = models.CharField(max_length=60)
    v = models.PositiveSmallIntegerField(default=1)
    subject = models.CharField(max_length=60, blank=True, default="")
    data = models.JSONField()
    trace_id = models.CharField(max_length=32, blank=True, default="")
    actor = models.CharField(max_length=60, blank=True, default="")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["subject", "id"], condition=~models.Q(subject=""), name="fact_timeline"
            ),
            models.Index(
                fields=["actor", "public_id"],
                condition=models.Q(actor__startswith="staff:"),
                name="fact_by_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.subject}"


class Delivery(Leased):
    """One handler's copy of a fact."""

    fact = models.ForeignKey(
        Fact, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    handler = models.CharField(max_length=200)
    edited = models.JSONField(null=True, help_text="carried out instead of the fact's own data")

    class Meta(Leased.Meta):
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["fact", "handler"], name="delivery_once_per_handler")
        ]

    def __str__(self) -> str:
        return f"{self.handler} of {self.fact_id}"


class Heartbeat(models.Model):
    """When a process last showed that it does its work, by the database's clock."""

    kind = models.CharField(max_length=20)
    instance = models.CharField(max_length=80)
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "instance"], name="heartbeat_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.instance}"


class Breaker(models.Model):
    """Whether calls to one outside system make sense now; shared by all processes.

    Made by the first failure. ``failures`` counts those in a row; while it is open nobody calls
    before ``due_at``, and then one call at a time tries whether it is back.
    """

    class State(models.TextChoices):
        CLOSED = "closed", "calls go out"
        OPEN = "open", "out of reach"
        HALF_OPEN = "half_open", "being tried"

    key = models.CharField(max_length=60, unique=True, help_text="the lane, such as pos:17")
    state = models.CharField(max_length=9, choices=State, default=State.CLOSED)
    failures = models.PositiveIntegerField(default=0)
    probes = models.PositiveIntegerField(default=0, help_text="failed since it opened")
    opened_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, help_text="when it is tried next, or given up on")
    last_error = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.key} {self.state}"
