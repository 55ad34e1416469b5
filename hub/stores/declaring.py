"""What can be set on three levels: each app declares its settings, and where they are in force.

An app does it by a module ``level_settings`` with a ``HOLDER``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import models

from hub.modules import modules
from hub.stores.inheriting import Rules
from hub.stores.setting_kinds import Kind


@dataclass(frozen=True)
class Setting:
    """One setting. ``default`` holds where nobody has set it. ``nothing`` says in words what holds
    where it is set to nothing; empty: it always has a value."""

    name: str
    label: Any
    kind: Kind
    default: Any = None
    nothing: Any = ""


@dataclass(frozen=True)
class Holder:
    """A model with a row for each store, whose columns hold the settings that are in force there.

    ``store`` is the look-up of the store's key. A store without a row has the defaults. Both ends
    of each of ``spans`` are said by one level, and differ. ``place`` orders what pages show.
    """

    model: type[models.Model]
    store: str
    title: Any
    place: int
    settings: tuple[Setting, ...]
    spans: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its settings, which are those of its columns."""
        return tuple(one.name for one in self.settings)


@cache
def holders() -> tuple[Holder, ...]:
    """All holders, the stores themselves first."""
    found: list[Holder] = [module.HOLDER for module in modules("level_settings")]
    return tuple(sorted(found, key=lambda holder: holder.place))


@cache
def settings() -> Mapping[str, Setting]:
    """All settings by name, in the order in which they are shown."""
    return {one.name: one for holder in holders() for one in holder.settings}


@cache
def spans() -> tuple[tuple[str, str], ...]:
    """The settings that are the two ends of a span."""
    return tuple(span for holder in holders() for span in holder.spans)


@cache
def rules() -> Rules:
    """What inheriting has to know of them."""
    return Rules({one.name: one.default for one in settings().values()}, spans())
