# ruff: noqa: ARG002  an override takes all that is passed
"""Pages of rules that show which numbers they change before they are saved or deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import models

from hub.staff.effects import CONFIRMED, Effect, EffectAdmin
from inventory.services.previewing import Scope, preview

__all__ = ["CONFIRMED", "PreviewedAdmin"]

M = TypeVar("M", bound=models.Model)


class PreviewedAdmin(EffectAdmin[M]):
    """Saving and deleting first show which numbers change, then ask again."""

    def scope_of(self, row: M) -> Scope:
        """Where the rule works, read from its own fields."""
        return Scope(
            store_id=getattr(row, "store_id", None),
            item_id=getattr(row, "item_id", None),
            category=getattr(row, "category", ""),
            channel_id=getattr(row, "channel_id", None),
        )

    def note_on(self, row: M) -> str:
        """What the numbers of single stores do not show; empty when that is nothing."""
        return ""

    def effects(self, row: M, change: Callable[[], object]) -> list[Effect]:
        """The positions that change where the rule worked and where it will work."""
        stored = self.model._default_manager.filter(pk=row.pk).first() if row.pk else None
        scopes = [self.scope_of(one) for one in (stored, row) if one is not None]
        context: dict[str, Any] = {
            "preview": preview(change=change, scopes=scopes),
            "note": self.note_on(row),
        }
        return [Effect(template="admin/inventory/preview_panel.html", context=context)]
