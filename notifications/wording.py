"""From a purpose, a channel and a language to the words that leave the house.

Words that staff have published stand before those shipped with the hub, each in the customer's
language first. Only plain strings go in, and each is kept on one line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from notifications.templating.language import Compiled, WordingError, compiled, one_line

__all__ = ["Rendered", "Wording", "WordingError", "one_line", "render", "wording_for"]

DEFAULT_LOCALE = "en"
LOCALES = ("en", "fr", "pl", "ru", "es")

Key = tuple[str, str, str]  # locale, purpose, channel

_FOLDER = Path(__file__).parent / "templates" / "notifications"


@dataclass(frozen=True)
class Wording:
    """A template in the language found for it; ``name`` says which, with its version.

    ``version_id`` is the TemplateVersion that staff published, None for what the hub ships.
    """

    name: str
    locale: str
    title: Compiled
    body: Compiled
    version_id: int | None = None

    @property
    def wants(self) -> frozenset[str]:
        """The names it speaks of."""
        return self.title.wants | self.body.wants


@dataclass(frozen=True)
class Rendered:
    """Words ready to send; ``title`` is empty for a text."""

    title: str
    body: str


def wording_for(
    *, purpose: str, channel: str, locale: str, published: Mapping[Key, Wording] | None = None
) -> Wording:
    """The template in the language asked for, else in its base language, else in English.

    ``fr-CA``, ``fr_ca`` and ``fr`` all find French. In each language what is ``published`` goes
    first, then what the hub ships. Raises WordingError when there is none.
    """
    ours, shipped = published or {}, shipped_wordings()
    for candidate in chain_of(locale):
        key = (candidate, purpose, channel)
        found = ours.get(key) or shipped.get(key)
        if found:
            return found
    raise WordingError(f"no template for {purpose} by {channel}")


def chain_of(locale: str) -> Iterator[str]:
    """The languages to look in, the best first: ``fr-ca``, ``fr``, ``en``."""
    asked = locale.replace("_", "-").lower()
    yield from dict.fromkeys((asked, asked.split("-")[0], DEFAULT_LOCALE))


def render(wording: Wording, values: Mapping[str, str]) -> Rendered:
    """Fill the template. Raises WordingError when a value it writes is missing or empty."""
    clean = {name: one_line(value) for name, value in values.items()}
    try:
        return Rendered(wording.title.fill(clean), wording.body.fill(clean))
    except WordingError as error:
        raise WordingError(f"{wording.name} {error}") from None


@lru_cache(maxsize=1)
def shipped_wordings() -> dict[Key, Wording]:
    """All templates of the folder, by locale, purpose and channel."""
    found = {}
    for path in sorted(_FOLDER.glob("*/*.*.txt")):
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
        title=compiled(title),
        body=compiled(body),
    )
