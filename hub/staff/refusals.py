"""What a service said when it refused, in the reader's language.

Services refuse in English, for the API and the log. The catalogues know their sentences, with
numbered places for what varies, under a context of their own: so a page finds the sentence that
was said, and says it again with the same values in other words.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from django.utils.translation import get_language, pgettext, trans_real

from hub.errors import HubError

REFUSAL = "refusal"
_SEPARATOR = "\x04"  # gettext writes it between a context and its text
_PLACE = re.compile(r"\\\{(\d)\\\}")


def refused(error: HubError) -> str:
    """Why it was refused: the sentence translated, else what such an error is called, else as
    it was said. Always without a full stop that the sentence had not."""
    language = get_language()
    if not language or language.startswith("en"):
        return error.detail
    return (
        _known(error.detail)
        or _filled(error.detail, language)
        or _known(error.title)
        or error.detail
    )


def _known(text: str) -> str:
    said = pgettext(REFUSAL, text)
    return "" if said == text else said


def _filled(text: str, language: str) -> str:
    for pattern, msgid in _patterns(language):
        if found := pattern.fullmatch(text):
            return pgettext(REFUSAL, msgid).format(*found.groups())
    return ""


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """The sentences with places; those with more words of their own come first."""
    prefix = REFUSAL + _SEPARATOR
    catalogue: Any = trans_real.translation(language)._catalog  # type: ignore[attr-defined]
    keys = [key for key in catalogue.keys() if "{0}" in key]  # noqa: SIM118  it is no mapping
    known = [key.removeprefix(prefix) for key in keys if key.startswith(prefix)]
    known.sort(key=len, reverse=True)
    return [(re.compile(_PLACE.sub("(.+?)", re.escape(one)), re.DOTALL), one) for one in known]
