"""How a POS that speaks files writes and reads them: columns, delimiter, encoding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FORMATS = ("csv", "json")
ENCODINGS = ("utf-8", "cp1252", "utf-16")
DELIMITERS = (",", ";", "\t", "|")
LONGEST_NAME = 60
PICK_LIST = (
    *("action", "fulfillment_id", "revision", "order_reference", "store", "promised_at"),
    *("status", "note", "line_id", "sku", "name", "quantity"),
)
ANSWER = ("fulfillment_id", "pos_reference", "result", "reason")
RECEIPT = (
    *("receipt", "fulfillment_id", "total_minor", "currency", "occurred_at"),
    *("sku", "quantity"),
)
PARTS: Mapping[str, tuple[str, ...]] = {
    "pick_list": PICK_LIST,
    "answer": ANSWER,
    "receipt": RECEIPT,
}
# columns without which a file of theirs says nothing
NEEDED: Mapping[str, tuple[str, ...]] = {
    "answer": ("fulfillment_id",),
    "receipt": ("receipt", "sku", "quantity", "occurred_at"),
}
SETTINGS = frozenset({"format", "delimiter", "encoding", "refused_word", "can_amend", *PARTS})


@dataclass(frozen=True, kw_only=True)
class FileLayout:
    """One POS's way. ``pick_list``, ``answer`` and ``receipt`` map our names of columns to its
    own; those left out are called as we call them. ``refused_word`` in the column ``result`` says
    that it does not take the pick list."""

    format: str = "csv"
    delimiter: str = ","
    encoding: str = "utf-8"
    refused_word: str = "refused"
    pick_list: Mapping[str, str] = field(default_factory=dict)
    answer: Mapping[str, str] = field(default_factory=dict)
    receipt: Mapping[str, str] = field(default_factory=dict)

    def names(self, part: str) -> dict[str, str]:
        """What the columns of a part (``pick_list``, ``answer``, ``receipt``) are called."""
        theirs: Mapping[str, str] = getattr(self, part)
        return {name: theirs.get(name) or name for name in PARTS[part]}


def layout_of(value: Mapping[str, Any]) -> FileLayout:
    """The layout of a connection's settings; raises ValueError with what is wrong, in words."""
    if unknown := sorted(set(value) - SETTINGS):
        raise ValueError(f"unknown: {', '.join(unknown)[:LONGEST_NAME]}")
    for name, choices in (
        ("format", FORMATS),
        ("delimiter", DELIMITERS),
        ("encoding", ENCODINGS),
    ):
        if value.get(name, choices[0]) not in choices:
            raise ValueError(f"{name} is one of {', '.join(map(repr, choices))}")
    if not _is_name(value.get("refused_word", "refused")):
        raise ValueError("refused_word is a short text")
    if not isinstance(value.get("can_amend", True), bool):
        raise ValueError("can_amend is true or false")
    for part in PARTS:
        _check_columns(part, value.get(part, {}))
    known = {name: given for name, given in value.items() if name != "can_amend"}
    return FileLayout(**known)


def _check_columns(part: str, columns: object) -> None:
    if not isinstance(columns, dict):
        raise ValueError(f"{part} maps our names to the file's")
    if unknown := sorted(set(columns) - set(PARTS[part])):
        raise ValueError(f"{part} has no column {unknown[0][:LONGEST_NAME]!r}")
    if not all(_is_name(name) for name in columns.values()):
        raise ValueError(f"{part}: a column's name is a short text")
    theirs = [str(columns.get(name, name)).lower() for name in PARTS[part]]
    if doubled := next((name for name in theirs if theirs.count(name) > 1), None):
        raise ValueError(f"{part}: two columns are called {doubled!r}")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable()
