"""Brings the catalogues up to the code: ``python -m scripts.messages`` (``make messages``).

Adds what is new without a translation, drops what nothing says any more, and compiles. Django's
own translation is taken where it has one. Writes only what changed; needs no gettext tools.
``--check`` writes nothing and exits 1 when something is missing, stale or untranslated.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import django
import polib

LANGUAGES = ("es", "fr", "pl", "ru")
FOLDER = Path(__file__).resolve().parent.parent / "hub" / "locale"
PLURALS = {
    "es": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "pl": "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
    "ru": (
        "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : "
        "n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);"
    ),
}
FORMS = {"es": 2, "fr": 2, "pl": 3, "ru": 3}


def catalogue_of(language: str) -> Path:
    """Where the language's catalogue lies."""
    return FOLDER / language / "LC_MESSAGES" / "django.po"


def renewed(language: str, words: Iterable[Any]) -> polib.POFile:
    """The language's catalogue with exactly these messages, in order; what was translated stays."""
    path = catalogue_of(language)
    before = polib.pofile(str(path)) if path.exists() else polib.POFile()
    known = {(one.msgid, one.msgctxt or ""): one for one in before}
    catalogue = polib.POFile(wrapwidth=100)
    catalogue.metadata = {
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURALS[language],
    }
    for word in sorted(words):
        catalogue.append(_entry(word, known.get((word.text, word.context)), language))
    return catalogue


def _entry(word: Any, known: polib.POEntry | None, language: str) -> polib.POEntry:
    entry = polib.POEntry(msgid=word.text, msgctxt=word.context or None)
    if word.plural:
        entry.msgid_plural = word.plural
        kept = known.msgstr_plural if known else {}
        entry.msgstr_plural = {form: kept.get(form, "") for form in range(FORMS[language])}
    else:
        entry.msgstr = known.msgstr if known else ""
    return entry


def is_translated(entry: polib.POEntry) -> bool:
    """Whether each of its forms has words."""
    if entry.msgid_plural:
        return all(entry.msgstr_plural.values())
    return bool(entry.msgstr)


def main() -> int:
    """Write the catalogues, or look at them only."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    # its module loads models, which there are only now
    words, failed = import_module("scripts.words").all_words(), False
    for language in LANGUAGES:
        catalogue, path = renewed(language, words), catalogue_of(language)
        missing = [entry for entry in catalogue if not is_translated(entry)]
        stale = not path.exists() or path.read_text() != f"{catalogue}\n"
        failed = failed or bool(missing) or stale
        print(f"{language}: {len(catalogue)} messages, {len(missing)} to translate")  # noqa: T201
        if "--check" not in sys.argv and stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{catalogue}\n")
        if "--check" not in sys.argv:
            path.with_suffix(".mo").write_bytes(catalogue.to_binary())
    return int(failed) if "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
