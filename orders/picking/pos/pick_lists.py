"""What a store's POS is told: the pick list of a part, as it is now or as a person edited it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.connectors.pos.base import PickLine, PickList, PosConnector
from hub.connectors.registry import pos_connector
from hub.errors import Invalid
from hub.events.catalog import FulfillmentAmended, PosListRevised
from hub.events.models import Fact
from hub.stores.models import PosConnection
from orders.models import FulfillmentLine, FulfillmentOrder, PosList

REVISES = (FulfillmentAmended.name, PosListRevised.name)
NAME_CHARACTERS = 200
NOTE_CHARACTERS = 500


class EditRefused(Invalid):
    """An edited pick list may leave out, lessen and rename; it cannot ask for other goods."""

    code = "pick_list_edit_refused"
    title = "The edited pick list cannot be"


@dataclass(frozen=True)
class PosWork:
    """A part whose store has a POS, and the connector that reaches it."""

    fulfillment: FulfillmentOrder
    connection: PosConnection
    pos: PosConnector

    @property
    def lane(self) -> str:
        """Where deliveries for this store's POS wait."""
        return lane_of(self.fulfillment.store_id)

    @property
    def key(self) -> str:
        """The breaker that guards the calls: test orders go to a simulated twin."""
        return f"{self.lane}:test" if self.fulfillment.order.is_test else self.lane


def lane_of(store_id: int) -> str:
    """One lane per store, so that a dead POS delays nobody else."""
    return f"pos:{store_id}"


def work_at_pos(fulfillment_id: int) -> PosWork | None:
    """The part with its store's POS; None when the store has no active one."""
    rows = FulfillmentOrder.objects.select_related("order", "store")
    fulfillment = rows.get(pk=fulfillment_id)
    connection = PosConnection.objects.filter(store_id=fulfillment.store_id, active=True).first()
    if connection is None:
        return None
    pos = pos_connector(connection, is_test=fulfillment.order.is_test)
    return PosWork(fulfillment, connection, pos)


def revision_of(fulfillment: FulfillmentOrder) -> int:
    """How often the pick list was made: once, and again with every amendment and edit so far.

    Read it before the list itself: a list may then be newer than its revision says, which the
    next revision puts right, but never older.
    """
    facts = Fact.objects.filter(
        subject=f"order:{fulfillment.order_id}",
        name__in=REVISES,
        data__fulfillment_id=fulfillment.pk,
    )
    return 1 + facts.count()


def pick_list_of(fulfillment: FulfillmentOrder, *, revision: int = 1) -> PickList:
    """The pick list in plain values, names in the store's language; nothing about the customer.

    A person's edit stands in for lines and note as long as the revision is the edited one.
    """
    order, store = fulfillment.order, fulfillment.store
    lines = list(lines_of(fulfillment))
    edited = PosList.objects.filter(fulfillment=fulfillment).values_list("edited", flat=True)
    edit = next((one for one in edited if one and one["revision"] == revision), None)
    return PickList(
        fulfillment_id=fulfillment.public_id,
        order_id=order.public_id,
        order_reference=order.external_id,
        store=store.code,
        promised_at=fulfillment.promised_at.isoformat(),
        lines=_edited(lines, edit) if edit else tuple(lines),
        note=edit["note"] if edit else "",
        revision=revision,
        status=str(fulfillment.status),
    )


def lines_of(fulfillment: FulfillmentOrder) -> list[PickLine]:
    """The lines of which anything is still wanted. A substitute has an id of its own."""
    locale = fulfillment.store.locale
    rows = fulfillment.lines.select_related("item", "order_line").order_by(
        "order_line__number", "pk"
    )
    return [
        PickLine(
            line_id=line_id_of(line),
            sku=line.item.sku,
            name=line.item.name_in(locale),
            quantity=line.allocated - line.short,
        )
        for line in rows
        if line.allocated > line.short
    ]


def checked_edit(
    *, fulfillment: FulfillmentOrder, note: str, lines: list[Mapping[str, Any]]
) -> dict[str, Any]:
    """An edit of the pick list as it is now; raises EditRefused.

    ``lines`` are {"line_id", "name", "quantity"}: lines of the pick list, none of them more.
    """
    wanted = {line.line_id: line for line in lines_of(fulfillment)}
    if len(note) > NOTE_CHARACTERS or not _is_text(note):
        raise EditRefused(f"a note is text of at most {NOTE_CHARACTERS} characters")
    kept = [_checked_line(line, wanted) for line in lines]
    if not kept or len({line["line_id"] for line in kept}) < len(kept):
        raise EditRefused("name at least one line, and none twice")
    return {"note": note, "lines": kept}


def line_id_of(line: FulfillmentLine) -> str:
    """What a POS knows the line by: the order's line number; a substitute has one of its own."""
    number = str(line.order_line.number)
    return f"{number}-{line.pk}" if line.stands_for_id else number


def _edited(lines: list[PickLine], edit: Mapping[str, Any]) -> tuple[PickLine, ...]:
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
