"""What a store's POS is told: the pick list of a part, as it is now or as a person edited it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.connectors.pos.base import PickLine, PickList, PosConnector
from hub.connectors.registry import pos_connector
from hub.errors import Invalid
from hub.stores.models import PosConnection
from orders.picking.pos.reading import PosPart, part_at_pos

NAME_CHARACTERS = 200
NOTE_CHARACTERS = 500


class EditRefused(Invalid):
    """An edited pick list may leave out, lessen and rename; it cannot ask for other goods."""

    code = "pick_list_edit_refused"
    title = "The edited pick list cannot be"


@dataclass(frozen=True)
class PosWork:
    """A part whose store has a POS, and the connector that reaches it."""

    part: PosPart
    pos: PosConnector

    @property
    def lane(self) -> str:
        """Where deliveries for this store's POS wait."""
        return lane_of(self.part.store_id)

    @property
    def key(self) -> str:
        """The breaker that guards the calls: test orders go to a simulated twin."""
        return f"{self.lane}:test" if self.part.is_test else self.lane


def lane_of(store_id: int) -> str:
    """One lane per store, so that a dead POS delays nobody else."""
    return f"pos:{store_id}"


def work_at_pos(fulfillment_id: int) -> PosWork | None:
    """The part with its store's POS; None when the store has no active one."""
    part = part_at_pos(fulfillment_id)
    connection = PosConnection.objects.filter(store_id=part.store_id, active=True).first()
    return PosWork(part, pos_connector(connection, is_test=part.is_test)) if connection else None


def pick_list_of(part: PosPart, *, revision: int) -> PickList:
    """The pick list in plain values; nothing about the customer.

    A person's edit stands in for lines and note as long as the revision is the edited one.
    """
    edit = part.edited if part.edited and part.edited["revision"] == revision else None
    return PickList(
        fulfillment_id=part.public_id,
        order_id=part.order_id,
        order_reference=part.order_reference,
        store=part.store_code,
        promised_at=part.promised_at.isoformat(),
        lines=_edited(part.lines, edit) if edit else part.lines,
        note=edit["note"] if edit else "",
        revision=revision,
        status=part.status,
    )


def checked_edit(*, part: PosPart, note: str, lines: list[Mapping[str, Any]]) -> dict[str, Any]:
    """An edit of the pick list as it is now; raises EditRefused.

    ``lines`` are {"line_id", "name", "quantity"}: lines of the pick list, none of them more.
    """
    wanted = {line.line_id: line for line in part.lines}
    if len(note) > NOTE_CHARACTERS or not _is_text(note):
        raise EditRefused(f"a note is text of at most {NOTE_CHARACTERS} characters")
    kept = [_checked_line(line, wanted) for line in lines]
    if not kept or len({line["line_id"] for line in kept}) < len(kept):
        raise EditRefused("name at least one line, and none twice")
    return {"note": note, "lines": kept}


def _edited(lines: Iterable[PickLine], edit: Mapping[str, Any]) -> tuple[PickLine, ...]:
    """What the edit leaves of the lines; none gets more than it has by now."""
    wanted = {line["line_id"]: line for line in edit["lines"]}
    return tuple(
        PickLine(
            line_id=line.line_id,
            sku=line.sku,
            name=wanted[line.line_id]["name"],
            quantity=min(line.quantity, wanted[line.line_id]["quantity"]),
        )
        for line in lines
        if line.line_id in wanted
    )


def _checked_line(line: Mapping[str, Any], wanted: Mapping[str, PickLine]) -> dict[str, Any]:
    known = wanted.get(str(line.get("line_id")))
    name, quantity = line.get("name"), line.get("quantity")
    if known is None:
        raise EditRefused("the pick list has no such line", line=str(line.get("line_id"))[:60])
    if not isinstance(name, str) or not 0 < len(name) <= NAME_CHARACTERS or not _is_text(name):
        raise EditRefused("a name is a short text", line=known.line_id)
    if not isinstance(quantity, int) or not 0 < quantity <= known.quantity:
        detail = f"line {known.line_id}: 1 to {known.quantity} units"
        raise EditRefused(detail, line=known.line_id)
    return {"line_id": known.line_id, "name": name, "quantity": quantity}


def _is_text(text: str) -> bool:
    return all(letter.isprintable() or letter in "\n\t" for letter in text)
