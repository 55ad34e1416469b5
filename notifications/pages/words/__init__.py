"""The page on how a customer is told, in every language it speaks.

The tables have the same keys and the same ``{places}``; a test compares them.
"""

from __future__ import annotations

from notifications.pages.words import en, es, fr, pl, ru

WORDS: dict[str, dict[str, str]] = {
    "en": en.WORDS,
    "fr": fr.WORDS,
    "pl": pl.WORDS,
    "ru": ru.WORDS,
    "es": es.WORDS,
}
