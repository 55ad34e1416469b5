"""The page of store groups: what another rank or other stores change is shown before it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, ProtectedError, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from hub.integration.setting_effects import settings_effect
from hub.staff.effects import Effect, EffectAdmin, effects_on_stores, mark_of
from hub.stores.levels import hold, preview_regroup, regroup
from hub.stores.models import SettingsLevel, StoreGroup

WITH_A_GROUP = (SettingsLevel, StoreGroup.stores.through)


class StoreGroupForm(forms.ModelForm):  # type: ignore[type-arg]
    """A group with its stores; once it was checked, its row knows which were chosen."""

    def clean(self) -> dict[str, Any]:
        """As Django's."""
        cleaned: dict[str, Any] = super().clean() or {}
        self.instance.chosen = cleaned.get("stores")
        return cleaned


@admin.register(StoreGroup)
class StoreGroupAdmin(EffectAdmin[StoreGroup]):
    """Stores that rules speak of by one name."""

    deletable = True
    form = StoreGroupForm
    list_display = ["name", "rank", "store_count"]
    search_fields = ["name"]
    autocomplete_fields = ["stores"]

    def effects(self, row: StoreGroup, change: Callable[[], object]) -> list[Effect]:
        """What the settings of stores become, and what that does to orders; a change that touches
        no store is made without a question, but nothing is deleted without one."""
        chosen = getattr(row, "chosen", None)

        def carry_out() -> None:
            change()
            if chosen is not None:
                row.stores.set(chosen)

        try:
            found = preview_regroup(carry_out)
        except ProtectedError:  # Django's own page tells which rules keep it
            return []
        if not found.touched:
            return [] if chosen is not None else [settings_effect(found)]
        on_orders = effects_on_stores(found.touched, lambda: regroup(carry_out))
        return [settings_effect(found), *on_orders]

    def save_model(self, request: HttpRequest, obj: StoreGroup, form: Any, change: bool) -> None:
        """Saved beside its stores, so that their settings follow from both at once."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The settings of stores that join, leave or are ranked anew follow."""

        def write() -> None:
            form.instance.save()
            super(StoreGroupAdmin, self).save_related(request, form, formsets, change)

        regroup(write)

    def delete_model(self, request: HttpRequest, obj: StoreGroup) -> None:
        """Its stores fall back to their other groups and the chain."""
        regroup(lambda: super(StoreGroupAdmin, self).delete_model(request, obj))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """As Django's; a group's settings go with it, and what that does is told as its effect."""
        told, counts, lacking, protected = super().get_deleted_objects(objs, request)
        silent = {one._meta.verbose_name_plural for one in WITH_A_GROUP}
        counts = {name: count for name, count in counts.items() if name not in silent}
        return told, counts, lacking - {SettingsLevel._meta.verbose_name}, protected

    def get_queryset(self, request: HttpRequest) -> QuerySet[StoreGroup]:
        """Groups with the number of their stores."""
        return super().get_queryset(request).annotate(store_count=Count("stores"))

    @admin.display(description=_("Stores"), ordering="store_count")
    def store_count(self, row: StoreGroup) -> int:
        """How many stores are in it."""
        return row.store_count  # type: ignore[attr-defined,no-any-return]  # annotated

    def _mark(self, row: StoreGroup | None, *, lock: bool = False) -> str:
        """With its stores; no level changes between the look and the change."""
        if lock:
            hold()
        members = sorted(row.stores.values_list("pk", flat=True)) if row is not None else []
        return mark_of([super()._mark(row, lock=lock), members])
