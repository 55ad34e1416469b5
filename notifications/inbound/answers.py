"""Answers to a question of the hub: bare numbers, or OK and NO with the numbers they are for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from notifications.inbound import lexicon

LONGEST_ANSWER = 60  # words
THUMBS = {"\U0001f44d": True, "\U0001f44c": True, "\u2705": True, "\U0001f44e": False}
# None of them is a word that carriers keep for themselves but «yes», which is only understood.
YES = lexicon.spoken(lexicon.YES)
NO = lexicon.spoken(lexicon.NO)

_NUMBER = re.compile(r"[0-9]{1,3}\Z")
_BESIDE = frozenset(lexicon.folded(f"{lexicon.NUMBER_WORDS}|{lexicon.AND}"))


def read_numbers(words: Sequence[str]) -> tuple[int, ...]:
    """The numbers of a text that holds nothing else, in their order; empty when it does."""
    if len(words) > LONGEST_ANSWER:
        return ()
    left = [word for word in words if word not in _BESIDE]
    if not left or not all(map(_NUMBER.match, left)):
        return ()
    return tuple(dict.fromkeys(map(int, left)))


def read_answer(words: Sequence[str]) -> dict[int, bool] | bool | None:
    """What a text says: to all (a truth value), to some by number, or nothing (None)."""
    line = " ".join(words[:LONGEST_ANSWER])
    if line in YES or line in NO:
        return line in YES
    said: dict[int, bool] = {}
    wanted: bool | None = None
    for word in words[:LONGEST_ANSWER]:
        if word in YES or word in NO:
            wanted = word in YES
        elif word in _BESIDE and wanted is not None:
            continue
        elif wanted is None or not _NUMBER.match(word) or said.get(int(word), wanted) != wanted:
            return None
        else:
            said[int(word)] = wanted
    return said or None


def read_thumb(text: str) -> bool | None:
    """What a text of one sign says, if it is a raised or lowered thumb or a tick."""
    found = {wanted for sign, wanted in THUMBS.items() if sign in text}
    return found.pop() if len(found) == 1 else None


def language_of_answer(words: Sequence[str]) -> str:
    """The language that the words for yes and no prove, else empty."""
    found = {(YES | NO)[word] for word in words if word in YES or word in NO}
    return found.pop() if len(found) == 1 else ""
