"""The rules that choose a store, as plain values: filters let stores through, sorters rank them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Sorter(StrEnum):
    """What stores are ranked by; of every sorter the lower value is the better one."""

    DISTANCE = "distance"
    FEWEST_SPLITS = "fewest_splits"
    CAPACITY_LEFT = "capacity_left"
    STOCK_BALANCE = "stock_balance"
    RANKED_LIST = "ranked_list"


class Result(StrEnum):
    """What became of a store that was thought of; these words are kept and shown."""

    CHOSEN = "chosen"
    LEFT_OUT = "rejected this order before"
    OTHER_GROUP = "not in the group"
    TOO_FAR = "too far"
    PAUSED = "takes no new orders"
    SHORT = "not enough stock"
    REJECTS = "rejects too often"
    FULL = "no capacity left"
    REJECTED_ITEM = "rejected these goods lately"
    NEVER_OPEN = "never open"
    TOO_LATE = "not ready in time"
    GONE = "sold out meanwhile"
    UNSEEN = "not looked at"


@dataclass(frozen=True)
class RejectLimit:
    """A store that rejected ``percent`` of its last ``days`` orders, if ``least``, cools down."""

    percent: int
    days: int
    least: int


@dataclass(frozen=True)
class Rule:
    """One rule. ``stores`` are the keys of its group, None all; ``places`` the ranked list."""

    group: str = ""
    stores: frozenset[int] | None = None
    whole_basket: bool = True
    radius_metres: int | None = None
    within_minutes: int | None = None
    capacity_left: bool = False
    most_rejected: RejectLimit | None = None
    spare_rejected: bool = True
    sorters: tuple[Sorter, ...] = (Sorter.DISTANCE,)
    places: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """Rules in order. The first one with a store that can take the order decides."""

    name: str
    version: int
    rules: tuple[Rule, ...]
    most_parts: int = 1


# What holds until somebody activates rules.
NEAREST = Rules("the nearest store", 0, (Rule(),))
