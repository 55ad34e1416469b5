"""How plainly the texts of a language are spelled."""

from __future__ import annotations

from django.conf import settings

DEFAULT = "smart"


def letters_of(locale: str) -> str:
    """How far texts in this language are spelled plainly to be cheap; see segments.downgrade."""
    letters: str = settings.SMS_LETTERS.get(locale[:2], DEFAULT)
    return letters
