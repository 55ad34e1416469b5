"""A POS that lives in this process: for tests, and for test orders without a simulator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from hub.connectors.pos.base import Answer, Known, Page, PickList, PosAccount, Stocked
from hub.errors import ConnectorError

T = TypeVar("T")
ABLE = frozenset({"amend", "look_up", "list", "receipts", "stock"})


@dataclass
class Till:
    """What one connection's POS has seen, and what it will tell.

    Put an error into ``fail_with`` to see it raised by the next call, into ``lose`` to see it
    raised after the call took effect. ``receipts`` and ``stock`` are its own figures.
    """

    pick_lists: dict[str, PickList] = field(default_factory=dict)
    canceled: set[str] = field(default_factory=set)
    fail_with: list[ConnectorError] = field(default_factory=list)
    lose: list[ConnectorError] = field(default_factory=list)
    receipts: list[Mapping[str, Any]] = field(default_factory=list)
    stock: dict[str, int] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    can: frozenset[str] = ABLE


class MemoryPos:
    """Takes each pick list once, like any POS; ``tills`` shows what arrived, by connection."""

    tills: ClassVar[dict[str, Till]] = {}

    def __init__(self, account: PosAccount) -> None:
        self.till = self.tills.setdefault(account.connection_id, Till())
        self.can = self.till.can

    def queue(self, pick_list: PickList) -> str:
        """Keep the pick list, or a later revision of it; return its reference."""
        self._begin("queue")
        self._keep(pick_list)
        self._end()
        return f"till-{pick_list.fulfillment_id}"

    def amend(self, reference: str, pick_list: PickList) -> str:
        """Replace the pick list; an unknown one is refused for good."""
        self._begin("amend")
        self._require(reference, pick_list.fulfillment_id)
        self._keep(pick_list)
        self._end()
        return reference

    def cancel(self, reference: str, fulfillment: str) -> None:
        """Mark the pick list as withdrawn; an unknown one is refused for good."""
        self._begin("cancel")
        self._require(reference, fulfillment)
        self.till.canceled.add(fulfillment)
        self._end()

    def status(self, fulfillment: str) -> Known | None:
        """What it has under the hub's id."""
        self._begin("status")
        pick_list = self.till.pick_lists.get(fulfillment)
        return self._known(pick_list) if pick_list else None

    def pick_lists(self, cursor: str) -> Page[Known]:
        """All open ones, two to a page."""
        self._begin("list")
        rows = [
            self._known(row)
            for key, row in sorted(self.till.pick_lists.items())
            if key not in self.till.canceled
        ]
        return _paged(rows, cursor, size=2)

    def receipts(self, cursor: str) -> Page[Mapping[str, Any]]:
        """Those that were added since; the cursor counts them."""
        self._begin("receipts")
        begin = int(cursor or 0)
        rows = tuple(self.till.receipts[begin:])
        return Page(rows=rows, next=str(begin + len(rows)) if rows else "")

    def stock(self, cursor: str) -> Page[Stocked]:
        """Its stock, two items to a page."""
        self._begin("stock")
        rows = [Stocked(sku=sku, on_hand=units) for sku, units in sorted(self.till.stock.items())]
        return _paged(rows, cursor, size=2)

    def answers(self) -> Iterable[tuple[str, tuple[Answer, ...]]]:
        """None."""
        return ()

    def taken(self, name: str, problem: str = "") -> None:
        """Nothing is ever left to fetch."""

    def _known(self, pick_list: PickList) -> Known:
        return Known(
            fulfillment_id=pick_list.fulfillment_id,
            reference=f"till-{pick_list.fulfillment_id}",
            revision=pick_list.revision,
            canceled=pick_list.fulfillment_id in self.till.canceled,
            quantities={line.line_id: line.quantity for line in pick_list.lines},
        )

    def _keep(self, pick_list: PickList) -> None:
        known = self.till.pick_lists.get(pick_list.fulfillment_id)
        if known is None or known.revision < pick_list.revision:
            self.till.pick_lists[pick_list.fulfillment_id] = pick_list
            self.till.canceled.discard(pick_list.fulfillment_id)

    def _require(self, reference: str, fulfillment: str) -> None:
        if fulfillment not in self.till.pick_lists or reference != f"till-{fulfillment}":
            raise ConnectorError("HTTP 404", permanent=True)

    def _begin(self, call: str) -> None:
        self.till.calls.append(call)
        if self.till.fail_with:
            raise self.till.fail_with.pop(0)

    def _end(self) -> None:
        if self.till.lose:
            raise self.till.lose.pop(0)


def _paged(rows: list[T], cursor: str, *, size: int) -> Page[T]:
    begin = int(cursor or 0)
    end = begin + size
    return Page(rows=tuple(rows[begin:end]), next=str(end) if end < len(rows) else "")
