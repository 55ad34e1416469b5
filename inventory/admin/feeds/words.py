"""How the pages of stock files say states, outcomes and problems. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STATES = {
    "waiting": ("Waiting", "info"),
    "running": ("Running", "info"),
    "parked": ("Waits for a person", "warning"),
    "done": ("Done", "success"),
    "refused": ("Refused", "danger"),
}
# what a file would do, before it does it
EXPECTED = {
    "applied": "would come into force",
    "unchanged": "as the hub has it",
    "zeroed": "would be set to zero: the file does not name them",
    "superseded": "older than a count that is in force",
    "events": "stock events",
    "duplicates": "recorded before",
    "refused": "would be refused",
}
OUTCOMES = {
    "applied": "in force now",
    "unchanged": "as the hub had it",
    "zeroed": "set to zero: the file does not name them",
    "superseded": "older than a count that is in force; kept on record",
    "duplicates": "recorded before",
    "duplicate": "recorded before",
    "repeats_order": "goods of orders that the hub hands off itself",
    "shortfalls": "fewer than are promised: cases opened",
}
HINTS = {
    "wrong_header": "Compare the file's first line with the columns of the layout.",
    "wrong_encoding": "Choose the encoding in the layout; spreadsheets often write Windows-1252.",
    "store_needed": "Name the store in the layout, or have a column with it.",
    "store_not_needed": "The lines name their stores: send the file without one.",
    "store_scattered": "Sort the file by store, or take it as not complete.",
    "truncated_gzip": "The file was cut off on its way. Send it again.",
    "broken_gzip": "The file was damaged on its way. Send it again.",
    "gzip_bomb": "It grows far beyond what stock files do. Ask who sent it.",
    "line_too_long": "This is no file of lines. Look at it in an editor.",
    "nul_byte": "This is no text, or text in another encoding.",
    "broken_csv": "A quotation mark is probably not closed.",
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
    return [(f"{counts[name]:,}", OUTCOMES.get(name, name.replace("_", " "))) for name in ordered]


def expected_of(preview: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a file would do, in words; nothing that would not happen."""
    return [(f"{preview[name]:,}", text) for name, text in EXPECTED.items() if preview.get(name)]


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
        return "Nothing of it counts yet"
    if status != "refused":
        return "The last run failed; it is tried again"
    return "Nothing of it was taken over" if not done else "It was stopped on the way"


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
