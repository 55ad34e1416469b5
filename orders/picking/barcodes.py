"""Code 128 bars: as an inline SVG for pages, as widths for anything else."""

from __future__ import annotations

from html import escape

from reportlab.graphics.barcode.code128 import Code128

QUIET = 10  # modules of white on either side, as the standard asks for
FIRST_BAR, FIRST_SPACE = ord("A"), ord("a")


def bars_of(text: str) -> list[tuple[bool, int]]:
    """The bars (True) and spaces of a text of printable ASCII, each with its width in modules."""
    code = Code128(text)
    code.validate()
    if not code.valid:
        raise ValueError(f"{text!r} cannot be written in Code 128")
    code.encode()
    code.decompose()
    return [
        (mark.isupper(), ord(mark) - (FIRST_BAR if mark.isupper() else FIRST_SPACE) + 1)
        for mark in code.decomposed
    ]


def svg_of(text: str, *, height: int = 60) -> str:
    """The bars as an SVG one unit wide per module; it can be scaled at will."""
    at, shapes = QUIET, []
    for is_bar, width in bars_of(text):
        if is_bar:
            shapes.append(f'<rect x="{at}" y="0" width="{width}" height="{height}"/>')
        at += width
    box = f"0 0 {at + QUIET} {height}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" preserveAspectRatio="none" '
        f'role="img" aria-label="{escape(text)}" shape-rendering="crispEdges">'
        f"{''.join(shapes)}</svg>"
    )
