"""Minutes as people write them: ``10``, ``in 10 min``, ``1h30``, ``полчаса``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from notifications.inbound import lexicon
from notifications.inbound.stopping import without_manners

_ABOUT = frozenset(word for line in lexicon.folded(lexicon.ABOUT) for word in line.split())
_MINUTES = frozenset(lexicon.folded(lexicon.MINUTES))
_HOURS = frozenset(lexicon.folded(lexicon.HOURS))
_SOON = frozenset(lexicon.folded(lexicon.SOON))
_SPELLED = {
    line: minutes
    for minutes, phrases in lexicon.NUMBERS.items()
    for line in lexicon.folded(phrases)
}
_GLUED = re.compile(r"([0-9]{1,3})([^\W\d_]+)([0-9]{0,2})\Z")
_COUNT = re.compile(r"[0-9]{1,3}\Z")


@dataclass(frozen=True)
class Span:
    """``minutes`` is None when none were said. ``marked``: a unit or «in» shows that it is time."""

    minutes: int | None
    marked: bool


def read_span(words: Sequence[str]) -> Span | None:
    """The time that these words name; None when they say anything else beside it."""
    line, marked = _with_figures(" ".join(without_manners(words)))
    found: list[int] = []
    for part in [part for word in line.split() for part in _unglued(word)]:
        if _COUNT.match(part):
            found.append(int(part))
        elif part in _HOURS and len(found) == 1:
            found, marked = [found[0] * 60], True
        elif part not in _ABOUT | _MINUTES:
            return None
        marked = marked or part in _MINUTES | _SOON
    if len(found) > 2 or (len(found) == 2 and found[0] % 60):  # noqa: PLR2004  hours, minutes
        return None
    return Span(sum(found) if found else None, marked)


def _with_figures(line: str) -> tuple[str, bool]:
    """The first number that is written as a word, in figures; and whether there was one."""
    for phrase, minutes in _SPELLED.items():
        before, found, after = f" {line} ".partition(f" {phrase} ")
        if found:
            return f"{before} {minutes} {after}".strip(), True
    return line, False


def _unglued(word: str) -> list[str]:
    """``10min`` and ``1h30`` in their parts."""
    glued = _GLUED.match(word)
    return [part for part in glued.groups() if part] if glued else [word]
