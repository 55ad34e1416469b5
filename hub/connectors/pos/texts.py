"""The text of files that a POS reads and writes. Pure: text in, values out, and back."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from hub.connectors.pos.base import Answer, PickList
from hub.connectors.pos.layout import NEEDED, FileLayout
from hub.errors import ConnectorError

MOST_ROWS = 100_000
CELL_CHARACTERS = 200
# what a spreadsheet takes for the beginning of a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def written(pick_list: PickList, *, action: str, layout: FileLayout) -> bytes:
    """The file of a pick list: a row, or for JSON an object, per line of it, one if there is none.

    ``action`` is ``collect`` or ``withdraw``. No cell begins a spreadsheet formula.
    """
    names = layout.names("pick_list")
    rows = [
        {names[ours]: value for ours, value in cells.items()}
        for cells in _cells(pick_list, action=action)
    ]
    if layout.format == "json":
        text = json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    else:
        out = io.StringIO()
        table = csv.DictWriter(out, list(names.values()), delimiter=layout.delimiter)
        table.writeheader()
        table.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
        text = out.getvalue()
    return text.encode(layout.encoding, "replace")


def read_answers(content: bytes, *, layout: FileLayout) -> tuple[Answer, ...]:
    """What a file of answers says, in its order; the same row always has the same id.

    Raises ConnectorError (permanent) naming the line that cannot be read.
    """
    return tuple(_answer(row, layout) for _, row in _rows(content, "answer", layout))


def read_receipts(content: bytes, *, layout: FileLayout) -> tuple[Answer, ...]:
    """The receipts of a file, each with all its rows as lines. Raises as ``read_answers``."""
    receipts: dict[str, dict[str, Any]] = {}
    for number, row in _rows(content, "receipt", layout):
        receipt = receipts.setdefault(row["receipt"], _receipt(row, number))
        receipt["lines"].append({"sku": row["sku"], "quantity": _whole(row, "quantity", number)})
    return tuple(
        Answer(event_id=_event_id("receipt", name, data), type="receipt.recorded", data=data)
        for name, data in receipts.items()
    )


def _cells(pick_list: PickList, *, action: str) -> Iterator[dict[str, Any]]:
    head = {
        "action": action,
        "fulfillment_id": pick_list.fulfillment_id,
        "revision": pick_list.revision,
        "order_reference": pick_list.order_reference,
        "store": pick_list.store,
        "promised_at": pick_list.promised_at,
        "status": pick_list.status,
        "note": pick_list.note,
    }
    if not pick_list.lines:
        yield head
    for line in pick_list.lines:
        yield head | {
            "line_id": line.line_id,
            "sku": line.sku,
            "name": line.name,
            "quantity": line.quantity,
        }


def _plain(value: object) -> object:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else value


def _answer(row: Mapping[str, str], layout: FileLayout) -> Answer:
    refused = row["result"].lower() == layout.refused_word.lower()
    data = {"fulfillment_id": row["fulfillment_id"]}
    if refused:
        data["reason"] = row["reason"] or "refused by the POS"
    if row["pos_reference"]:
        data["pos_reference"] = row["pos_reference"]
    kind = "pick_list.refused" if refused else "pick_list.acknowledged"
    return Answer(event_id=_event_id("answer", row["fulfillment_id"], row), type=kind, data=data)


def _receipt(row: Mapping[str, str], number: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "receipt": row["receipt"],
        "occurred_at": row["occurred_at"],
        "lines": [],
    }
    if row["fulfillment_id"]:
        found["fulfillment_id"] = row["fulfillment_id"]
    if row["total_minor"]:
        found["total_minor"] = _whole(row, "total_minor", number)
        found["currency"] = row["currency"]
    return found


def _whole(row: Mapping[str, str], name: str, number: int) -> int:
    text = row[name]
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(text) <= 12):  # noqa: PLR2004
        raise ConnectorError(f"line {number}: {name} must be a whole number", permanent=True)
    return int(text)


def _rows(content: bytes, part: str, layout: FileLayout) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a file by our names, with their line (or place); bounded in number and size."""
    try:
        text = content.decode("utf-8-sig" if layout.encoding == "utf-8" else layout.encoding)
    except UnicodeDecodeError:
        raise ConnectorError(f"the file is not {layout.encoding}", permanent=True) from None
    found = _objects(text) if layout.format == "json" else _table(text, layout.delimiter)
    names = layout.names(part)
    for count, (number, cells) in enumerate(found, 1):
        row = {ours: cells.get(theirs.lower(), "") for ours, theirs in names.items()}
        if missing := [name for name in NEEDED[part] if not row[name]]:
            raise ConnectorError(f"line {number}: {names[missing[0]]} is missing", permanent=True)
        if count > MOST_ROWS or any(len(cell) > CELL_CHARACTERS for cell in row.values()):
            raise ConnectorError(f"line {number}: too many rows, or too long", permanent=True)
        yield number, row


def _table(text: str, delimiter: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text.replace("\x00", "")), delimiter=delimiter, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        for cells in reader:
            if any(cell.strip() for cell in cells):
                filled = [*(cell.strip() for cell in cells), *[""] * len(header)]
                yield reader.line_num, dict(zip(header, filled, strict=False))
    except csv.Error as error:
        raise ConnectorError(f"line {reader.line_num}: {error}", permanent=True) from None


def _objects(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConnectorError("the file is not a list of objects", permanent=True)
    for number, row in enumerate(rows, 1):
        yield number, {str(name).lower(): _cell(value) for name, value in row.items()}


def _cell(value: object) -> str:
    """A value as text that can be kept: no NUL, no half of a character."""
    text = "" if value is None else str(value).replace("\x00", "")
    return text.encode(errors="replace").decode().strip()


def _event_id(kind: str, name: str, value: Mapping[str, Any]) -> str:
    content = json.dumps(value, sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    return f"{kind}.{hashlib.sha256(name.encode()).hexdigest()[:16]}.{digest}"
