"""What the hub never sends, whatever anybody prefers."""

from __future__ import annotations

from typing import Any

from django.db import models

from hub.history import RuleHistory


class TextingRules(models.Model):
    """Limits against waste and abuse; the one row, and defaults without it.

    ``regions`` are the countries whose numbers get texts (ISO 3166-1 alpha-2); empty means those
    in which there are stores.
    """

    regions = models.JSONField(default=list, blank=True)
    per_number_hour = models.PositiveSmallIntegerField(default=20)
    per_number_day = models.PositiveSmallIntegerField(default=60)
    reach_minutes = models.PositiveSmallIntegerField(
        default=10, help_text="a text that must arrive and has no receipt by then is followed up"
    )
    history: Any = RuleHistory()

    class Meta:
        verbose_name_plural = "texting rules"

    def __str__(self) -> str:
        return "texting rules"
