"""Reading what a POS answers: nothing of it is trusted to have the shape that was agreed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from hub.connectors.pos.base import REFERENCE_CHARACTERS, Known, Page, Stocked
from hub.errors import ConnectorError

MOST_ROWS = 1_000
MOST_UNITS = 2**31 - 1
CURSOR_CHARACTERS = 200
T = TypeVar("T")


def page_of(
    body: Mapping[str, Any], member: str, read: Callable[[Mapping[str, Any]], T]
) -> Page[T]:
    """A page of a reply; raises ConnectorError when it is none, or has over 1,000 rows."""
    rows, following, moment = body.get(member), body.get("next") or "", body.get("as_of")
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        raise ConnectorError(f"the reply has no list of up to {MOST_ROWS} {member}")
    if not all(isinstance(row, dict) for row in rows):
        raise ConnectorError(f"one of the {member} is no object")
    if not isinstance(following, str) or len(following) > CURSOR_CHARACTERS:
        raise ConnectorError("next must be a short text")
    return Page(rows=tuple(read(row) for row in rows), next=following, as_of=moment_of(moment))


def known_of(row: Mapping[str, Any]) -> Known:
    """A pick list as the POS has it; raises ConnectorError."""
    lines = row.get("lines")
    return Known(
        fulfillment_id=text_of(row, "fulfillment_id"),
        reference=text_of(row, "reference"),
        revision=units_of(row, "revision") if "revision" in row else 1,
        canceled=row.get("status") == "canceled",
        quantities=_quantities(lines) if isinstance(lines, list) else None,
    )


def stocked_of(row: Mapping[str, Any]) -> Stocked:
    """One line of stock; raises ConnectorError."""
    return Stocked(sku=text_of(row, "sku"), on_hand=units_of(row, "on_hand"))


def text_of(row: Mapping[str, Any], name: str) -> str:
    """A short printable text; raises ConnectorError."""
    value = row.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= REFERENCE_CHARACTERS:
        raise ConnectorError(f"{name} must be a short text")
    if not value.isprintable():
        raise ConnectorError(f"{name} holds what cannot be printed")
    return value


def units_of(row: Mapping[str, Any], name: str) -> int:
    """A whole number of things, none at least; raises ConnectorError."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_UNITS:
        raise ConnectorError(f"{name} must be a whole number")
    return value


def moment_of(value: object) -> datetime | None:
    """A moment in UTC from ISO 8601 with an offset; None when there is none, or in no year from
    1 to 9999 there: such a one could be kept, but never be read again."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _quantities(lines: list[Any]) -> dict[str, int]:
    rows = [line for line in lines if isinstance(line, dict)]
    return {text_of(row, "line_id"): units_of(row, "quantity") for row in rows}
