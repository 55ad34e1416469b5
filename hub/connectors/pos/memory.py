"""A POS that lives in this process: for tests, and for test orders without a simulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from hub.connectors.pos.base import PickList, PosAccount
from hub.errors import ConnectorError


@dataclass
class Till:
    """What one connection's POS has seen. Put an error into ``fail_with`` to see it raised."""

    pick_lists: dict[str, PickList] = field(default_factory=dict)
    canceled: set[str] = field(default_factory=set)
    fail_with: list[ConnectorError] = field(default_factory=list)


class MemoryPos:
    """Takes each pick list once, like any POS; ``tills`` shows what arrived, by connection."""

    tills: ClassVar[dict[str, Till]] = {}

    def __init__(self, account: PosAccount) -> None:
        self.till = self.tills.setdefault(account.connection_id, Till())

    def queue(self, pick_list: PickList) -> str:
        """Keep the pick list; return its reference."""
        self._maybe_fail()
        self.till.pick_lists.setdefault(pick_list.fulfillment_id, pick_list)
        return f"till-{pick_list.fulfillment_id}"

    def cancel(self, reference: str, fulfillment: str) -> None:
        """Mark the pick list as withdrawn; an unknown one is refused for good."""
        self._maybe_fail()
        if fulfillment not in self.till.pick_lists or reference != f"till-{fulfillment}":
            raise ConnectorError("HTTP 404", permanent=True)
        self.till.canceled.add(fulfillment)

    def _maybe_fail(self) -> None:
        if self.till.fail_with:
            raise self.till.fail_with.pop(0)
