"""What all facts are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Happening:
    """The base of all facts."""

    name: ClassVar[str]
    v: ClassVar[int] = 1

    @property
    def subject(self) -> str:
        """What the fact is about, for timelines; empty when nothing in particular."""
        order_id = getattr(self, "order_id", None)
        return f"order:{order_id}" if order_id else ""


def all_of(base: type[Happening]) -> dict[str, type[Happening]]:
    """Every kind of fact that is a ``base``, by name."""
    found = {base.name: base} if hasattr(base, "name") else {}
    for kind in base.__subclasses__():
        found |= all_of(kind)
    return found
