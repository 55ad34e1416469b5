"""Which setting holds where: the store's own, else that of its group, else the chain's. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

OWN, GROUP, CHAIN, BUILT_IN = "store", "group", "chain", "default"

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Rules:
    """What each setting is where nobody has set it, and which two are the ends of a span: these
    come from one level together."""

    defaults: Values
    spans: Sequence[tuple[str, str]] = ()


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

    rules: Rules
    chain: Values = field(default_factory=dict)
    groups: Mapping[int, GroupLevel] = field(default_factory=dict)
    groups_of: Mapping[int, Sequence[int]] = field(default_factory=dict)
    own: Mapping[int, Values] = field(default_factory=dict)


def held(levels: Levels, store: int) -> dict[str, Held]:
    """Every setting of a store with where it comes from."""
    own = levels.own.get(store, {})
    steps = [(own, OWN, ""), *_of_groups(levels, store), (levels.chain, CHAIN, "")]
    return {name: _first(name, steps, built) for name, built in levels.rules.defaults.items()}


def values_of(levels: Levels, store: int) -> dict[str, Any]:
    """The same without where it comes from."""
    return {name: one.value for name, one in held(levels, store).items()}


def strays(levels: Levels, store: int, columns: Values) -> dict[str, Any]:
    """What a store's rows say otherwise than its levels: somebody set it for this store alone.

    ``columns`` lacks what no row says; of a span both ends are told when one is other.
    """
    known = values_of(levels, store)
    odd = {name for name, value in columns.items() if value != known[name]}
    for span in levels.rules.spans:
        if odd.intersection(span):
            odd.update(span)
    return {name: value for name, value in columns.items() if name in odd}


def _of_groups(levels: Levels, store: int) -> list[tuple[Values, str, str]]:
    mine: Iterable[GroupLevel] = (
        levels.groups[key] for key in levels.groups_of.get(store, ()) if key in levels.groups
    )
    ordered = sorted(mine, key=lambda group: (group.rank, group.pk))
    return [(group.says, GROUP, group.name) for group in ordered]


def _first(name: str, steps: Iterable[tuple[Values, str, str]], built_in: Any) -> Held:
    for says, origin, level in steps:
        if name in says:
            return Held(says[name], origin, level)
    return Held(built_in, BUILT_IN)
