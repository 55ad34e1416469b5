"""Which setting holds where: the store's own, else that of its group, else the chain's. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DEFAULTS: dict[str, Any] = {
    "lead_minutes": 60,
    "cut_off": None,
    "slot_minutes": 30,
    "slot_capacity": None,
    "orders_per_hour": None,
}
FIELDS = tuple(DEFAULTS)
# these may be set to nothing: no cut-off, no limit
MAY_BE_NOTHING = frozenset({"cut_off", "slot_capacity", "orders_per_hour"})

OWN, GROUP, CHAIN, BUILT_IN = "store", "group", "chain", "default"

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Held:
    """One setting as it holds: its value, from which kind of level, and that level's name."""

    value: Any
    origin: str
    name: str = ""


@dataclass(frozen=True)
class GroupLevel:
    """What a group says, and its place among the groups."""

    pk: int
    name: str
    rank: int
    says: Values


@dataclass(frozen=True)
class Levels:
    """All that is said above single stores; only what is said is a key of ``Values``.

    ``groups_of`` maps a store to the keys of its groups.
    """

    chain: Values = field(default_factory=dict)
    groups: Mapping[int, GroupLevel] = field(default_factory=dict)
    groups_of: Mapping[int, Sequence[int]] = field(default_factory=dict)
    own: Mapping[int, Values] = field(default_factory=dict)


def said(row: Any) -> dict[str, Any]:
    """What a level says: its values, and nothing where it names a field as unlimited."""
    nothing = {name: None for name in row.unlimited if name in MAY_BE_NOTHING}
    return nothing | {name: value for name in FIELDS if (value := getattr(row, name)) is not None}


def held(levels: Levels, store: int, *, without_own: bool = False) -> dict[str, Held]:
    """Every setting of a store with where it comes from."""
    own = {} if without_own else levels.own.get(store, {})
    steps = [(own, OWN, ""), *_of_groups(levels, store), (levels.chain, CHAIN, "")]
    return {name: _first(name, steps) for name in FIELDS}


def values_of(levels: Levels, store: int) -> dict[str, Any]:
    """The same without where it comes from."""
    return {name: one.value for name, one in held(levels, store).items()}


def strays(levels: Levels, store: int, columns: Values) -> dict[str, Any]:
    """What a store's row says otherwise than its levels: somebody set it for this store alone."""
    known = values_of(levels, store)
    return {name: columns[name] for name in FIELDS if columns[name] != known[name]}


def _of_groups(levels: Levels, store: int) -> list[tuple[Values, str, str]]:
    mine: Iterable[GroupLevel] = (
        levels.groups[key] for key in levels.groups_of.get(store, ()) if key in levels.groups
    )
    ordered = sorted(mine, key=lambda group: (group.rank, group.pk))
    return [(group.says, GROUP, group.name) for group in ordered]


def _first(name: str, steps: Iterable[tuple[Values, str, str]]) -> Held:
    for says, origin, level in steps:
        if name in says:
            return Held(says[name], origin, level)
    return Held(DEFAULTS[name], BUILT_IN)
