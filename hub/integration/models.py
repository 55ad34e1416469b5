"""How stores come on line: every move between stages, and the waves in which they are made."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hub.stores.models import Stage, Store


class Wave(models.Model):
    """Stores that are brought to a stage together, and what became of each.

    With ``overrides`` stores that lack a must are moved as well, for ``reason``. A token makes one
    wave only; it is over when none of its stores waits any more.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for its turn")
        RUNNING = "running", _("is being made")
        DONE = "done", _("done")

    target = models.CharField(max_length=6, choices=Stage)
    reason = models.CharField(max_length=200, blank=True)
    overrides = models.BooleanField(default=False)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    token = models.CharField(max_length=64, unique=True)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"wave {self.pk}"


class WaveStore(models.Model):
    """One store of a wave: moved, left where it was (``detail`` says why), or still waiting."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("waits")
        MOVED = "moved", _("moved")
        THERE = "there", _("was there already")
        REFUSED = "refused", _("not moved")

    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="stores")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=7, choices=Outcome, default=Outcome.WAITING)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["wave", "store"], name="wave_store_once")]

    def __str__(self) -> str:
        return f"{self.store_id} in wave {self.wave_id}"


class StageChange(models.Model):
    """One move of a store from stage to stage: who, when, why, and how ready it was.

    ``readiness`` is {code: {"done", "must", "wrong"}} as it was found at that moment;
    ``overridden`` are the codes of musts that were not met.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="stage_changes")
    before = models.CharField(max_length=6, choices=Stage)
    after = models.CharField(max_length=6, choices=Stage)
    at = models.DateTimeField(db_default=Now())
    by = models.CharField(max_length=150)
    reason = models.CharField(max_length=200, blank=True)
    readiness = models.JSONField(default=dict)
    overridden = models.JSONField(default=list)
    wave = models.ForeignKey(Wave, null=True, on_delete=models.SET_NULL, related_name="changes")

    class Meta:
        ordering = ["-id"]
        permissions = [("override_readiness", "Can move a store that is not ready")]

    def __str__(self) -> str:
        return f"{self.store_id}: {self.before} to {self.after}"


class Ping(models.Model):
    """When somebody last asked an outside system whether it answers; one row per system.

    ``key`` is its lane, such as pos:17.
    """

    key = models.CharField(max_length=60, unique=True)
    at = models.DateTimeField()
    answered = models.BooleanField()
    milliseconds = models.PositiveIntegerField(null=True)
    problem = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=150, blank=True)

    def __str__(self) -> str:
        return f"{self.key} {'answered' if self.answered else 'silent'}"


class EditedReplay(models.Model):
    """A parked row that was sent again with another payload: both, who did it and why."""

    table = models.CharField(max_length=60)
    row = models.BigIntegerField()
    lane = models.CharField(max_length=60)
    before = models.JSONField()
    after = models.JSONField()
    by = models.CharField(max_length=150)
    why = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "edited replays"
        indexes = [models.Index(fields=["table", "row"], name="edited_replay_of")]

    def __str__(self) -> str:
        return f"{self.table} {self.row}"
