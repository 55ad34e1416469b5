"""How many texts a message costs, and which of its characters make it dear.

A phone's own alphabet (GSM 03.38) takes 160 units in one text, or 153 in each of several; one
character outside it turns the whole message to UCS-2, with 70 or 67. Characters of the extension
table, and those beyond the basic plane, take two units and are never split between two texts, so
dividing the length by 153 is not enough.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

GSM7 = "gsm7"
UCS2 = "ucs2"
# GSM 03.38 in the order of its table; then what takes an escape character before it.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
_LIMITS = {GSM7: (160, 153), UCS2: (70, 67)}
_LAST_OF_BASIC_PLANE = 0xFFFF
_MODES = ("keep", "smart", "ascii")
# Looks that a plainer sign has, too. What is not seen at all may go.
_SMART = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u0060\u00b4", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00a0\u2007\u2009\u200a\u202f\t", " "),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufe0f\ufeff", ""),
    "\u2026": "...",
    "\u2022": "-",
    "\u00d7": "x",
    "\u2116": "No.",
}
# Letters that have no mark to take away.
_LETTERS = {
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ı": "i",
    "ħ": "h",
    "Ħ": "H",
    "œ": "oe",
    "Œ": "OE",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",
    "ẞ": "SS",
}


@dataclass(frozen=True)
class Segments:
    """What a text takes: ``units`` septets (gsm7) or UTF-16 code units (ucs2) in ``segments``
    texts. ``costly`` are the characters, with their places from 0, that rule out gsm7."""

    encoding: str
    units: int
    segments: int
    costly: tuple[tuple[int, str], ...]

    @property
    def left(self) -> int:
        """Units that still fit without another text, if none of them is two wide."""
        single, part = _LIMITS[self.encoding]
        return single - self.units if self.segments <= 1 else part * self.segments - self.units


def count_segments(text: str) -> Segments:
    """Count as a phone network does; an empty text takes none."""
    costly = tuple(
        (place, sign)
        for place, sign in enumerate(text)
        if sign not in _BASIC and sign not in _EXTENDED
    )
    encoding = UCS2 if costly else GSM7
    widths = [_width(sign, encoding) for sign in text]
    units = sum(widths)
    single, part = _LIMITS[encoding]
    if units <= single:
        return Segments(encoding, units, int(units > 0), costly)
    return Segments(encoding, units, _parts(widths, part), costly)


def downgrade(text: str, mode: str) -> str:
    """The text in a phone's own alphabet if that can be had, else as it is.

    ``keep`` changes nothing, ``smart`` takes plain quotes, dashes and spaces, ``ascii`` also takes
    the marks off letters the alphabet lacks. Nothing becomes a question mark. Raises ValueError
    for another mode.
    """
    if mode not in _MODES:
        raise ValueError(f"no such mode: {mode}")
    if mode == "keep":
        return text
    plain = "".join(_SMART.get(sign, sign) for sign in unicodedata.normalize("NFC", text))
    if mode == "ascii":
        plain = "".join(_bare(sign) for sign in plain)
    return plain if count_segments(plain).encoding == GSM7 else text


def _width(sign: str, encoding: str) -> int:
    if encoding == GSM7:
        return 2 if sign in _EXTENDED else 1
    return 2 if ord(sign) > _LAST_OF_BASIC_PLANE else 1


def _parts(widths: Iterable[int], size: int) -> int:
    """How many texts of a size hold the characters, none of them split."""
    parts, filled = 1, 0
    for width in widths:
        if filled + width > size:
            parts, filled = parts + 1, 0
        filled += width
    return parts


def _bare(sign: str) -> str:
    """A letter without its marks, if the phone's alphabet lacks it."""
    if sign in _BASIC or sign in _EXTENDED:
        return sign
    if sign in _LETTERS:
        return _LETTERS[sign]
    bare = "".join(one for one in unicodedata.normalize("NFKD", sign) if ord(one) < 128)  # noqa: PLR2004
    return bare or sign
