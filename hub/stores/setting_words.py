"""How values and levels of settings are said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from hub.stores.declaring import Holder, settings
from hub.stores.inheriting import BUILT_IN, CHAIN, GROUP, OWN, Held


def words_of(name: str, value: Any) -> str:
    """A setting's value as people say it."""
    setting = settings()[name]
    return str(setting.nothing or "–") if value is None else setting.kind.words(value)


def origin_of(one: Held) -> str:
    """Where a value comes from, in words."""
    return {
        OWN: _("the store's own"),
        GROUP: _("from the group %(name)s") % {"name": one.name},
        CHAIN: _("from the chain"),
        BUILT_IN: _("nobody has set it"),
    }[one.origin]


def lines_of(holder: Holder, known: Mapping[str, Held]) -> list[tuple[Any, str, str]]:
    """What holds of a holder's settings: label, value and origin of each."""
    return [
        (one.label, words_of(one.name, known[one.name].value), origin_of(known[one.name]))
        for one in holder.settings
    ]
