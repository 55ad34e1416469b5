"""The font that PDFs are set in.

One with many letters is taken where the system has one. Where it has none, PDF's own font is
used, and letters that it lacks lose their marks: ``Łódź`` becomes ``Lodz``.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FONTS = [
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    Path("/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf"),
    Path("/usr/share/fonts/TTF/DejaVuSans.ttf"),
    Path("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"),
]
BUILT_IN = "Helvetica"
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
