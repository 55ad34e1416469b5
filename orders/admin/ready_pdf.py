"""The sheet of what is ready as a PDF: A4 across, its head on every page."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from orders.fonts import font, shown

if TYPE_CHECKING:
    from hub.stores.models import Store
    from orders.admin.ready_sheet import Row

MARGIN = 12 * mm
WIDTHS = [64 * mm, 44 * mm, 26 * mm, 40 * mm, 16 * mm, 38 * mm, 45 * mm]


def ready_pdf(store: Store, rows: Sequence[Row], *, printed: str, is_full: bool) -> bytes:
    """What is ready in the store, as the bytes of a PDF; ``printed`` says when, ``is_full`` that
    there is more than stands on it."""
    out = BytesIO()
    title = f"{_('Ready to be collected')} · {store.code} {store.name}"
    document = SimpleDocTemplate(
        out,
        pagesize=landscape(A4),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN + 4 * mm,
        title=title,
        author="curbhub",
    )
    counted = ngettext("%(number)s order", "%(number)s orders", len(rows)) % {"number": len(rows)}
    as_of = _("as of %(printed)s") % {"printed": printed}
    note = _(
        "Hand over to who can say the order number and the last four digits of the phone. Note "
        "the time and who took it: it has to be entered when the hub is back. Keep this sheet "
        "from other eyes, and shred it afterwards."
    )
    story = [_text(title, size=16), _text(f"{counted} · {as_of}"), _text(note, size=8)]
    story.append(Spacer(1, 4 * mm))
    story.append(_table(rows) if rows else _text(_("Nothing waits for its buyer.")))
    if is_full:
        story.append(_text(_("There is more than fits this sheet."), size=10))
    document.build(story, onFirstPage=_number, onLaterPages=_number)
    return out.getvalue()


def _table(rows: Sequence[Row]) -> Flowable:
    heads = (
        *(_("Name"), _("Order"), _("Phone ends in"), _("Place"), _("Bags")),
        *(_("Waits until"), _("Given at, to")),
    )
    body = [[_text(cell, size=8) for cell in heads], *(_cells(row) for row in rows)]
    table = Table(body, colWidths=WIDTHS, repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.grey),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("BOX", (-1, 1), (-1, -1), 0.5, colors.grey),
            ]
        )
    )
    return table


def _cells(row: Row) -> list[Flowable | str]:
    number, until = row.number, row.until
    if row.age:
        number = f"{number}\n{_('ID: %(age)s+') % {'age': row.age}}"
    if row.late:
        until = f"{until}\n{_('over')}"
    return [
        *(_text(cell) for cell in (row.customer, number, row.phone or "–")),
        *(_text(cell) for cell in (row.place or "–", str(row.bags), until)),
        "",
    ]


def _text(words: str, *, size: int = 10) -> Flowable:
    style = ParagraphStyle(
        "text", fontName=font(), fontSize=size, leading=size * 1.3, splitLongWords=1
    )
    return Paragraph(escape(shown(words)).replace("\n", "<br/>"), style)


def _number(canvas: Canvas, document: SimpleDocTemplate) -> None:
    canvas.setFont(font(), 8)
    canvas.drawRightString(landscape(A4)[0] - MARGIN, 8 * mm, str(document.page))
