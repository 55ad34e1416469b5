"""What a scanner read, taken apart: a GTIN, a label from the scales, or some other code. Pure.

Labels from the scales are EAN-13 codes that mean something in their own store only: they begin
with 2, then follow the item's number (PLU), what the goods weigh or cost, and the check digit.
"""

from __future__ import annotations

from dataclasses import dataclass

from orders.picking.errors import BadCheckDigit, UnreadableCode

GTIN_LENGTHS = {8, 12, 13, 14}
CODE_CHARACTERS = 60
# One letter for each digit: a digit stands for itself, P: PLU, W: weight in grams, V: the price,
# X: of no meaning, C: the check digit. HUB_WEIGHT_BARCODE says how a chain's scales print it.
WEIGHT_LAYOUT = "2PPPPPPWWWWWC"


@dataclass(frozen=True)
class Scanned:
    """What a code says. ``gtin`` has 14 digits; ``plu`` and ``grams`` come from the scales."""

    text: str
    gtin: str = ""
    plu: str = ""
    grams: int | None = None

    @property
    def gtins(self) -> list[str]:
        """The GTIN in every length in which somebody may have stored it."""
        return [form for form in map(self._cut, sorted(GTIN_LENGTHS)) if form]

    @property
    def plus(self) -> list[str]:
        """The PLU as the label has it, and without its leading zeros."""
        return sorted({self.plu, self.plu.lstrip("0")} - {""})

    def _cut(self, length: int) -> str:
        kept = self.gtin[-length:]
        return kept if self.gtin and kept.zfill(max(GTIN_LENGTHS)) == self.gtin else ""


def check_digit(digits: str) -> int:
    """The GS1 check digit of the ``digits`` before it: weights 3, 1, 3, … from the right."""
    weighed = (
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits[::-1])
    )
    return -sum(weighed) % 10


def read_code(text: str, *, layout: str = WEIGHT_LAYOUT) -> Scanned:
    """Take a scanned (or typed) code apart; whether it stands for anything is not known here.

    Digits of a GTIN's length whose check digit is wrong may still be some shop's own code: they
    come back without a ``gtin``. Raises UnreadableCode for nothing, too much, or odd characters.
    """
    code = text.strip()
    if not code or len(code) > CODE_CHARACTERS or not code.isprintable():
        raise UnreadableCode
    if not is_gtin(code):
        return Scanned(code)
    plu, grams = _label(code, layout)
    return Scanned(code, gtin=code.zfill(max(GTIN_LENGTHS)), plu=plu, grams=grams)


def is_gtin(code: str) -> bool:
    """Whether these are 8, 12, 13 or 14 digits of which the last one checks the others."""
    return looks_like_gtin(code) and check_digit(code[:-1]) == int(code[-1])


def looks_like_gtin(code: str) -> bool:
    """Whether these are as many digits as a GTIN has."""
    return code.isascii() and code.isdecimal() and len(code) in GTIN_LENGTHS


def refuse_misread(code: str) -> None:
    """Raise BadCheckDigit when the code is a GTIN but for its last digit: then scan again."""
    if looks_like_gtin(code) and not is_gtin(code):
        raise BadCheckDigit(f"{code} was not read right; scan it again", scanned=code)


def _label(code: str, layout: str) -> tuple[str, int | None]:
    """The PLU and the grams on a label from the scales; nothing and None on any other code."""
    fixed = [(mark, digit) for mark, digit in zip(layout, code, strict=False) if mark.isdecimal()]
    if len(code) != len(layout) or any(mark != digit for mark, digit in fixed):
        return "", None
    plu, grams = _digits("P", layout, code), _digits("W", layout, code)
    return plu, int(grams) if grams else None


def _digits(letter: str, layout: str, code: str) -> str:
    return "".join(digit for mark, digit in zip(layout, code, strict=True) if mark == letter)
