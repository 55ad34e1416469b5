"""The short lines at the end of texts: how to have no more of them, and whom to ask.

The hub writes them, not the templates: these are the only places where a text may name the words
that carriers keep for themselves. ``inbound`` understands each of them.
"""

from __future__ import annotations

from orders.curbside.pages.words import language_of

# In letters of a phone's own alphabet where the language's texts have them, too.
_CLOSING = {
    "en": "Reply STOP to opt out.",
    "fr": "STOP pour ne plus recevoir de SMS.",
    "pl": "STOP = bez SMS.",
    "ru": "СТОП = без SMS.",
    "es": "STOP para no recibir SMS.",
}
_FIRST = {
    "en": "Reply STOP to opt out, HELP for help.",
    "fr": "STOP pour ne plus recevoir de SMS, AIDE pour de l'aide.",
    "pl": "STOP = bez SMS, POMOC = pomoc.",
    "ru": "СТОП = без SMS, ПОМОЩЬ = помощь.",
    "es": "STOP para no recibir SMS, AYUDA para ayuda.",
}
_CHOOSING = {
    "en": "Choose what we send you, and how: {link}",
    "fr": "Choisissez ce que nous vous envoyons, et comment : {link}",
    "pl": "Wybierz, co i jak do Ciebie wysyłamy: {link}",
    "ru": "Выберите, что и как мы вам присылаем: {link}",
    "es": "Elija qué le enviamos y cómo: {link}",
}


def choosing_line(locale: str, link: str) -> str:
    """Where the reader of an e-mail chooses what he is told."""
    return _CHOOSING[language_of(locale)].format(link=link)


def closing_line(locale: str) -> str:
    """How to have no more texts."""
    return _CLOSING[language_of(locale)]


def first_line(locale: str) -> str:
    """The same and how to get help, for the first text that a number ever gets."""
    return _FIRST[language_of(locale)]
