"""From a purpose, a channel and a language to the words that leave the house.

Templates are plain text with ``$names``. A name without a value is an error, never a gap: half
a text must not reach anybody. Only plain strings go in, and each is kept on one line.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Template

DEFAULT_LOCALE = "en"
LONGEST_VALUE = 200

_FOLDER = Path(__file__).parent / "templates" / "notifications"
_SPACES = re.compile(r"\s+")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}


class WordingError(Exception):
    """No template, or one that cannot be filled: nothing may be sent."""


@dataclass(frozen=True)
class Wording:
    """A template in the language found for it; ``name`` says which, with its version."""

    name: str
    locale: str
    title: Template
    body: Template

    @property
    def wants(self) -> set[str]:
        """The names it needs values for."""
        return {*self.title.get_identifiers(), *self.body.get_identifiers()}


@dataclass(frozen=True)
class Rendered:
    """Words ready to send; ``title`` is empty for a text."""

    title: str
    body: str


def wording_for(*, purpose: str, channel: str, locale: str) -> Wording:
    """The template in the language asked for, else in its base language, else in English.

    ``fr-CA``, ``fr_ca`` and ``fr`` all find French. Raises WordingError when there is none.
    """
    asked = locale.replace("_", "-").lower()
    shipped = _shipped()
    for candidate in (asked, asked.split("-")[0], DEFAULT_LOCALE):
        found = shipped.get((candidate, purpose, channel))
        if found:
            return found
    raise WordingError(f"no template for {purpose} by {channel}")


def render(wording: Wording, values: Mapping[str, str]) -> Rendered:
    """Fill the template. Raises WordingError when a value it names is missing or empty."""
    clean = {name: one_line(value) for name, value in values.items()}
    missing = sorted(name for name in wording.wants if not clean.get(name))
    if missing:
        raise WordingError(f"{wording.name} lacks {', '.join(missing)}")
    try:
        return Rendered(wording.title.substitute(clean), wording.body.substitute(clean))
    except ValueError as error:
        raise WordingError(f"{wording.name}: {error}") from None


def one_line(text: str) -> str:
    """The text on one line, without control, direction or unassigned characters, cut to 200."""
    visible = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character) not in _UNSEEN
    )
    return _SPACES.sub(" ", "".join(visible)).strip()[:LONGEST_VALUE]


@lru_cache(maxsize=1)
def _shipped() -> dict[tuple[str, str, str], Wording]:
    """All templates of the folder, by locale, purpose and channel."""
    found = {}
    for path in sorted(_FOLDER.glob("*/*.txt")):
        purpose, channel = path.stem.split(".")
        found[path.parent.name, purpose, channel] = _read(path, channel)
    return found


def _read(path: Path, channel: str) -> Wording:
    """A file as a template; the first line of an e-mail's is its subject."""
    text = path.read_text(encoding="utf-8")
    title, body = text.split("\n", 1) if channel == "email" else ("", text.strip())
    version = hashlib.sha256(text.encode()).hexdigest()[:8]
    return Wording(
        name=f"{path.parent.name}/{path.stem}@{version}",
        locale=path.parent.name,
        title=Template(title),
        body=Template(body),
    )
