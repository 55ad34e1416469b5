"""Signs to print: an A4 page each, as SVG and as PDF, both drawn from one list of marks in mm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from io import BytesIO
from urllib.parse import urlsplit

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from orders.curbside.signs import address_of
from orders.fonts import font, shown
from orders.models import Sign

WIDTH, HEIGHT = 210.0, 297.0
MIDDLE = WIDTH / 2
CODE_TOP, CODE_SIZE = 107.0, 103.0  # four modules of white around it
BLUE = "#1d4ed8"
BLACK = "#111827"
MOST_SIGNS = 500
NAME_CHARACTERS = 60
# How wide a letter is at most, beside its height, where the font cannot be asked.
WIDEST, WIDEST_CAPITAL = 0.62, 0.85

SCAN = {
    "en": "Scan to tell us you are here",
    "fr": "Scannez pour nous dire que vous êtes là",
    "pl": "Zeskanuj, aby powiedzieć, że jesteś",
    "ru": "Отсканируйте, чтобы сказать, что вы здесь",
    "es": "Escanee para avisar de que está aquí",
}


@dataclass(frozen=True)
class Words:
    """A line of text around ``x``, its foot ``y`` mm from the top; too long ones are squeezed."""

    text: str
    y: float
    size: float
    x: float = MIDDLE
    most: float = WIDTH - 30
    colour: str = BLACK
    language: str = ""


@dataclass(frozen=True)
class Box:
    """A filled rectangle; corners are mm from the upper left."""

    x: float
    y: float
    width: float
    height: float
    colour: str = BLACK


@dataclass(frozen=True)
class Line:
    """A bent stroke with round ends."""

    points: tuple[tuple[float, float], ...]
    thick: float
    colour: str = "#ffffff"


@dataclass(frozen=True)
class Ring:
    """A circle's outline, or with ``filled`` its whole."""

    x: float
    y: float
    radius: float
    thick: float = 0
    filled: bool = False
    colour: str = "#ffffff"


Mark = Words | Box | Line | Ring


def poster_svg(sign: Sign) -> str:
    """The sign as a standalone SVG of A4 size; it loads nothing from elsewhere."""
    body = "".join(_SVG[type(mark)](mark) for mark in _poster(sign))
    name = escape(f"{_name(sign)}, {sign.store.name}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}mm" height="{HEIGHT:g}mm" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" font-family="DejaVu Sans, Noto Sans, sans-serif" '
        f'font-weight="bold" text-anchor="middle" role="img" aria-label="{name}">'
        f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#ffffff"/>{body}</svg>'
    )


def posters_pdf(signs: Sequence[Sign]) -> bytes:
    """The signs as one PDF, a page each, at most 500."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.setTitle("Signs")
    canvas.setAuthor("curbhub")
    for sign in signs[:MOST_SIGNS]:
        for mark in _poster(sign):
            _PDF[type(mark)](canvas, mark)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _poster(sign: Sign) -> Iterator[Mark]:
    """What stands on the page, from top to bottom."""
    yield Box(0, 0, WIDTH, 30, BLUE)
    yield Words(sign.store.name[:NAME_CHARACTERS], 19.5, 10, colour="#ffffff")
    accessible = bool(sign.spot and sign.spot.accessible)
    if sign.spot:
        room = 108.0 if accessible else 180.0
        size = min(54.0, room / (WIDEST_CAPITAL * len(sign.spot.label)))
        yield Words(sign.spot.label, 84, size, x=82 if accessible else MIDDLE, most=room)
        yield Words(sign.spot.zone, 94, 6, colour="#4b5563")
    else:
        yield Words("P", 78, 52, colour=BLUE)
    if accessible:
        yield from _wheelchair(146, 40)
    yield from _qr(address_of(sign))
    for place, (language, text) in enumerate(SCAN.items()):
        yield Words(text, 230 + place * 11, 7.4, language=language)
    yield Words(_short(sign), 289, 4.2, colour="#4b5563")


def _name(sign: Sign) -> str:
    return f"Spot {sign.spot.label}" if sign.spot else "Pickup area"


def _short(sign: Sign) -> str:
    """The address as people type it, for those whose camera does not read it."""
    parts = urlsplit(address_of(sign))
    return f"{parts.netloc}{parts.path}"


def _wheelchair(x: float, y: float) -> Iterable[Mark]:
    """The sign of access in a blue square of 44 mm."""
    return (
        Box(x, y, 44, 44, BLUE),
        Ring(x + 19, y + 8, 3.6, filled=True),
        Ring(x + 20, y + 28, 10.5, thick=2.8),
        Box(x + 16.6, y + 13, 5.4, 14, BLUE),
        Line(((x + 19, y + 14), (x + 19, y + 26), (x + 29, y + 26), (x + 34, y + 37)), 3.6),
        Line(((x + 19, y + 19), (x + 28, y + 19)), 3),
        Line(((x + 34, y + 37), (x + 37, y + 35.6)), 3),
    )


def _qr(address: str) -> Iterator[Box]:
    """The code, one box for each run of dark modules; white is what is around it."""
    rows = _modules(address)
    step = CODE_SIZE / len(rows)
    left = MIDDLE - CODE_SIZE / 2
    for number, row in enumerate(rows):
        for first, length in _runs(row):
            yield Box(left + first * step, CODE_TOP + number * step, length * step, step)


@lru_cache(maxsize=64)
def _modules(address: str) -> tuple[tuple[bool, ...], ...]:
    code = segno.make_qr(address, error="q")
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def _runs(row: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where dark modules begin, and how many follow one another."""
    first = None
    for place, dark in enumerate([*row, False]):
        if dark and first is None:
            first = place
        elif not dark and first is not None:
            yield first, place - first
            first = None


