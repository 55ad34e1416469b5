"""What the hub asks of a store's POS, in plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class PosAccount:
    """Where one store's POS is and what it shares with the hub: the newest secret first."""

    connection_id: str
    base_url: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PickLine:
    """One line to collect; ``quantity`` in the item's unit."""

    line_id: str
    sku: str
    name: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class PickList:
    """What a store shall prepare for one pickup. No name, phone or e-mail of the customer.

    ``promised_at`` is ISO 8601 with offset; ``order_reference`` the site's own order number.
    """

    fulfillment_id: str
    order_id: str
    order_reference: str
    store: str
    promised_at: str
    lines: tuple[PickLine, ...]
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The body of the call: the same members, JSON-ready."""
        return asdict(self)


class PosConnector(Protocol):
    """One store's POS. All calls raise ConnectorError and may be repeated with one effect."""

    def queue(self, pick_list: PickList) -> str:
        """Give the POS a pick list; return the POS's own reference of it."""

    def cancel(self, reference: str, fulfillment: str) -> None:
        """Withdraw a pick list by the POS's reference; ``fulfillment`` is the hub's id."""
