"""The customer's page in every language it speaks: one table of words per language.

The tables have the same keys and the same ``{places}``; a test compares them. ``date`` is a
format of Django's ``date`` filter, because languages order a date differently.
"""

from __future__ import annotations

from orders.curbside.pages.words import en, es, fr, pl, ru

WORDS: dict[str, dict[str, str]] = {
    "en": en.WORDS,
    "fr": fr.WORDS,
    "pl": pl.WORDS,
    "ru": ru.WORDS,
    "es": es.WORDS,
}
NAMES = {"en": "English", "fr": "Français", "pl": "Polski", "ru": "Русский", "es": "Español"}
DEFAULT = "en"


def language_of(*wishes: str) -> str:
    """The first of the wishes (``pl``, ``pl-PL``, …) that the page speaks, else English."""
    for wish in wishes:
        if (language := wish[:2].lower()) in WORDS:
            return language
    return DEFAULT