# --- SVG ----------------------------------------------------------------------------------------


def _svg_words(mark: Words) -> str:
    language = f' lang="{mark.language}"' if mark.language else ""
    widest = f"{mark.size * WIDEST * len(mark.text):.4g}"
    fit = f' textLength="{mark.most:g}" lengthAdjust="spacingAndGlyphs"'
    fit = fit if float(widest) > mark.most else ""
    return (
        f'<text x="{mark.x:g}" y="{mark.y:g}" font-size="{mark.size:g}" fill="{mark.colour}"'
        f"{language}{fit}>{escape(mark.text)}</text>"
    )


def _svg_box(mark: Box) -> str:
    return (
        f'<rect x="{mark.x:.3f}" y="{mark.y:.3f}" width="{mark.width:.3f}" '
        f'height="{mark.height + 0.02:.3f}" fill="{mark.colour}"/>'
    )


def _svg_line(mark: Line) -> str:
    points = " ".join(f"{x:g},{y:g}" for x, y in mark.points)
    return (
        f'<polyline points="{points}" fill="none" stroke="{mark.colour}" '
        f'stroke-width="{mark.thick:g}" stroke-linecap="round" stroke-linejoin="round"/>'
    )


def _svg_ring(mark: Ring) -> str:
    look = f'fill="{mark.colour}"' if mark.filled else f'fill="none" stroke="{mark.colour}"'
    return (
        f'<circle cx="{mark.x:g}" cy="{mark.y:g}" r="{mark.radius:g}" {look} '
        f'stroke-width="{mark.thick:g}"/>'
    )


# --- PDF: its y runs upwards ----------------------------------------------------------------------


def _pdf_words(canvas: Canvas, mark: Words) -> None:
    text, size = shown(mark.text).strip(), mark.size * mm
    if mark.language and len(text) < len(mark.text):
        return  # letters are missing: better no line than half a line
    width = pdfmetrics.stringWidth(text, font(), size)
    size *= min(1.0, mark.most * mm / width) if width else 1.0
    canvas.setFillColor(mark.colour)
    canvas.setFont(font(), size)
    canvas.drawCentredString(mark.x * mm, _up(mark.y), text)


def _pdf_box(canvas: Canvas, mark: Box) -> None:
    canvas.setFillColor(mark.colour)
    bottom = _up(mark.y + mark.height)
    canvas.rect(mark.x * mm, bottom, mark.width * mm, mark.height * mm, stroke=0, fill=1)


def _pdf_line(canvas: Canvas, mark: Line) -> None:
    path = canvas.beginPath()
    path.moveTo(mark.points[0][0] * mm, _up(mark.points[0][1]))
    for x, y in mark.points[1:]:
        path.lineTo(x * mm, _up(y))
    _pen(canvas, mark.thick, mark.colour)
    canvas.drawPath(path, stroke=1, fill=0)


def _pdf_ring(canvas: Canvas, mark: Ring) -> None:
    _pen(canvas, mark.thick, mark.colour)
    canvas.setFillColor(mark.colour)
    filled = int(mark.filled)
    canvas.circle(mark.x * mm, _up(mark.y), mark.radius * mm, stroke=1 - filled, fill=filled)


def _pen(canvas: Canvas, thick: float, colour: str) -> None:
    canvas.setStrokeColor(colour)
    canvas.setLineWidth(thick * mm)
    canvas.setLineCap(1)
    canvas.setLineJoin(1)


def _up(y: float) -> float:
    return float((HEIGHT - y) * mm)


_SVG: dict[type, Callable[..., str]] = {
    Words: _svg_words,
    Box: _svg_box,
    Line: _svg_line,
    Ring: _svg_ring,
}
_PDF: dict[type, Callable[..., None]] = {
    Words: _pdf_words,
    Box: _pdf_box,
    Line: _pdf_line,
    Ring: _pdf_ring,
}
