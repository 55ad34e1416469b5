"""The HTML twin of an e-mail: the same words, laid out so that every reader can read them.

It is made of the finished plain text, so the two never differ and nothing but words gets in: all
of it is escaped. Only links of our own become links; one that stands alone becomes a button.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string

from orders.curbside.pages.words import language_of

_LABELS = {
    "en": "Open your order",
    "fr": "Ouvrir la commande",
    "pl": "Otwórz zamówienie",
    "ru": "Открыть заказ",
    "es": "Abrir el pedido",
}
_PARAGRAPHS = re.compile(r"\n[ \t]*\n")
_ADDRESS = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Block:
    """One paragraph: its lines, each in pieces of words and links. ``button`` is a link alone."""

    lines: list[list[tuple[str, str]]]
    indented: bool = False
    button: str = ""


def html_of(title: str, body: str, locale: str) -> str:
    """The page of an e-mail whose words are these, in its language."""
    language = language_of(locale)
    return render_to_string(
        "notifications/email.html",
        {
            "title": title,
            "language": language,
            "blocks": [block for text in _PARAGRAPHS.split(body.strip()) for block in _of(text)],
            "label": _LABELS[language],
        },
    ).strip()


def _of(text: str) -> list[Block]:
    """A paragraph, and the links that stand on lines of their own as buttons after it."""
    blocks: list[Block] = []
    words: list[str] = []
    for line in text.splitlines():
        if _is_ours(line.strip()):
            blocks += [*_paragraph(words), Block([], button=line.strip())]
            words = []
        else:
            words.append(line)
    return [*blocks, *_paragraph(words)]


def _paragraph(lines: list[str]) -> list[Block]:
    """Indented lines keep their breaks; others were broken for plain text only."""
    if not lines:
        return []
    indented = all(line.startswith((" ", "\t")) for line in lines)
    said = [line.strip() for line in lines] if indented else [" ".join(lines)]
    return [Block([_pieces(line) for line in said], indented)]


def _pieces(line: str) -> list[tuple[str, str]]:
    """(words, link) in turn; the link is empty where the words are no address of ours."""
    pieces, last = [], 0
    for found in _ADDRESS.finditer(line):
        if not _is_ours(found[0]):
            continue
        pieces += [(line[last : found.start()], ""), (found[0], found[0])]
        last = found.end()
    return [piece for piece in [*pieces, (line[last:], "")] if piece[0]]


def _is_ours(address: str) -> bool:
    return address.startswith(f"{settings.PUBLIC_BASE_URL}/") and not re.search(r"\s", address)
