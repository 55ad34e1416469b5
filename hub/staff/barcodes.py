"""A badge's code as pictures for scanners, as data: addresses."""

from __future__ import annotations

from base64 import b64encode

import segno
from reportlab.graphics.barcode import createBarcodeDrawing

BAR_HEIGHT = 48
BAR_WIDTH = 1.1  # points of the narrowest bar


def code128(text: str) -> str:
    """The bars that every scanner reads, as an address of an image."""
    drawing = createBarcodeDrawing(
        "Code128", value=text, barHeight=BAR_HEIGHT, barWidth=BAR_WIDTH, humanReadable=False
    )
    picture: bytes = drawing.asString("svg").encode()
    return f"data:image/svg+xml;base64,{b64encode(picture).decode()}"


def qr(text: str) -> str:
    """The square that cameras and newer scanners read, as an address of an image."""
    return str(segno.make_qr(text, error="m").svg_data_uri(scale=5, light="#fff"))
