"""How the pages of stock files say states, outcomes and problems. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

STATES = {
    "waiting": (gettext_lazy("Waiting"), "info"),
    "running": (gettext_lazy("Running"), "info"),
    "parked": (gettext_lazy("Waits for a person"), "warning"),
    "done": (gettext_lazy("Done"), "success"),
    "refused": (gettext_lazy("Refused"), "danger"),
}
# what a file would do, before it does it
EXPECTED = {
    "applied": gettext_lazy("would come into force"),
    "unchanged": gettext_lazy("as the hub has it"),
    "zeroed": gettext_lazy("would be set to zero: the file does not name them"),
    "superseded": gettext_lazy("older than a count that is in force"),
    "events": gettext_lazy("stock events"),
    "duplicates": gettext_lazy("recorded before"),
    "refused": gettext_lazy("would be refused"),
}
OUTCOMES = {
    "applied": gettext_lazy("in force now"),
    "unchanged": gettext_lazy("as the hub had it"),
    "zeroed": gettext_lazy("set to zero: the file does not name them"),
    "superseded": gettext_lazy("older than a count that is in force; kept on record"),
    "duplicates": gettext_lazy("recorded before"),
    "duplicate": gettext_lazy("recorded before"),
    "repeats_order": gettext_lazy("goods of orders that the hub hands off itself"),
    "shortfalls": gettext_lazy("fewer than are promised: cases opened"),
}
HINTS = {
    "wrong_header": gettext_lazy("Compare the file's first line with the columns of the layout."),
    "wrong_encoding": gettext_lazy(
        "Choose the encoding in the layout; spreadsheets often write Windows-1252."
    ),
    "store_needed": gettext_lazy("Name the store in the layout, or have a column with it."),
    "store_not_needed": gettext_lazy("The lines name their stores: send the file without one."),
    "store_scattered": gettext_lazy("Sort the file by store, or take it as not complete."),
    "truncated_gzip": gettext_lazy("The file was cut off on its way. Send it again."),
    "broken_gzip": gettext_lazy("The file was damaged on its way. Send it again."),
    "gzip_bomb": gettext_lazy("It grows far beyond what stock files do. Ask who sent it."),
    "line_too_long": gettext_lazy("This is no file of lines. Look at it in an editor."),
    "nul_byte": gettext_lazy("This is no text, or text in another encoding."),
    "broken_csv": gettext_lazy("A quotation mark is probably not closed."),
}
_KB = 1024


def progress_of(*, status: str, lines: int | None, done: int) -> int:
    """Percent of the lines that are done; 0 until their number is known."""
    if status == "done":
        return 100
    return min(100, done * 100 // lines) if lines else 0


def outcomes_of(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How many lines became what, in words; nothing that did not happen."""
    counts = {name: number for name, number in result.items() if type(number) is int and number > 0}
    ordered = [*(name for name in OUTCOMES if name in counts), *sorted(counts.keys() - OUTCOMES)]
    return [
        (f"{counts[name]:,}", str(OUTCOMES.get(name, name.replace("_", " ")))) for name in ordered
    ]


def expected_of(preview: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a file would do, in words; nothing that would not happen."""
    return [
        (f"{preview[name]:,}", str(text)) for name, text in EXPECTED.items() if preview.get(name)
    ]


def bytes_of(size: int) -> str:
    """A size in the unit that matters."""
    amount, units = float(size), ["bytes", "KB", "MB", "GB"]
    while amount >= _KB and len(units) > 1:
        amount /= _KB
        units.pop(0)
    return f"{amount:.0f} {units[0]}" if units[0] == "bytes" else f"{amount:.1f} {units[0]}"


def heading_of(*, status: str, done: int) -> str:
    """What a problem means for the file."""
    if status == "parked":
        return _("Nothing of it counts yet")
    if status != "refused":
        return _("The last run failed; it is tried again")
    return _("Nothing of it was taken over") if not done else _("It was stopped on the way")


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    first = text[:1].upper() + text[1:]
    return first if first.endswith((".", "!", "?")) else first + "."


def cuts_of(preview: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The stores that a file would cut, each with the share that would stay, for a picture."""
    return [
        cut
        | {name: f"{cut[name]:,}" for name in ("before", "after", "to_zero")}
        | {"stays": max(0, min(100, 100 - cut["percent"]))}
        for cut in preview.get("stores", [])
    ]
