"""What a change of levels does to settings of stores, as rule pages show effects."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hub.staff.effects import Effect, Said
from hub.stores.declaring import settings
from hub.stores.levels import Effect as Moved
from hub.stores.models import Store
from hub.stores.setting_words import words_of


def summary_of(moved: Moved) -> str:
    """How many stores a change touches, as a sentence."""
    if not moved.stores:
        return _("Changes no store as of now.")
    count = {"count": moved.stores}
    return ngettext("Changes %(count)d store.", "Changes %(count)d stores.", moved.stores) % count


def changes_of(moved: Moved) -> list[dict[str, Any]]:
    """Each move of a setting in words: label, before, after, and the stores, the first by code."""
    named = {store for one in moved.changes for store in one.examples}
    codes = dict(Store.objects.filter(pk__in=named).values_list("pk", "code"))
    return [
        {
            "label": settings()[one.field].label,
            "before": words_of(one.field, one.before),
            "after": words_of(one.field, one.after),
            "stores": one.stores,
            "codes": _codes([codes[store] for store in one.examples], one.stores),
        }
        for one in moved.changes
    ]


def settings_effect(moved: Moved) -> Effect:
    """The same as a part of what a rule's change does."""
    effect = Effect(title=_("Settings of stores"), said=[Said(summary_of(moved))])
    effect.header = [_("Setting"), _("Before"), _("After"), _("Stores")]
    effect.rows = [
        [
            str(one["label"]),
            one["before"],
            one["after"],
            f"{one['stores']}: {one['codes']}",
        ]
        for one in changes_of(moved)
    ]
    return effect


def _codes(first: list[str], count: int) -> str:
    return ", ".join(first) + ("…" if count > len(first) else "")
