"""The printed documents as PDF: A4 for lists and slips, 100 × 62 mm for labels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as in_words
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from orders.fonts import font, shown
from orders.picking.barcodes import bars_of
from orders.picking.documents import Label, Paper, Row

LABEL_SIZE = (100 * mm, 62 * mm)
MARGIN = 16 * mm


def paper_pdf(paper: Paper, *, timezone: str) -> bytes:
    """A pick list or packing slip as the bytes of a PDF."""
    out = BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=f"{paper.title} {paper.number}",
        author="curbhub",
    )
    head = [
        _text(f"{paper.title} {paper.number}", size=18),
        _text(f"{paper.store} · {paper.customer}"),
        _text(_("Promised {time}").format(time=_time(paper.promised, timezone))),
    ]
    if paper.note:
        head.append(_text(_("The customer says: {note}").format(note=paper.note)))
    printed = _("Printed {time}").format(time=_time(paper.printed, timezone))
    foot = _text(printed, size=8)
    document.build([*head, Spacer(1, 6 * mm), _table(paper.rows), Spacer(1, 6 * mm), foot])
    return out.getvalue()


def labels_pdf(labels: Sequence[Label], *, timezone: str) -> bytes:
    """The labels of bags as the bytes of a PDF, one page each."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=LABEL_SIZE)
    canvas.setTitle(_("Bag labels"))
    for label in labels:
        _draw_label(canvas, label, timezone)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _table(rows: Sequence[Row]) -> Flowable:
    head = [_text(words, size=8) for words in _heads()]
    body = [
        [
            _text(row.location),
            _text(row.zone),
            _text(f"{row.name}\n{row.code}" + (f"\n{row.note}" if row.note else "")),
            _text(row.amount, size=12),
            "",
        ]
        for row in rows
    ]
    widths = [28 * mm, 20 * mm, 90 * mm, 26 * mm, 14 * mm]
    table = Table([head, *body], colWidths=widths, repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.grey),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("BOX", (4, 1), (4, -1), 0.5, colors.grey),
            ]
        )
    )
    return table


def _heads() -> tuple[str, ...]:
    return _("Place"), _("Zone"), _("Item"), _("Amount"), _("Done")


def _text(words: str, *, size: int = 10) -> Flowable:
    style = ParagraphStyle("text", fontName=font(), fontSize=size, leading=size * 1.3)
    return Paragraph(escape(shown(words)).replace("\n", "<br/>"), style)


def _draw_label(canvas: Canvas, label: Label, timezone: str) -> None:
    width, height = LABEL_SIZE
    left, line = 6 * mm, 7 * mm
    top = height - 10 * mm
    canvas.setFont(font(), 20)
    canvas.drawString(left, top, _cut(label.order, 20, width * 0.62))
    canvas.drawRightString(width - left, top, f"{label.number} / {label.total}")
    canvas.setFont(font(), 13)
    canvas.drawString(left, top - line, _cut(label.customer, 13, width * 0.55))
    canvas.drawRightString(width - left, top - line, shown(label.zone.upper()))
    canvas.setFont(font(), 9)
    where = f"{label.store} · {_time(label.promised, timezone)}"
    canvas.drawString(left, top - 1.8 * line, _cut(where, 9, width - 2 * left))
    _draw_bars(canvas, label.barcode, left=left, width=width - 2 * left)
    canvas.drawCentredString(width / 2, 5 * mm, label.barcode)


def _draw_bars(canvas: Canvas, text: str, *, left: float, width: float) -> None:
    bottom, height = 11 * mm, 20 * mm
    bars = bars_of(text)
    module = width / sum(modules for _, modules in bars)
    for is_bar, modules in bars:
        if is_bar:
            canvas.rect(left, bottom, modules * module, height, stroke=0, fill=1)
        left += modules * module


def _cut(words: str, size: int, width: float) -> str:
    """As much of the words as fits the width; long names end in dots."""
    text = shown(words)
    while text and pdfmetrics.stringWidth(text, font(), size) > width:
        text = text.rstrip(".")[:-1] + "..." if len(text) > len("....") else ""
    return text


def _time(moment: datetime, timezone: str) -> str:
    return in_words(moment.astimezone(ZoneInfo(timezone)), "D d M H:i")
