"""What the hub asks of a store's POS, in plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from hub.errors import ConnectorError

REFERENCE_CHARACTERS = 60
# What a POS may be able to do beyond taking and withdrawing pick lists, in words for staff.
ABILITIES: Mapping[str, str] = {
    "amend": "change a pick list that it has",
    "look_up": "say whether it has a pick list",
    "list": "list its open pick lists",
    "receipts": "list its receipts",
    "stock": "list its stock",
}
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class PosAccount:
    """Where one store's POS is and what it shares with the hub: the newest secret first.

    ``layout`` says what is peculiar to it: see ``layout.FileLayout``, and ``can_amend``.
    """

    connection_id: str
    base_url: str
    secrets: tuple[str, ...]
    layout: Mapping[str, Any] = field(default_factory=dict)


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
    ``revision`` counts from 1 and grows with every change; ``status`` is how far the store's
    people are: what is ``picking`` or later needs no second collecting.
    """

    fulfillment_id: str
    order_id: str
    order_reference: str
    store: str
    promised_at: str
    lines: tuple[PickLine, ...]
    note: str = ""
    revision: int = 1
    status: str = "proposed"

    def as_json(self) -> dict[str, Any]:
        """The body of the call: the same members, JSON-ready."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Known:
    """A pick list as the POS has it. ``quantities`` by line id; None when it does not tell."""

    fulfillment_id: str
    reference: str
    revision: int = 1
    canceled: bool = False
    quantities: Mapping[str, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Stocked:
    """Units of an item that the POS believes on hand."""

    sku: str
    on_hand: int


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """Some rows and the cursor of the next; empty: that was all. ``as_of`` is when they were
    true, where the POS says so."""

    rows: tuple[T, ...]
    next: str = ""
    as_of: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Something a POS tells of its own accord, in the shape of an inbound call."""

    event_id: str
    type: str
    data: Mapping[str, Any]


class NotSupported(ConnectorError):
    """This POS cannot be asked for it (see ``can``), however often one tries."""

    def __init__(self, what: str) -> None:
        super().__init__(f"not supported: {what}", permanent=True)


class PosConnector(Protocol):
    """One store's POS. All calls raise ConnectorError and may be repeated with one effect.

    ``can`` names which of ABILITIES it has beyond taking and withdrawing pick lists; the calls
    behind the others raise NotSupported. What it tells of its own accord (acknowledgements,
    refusals, receipts) comes to the hub's inbox, or is handed over by ``answers``.
    """

    can: frozenset[str]

    def queue(self, pick_list: PickList) -> str:
        """Give the POS a pick list; return the POS's own reference of it."""

    def amend(self, reference: str, pick_list: PickList) -> str:
        """Replace a pick list by a later revision of it; return its reference from now on."""

    def cancel(self, reference: str, fulfillment: str) -> None:
        """Withdraw a pick list by the POS's reference; ``fulfillment`` is the hub's id."""

    def status(self, fulfillment: str) -> Known | None:
        """What the POS has under the hub's id; None when it has nothing."""

    def pick_lists(self, cursor: str) -> Page[Known]:
        """The pick lists that are open at the POS, page by page, from the cursor ``""``."""

    def receipts(self, cursor: str) -> Page[Mapping[str, Any]]:
        """Receipts since a cursor, oldest first, as the data of ``receipt.recorded``. The last
        page's cursor goes on from there another day."""

    def stock(self, cursor: str) -> Page[Stocked]:
        """What it believes to be on hand, page by page, from the cursor ``""``."""

    def answers(self) -> Iterable[tuple[str, tuple[Answer, ...]]]:
        """What it has left for the hub to fetch: (name, answers); then call ``taken``."""

    def taken(self, name: str, problem: str = "") -> None:
        """What ``answers`` named has been kept, or refused for a reason in words."""
