"""The font that PDFs are set in.

One with many letters is taken where the system has one. Where it has none, PDF's own font is
used, and letters that it lacks lose their marks: ``Łódź`` becomes ``Lodz``.
"""

from __future__ import annotations

import unicodedata
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path

from django.utils.translation import get_language, override
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FONTS = [
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    Path("/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf"),
    Path("/usr/share/fonts/TTF/DejaVuSans.ttf"),
    Path("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"),
]
BUILT_IN = "Helvetica"
UNWRITTEN = ("ru",)  # languages of which the built-in font has no letter
LETTERS = str.maketrans("łŁøØđĐßæÆœŒ", "lLoOdDsaAoO")


@cache
def font() -> str:
    """The name of the font that documents are set in."""
    for place in FONTS:
        if place.is_file():
            pdfmetrics.registerFont(TTFont(place.stem, str(place)))
            return place.stem
    return BUILT_IN


def shown(text: str) -> str:
    """The text in letters that the font has; what it cannot write at all is left out."""
    if font() != BUILT_IN:
        return text
    plain = unicodedata.normalize("NFKD", text.translate(LETTERS))
    return plain.encode("latin-1", "ignore").decode("latin-1")


def legible() -> AbstractContextManager[object]:
    """Inside, headings are said in English where the font could not write the reader's language."""
    language = (get_language() or "").partition("-")[0]
    unwritten = font() == BUILT_IN and language in UNWRITTEN
    return override("en") if unwritten else nullcontext()
