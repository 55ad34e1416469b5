"""A text as the grammar reads it: without case, accents, signs, emoji and hidden characters."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST_READ = 1_600  # what a phone sends at most; the rest of anything longer changes nothing
SPLIT_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ı": "i"}
)  # have no plain letter inside
_APOSTROPHES = re.compile("['’‘`´ʼ＇]")
_WORD = re.compile(r"[^\W_]+")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


@dataclass(frozen=True)
class Folded:
    """``words`` are letters and digits only, ``line`` the same with single blanks between them.

    ``asks``: it holds a question mark, so that it is rather a question than a command.
    """

    words: tuple[str, ...]
    asks: bool

    @property
    def line(self) -> str:
        """All words with one blank between each two."""
        return " ".join(self.words)


def fold(text: str) -> Folded:
    """Bring a text to the form in which the words of the grammar are compared. Never fails."""
    plain = fold_letters(text[:LONGEST_READ])
    return Folded(tuple(_WORD.findall(plain)), asks="?" in plain or "¿" in plain)


def fold_letters(text: str) -> str:
    """Casefolded and without accents; ``J’arrive là`` becomes ``jarrive la``."""
    wide = unicodedata.normalize("NFKC", "".join(map(_seen, text)))
    parts = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", wide).casefold())
    bare = "".join(sign for sign in parts if not unicodedata.combining(sign))
    return bare.translate(SPLIT_LETTERS)


def _seen(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _UNSEEN else character
