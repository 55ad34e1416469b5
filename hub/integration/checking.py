"""How ready stores are: one list of checks, gathered from the ``readiness`` modules of all apps.

Each check looks at any number of stores at once, so that a wave of fifty costs no more queries
than one store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from hub.modules import modules
from hub.stores.models import Stage, Store

FOR_LIVE = frozenset({Stage.LIVE})
FOR_SHADOW = frozenset({Stage.SHADOW, Stage.LIVE})
SHOULD: frozenset[Stage] = frozenset()


@dataclass(frozen=True)
class Found:
    """What a check found in one store: whether it is done, what there is or is wrong, in words,
    and the address of the page where it is mended."""

    done: bool
    said: str
    link: str = ""


Look = Callable[[Sequence[Store]], Mapping[int, Found]]


@dataclass(frozen=True)
class Check:
    """One thing that a store has to have. ``must_for`` are the stages that it cannot reach
    without; empty: it should have it. ``place`` orders the list; ``compares`` marks those that
    hold the hub's figures against the store's own, which is what shadow is for."""

    code: str
    title: Any
    look: Look
    must_for: frozenset[Stage] = FOR_LIVE
    place: int = 50
    compares: bool = False


@dataclass(frozen=True)
class Result:
    """A check with what it found in one store."""

    check: Check
    found: Found

    def blocks(self, stage: str) -> bool:
        """Whether the store cannot go to that stage because of this."""
        return not self.found.done and stage in self.check.must_for


@cache
def checks() -> tuple[Check, ...]:
    """All checks in the order in which they are shown."""
    found = [check for module in modules("readiness") for check in module.CHECKS]
    return tuple(sorted(found, key=lambda check: (check.place, check.code)))


def readiness_of(stores: Sequence[Store]) -> dict[int, list[Result]]:
    """Every check of every store, by the store's key. What a check says nothing of is not done."""
    found = [(check, check.look(stores) if stores else {}) for check in checks()]
    return {
        store.pk: [
            Result(check, answers.get(store.pk, Found(False, "–"))) for check, answers in found
        ]
        for store in stores
    }


def missing_for(results: Sequence[Result], stage: str) -> list[Result]:
    """The musts of a stage that are not met."""
    return [result for result in results if result.blocks(stage)]


def snapshot(results: Sequence[Result], stage: str) -> dict[str, Any]:
    """Plain values to be kept beside a move to that stage."""
    return {
        result.check.code: {
            "done": result.found.done,
            "must": stage in result.check.must_for,
            "said": str(result.found.said),
        }
        for result in results
    }
