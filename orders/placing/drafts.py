"""From what sites ask for to drafts: items known, customers read, stores chosen, times promised.

A draft is ready to be written. Nothing is written here, except that a store which was searched
for has its goods set aside already, and a window its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from hub import clock
from hub.customers.services import Word, read_word
from hub.errors import HubError, NotFound
from hub.ids import new_id
from hub.stores.calendar import add_open_minutes
from hub.stores.models import SalesChannel, Stage, Store
from hub.stores.services import known_stores, require_live
from inventory.errors import UnknownSku
from inventory.models import Hold, Item
from inventory.services.catalog import known_items
from inventory.services.holds import find_hold
from orders.errors import HoldElsewhere, PickupOff, WrongCurrency
from orders.placing.asked import Asked, skus_of
from orders.placing.refusing import Refused
from orders.promise.reckoning import Slot
from orders.promise.services import promise_by
from orders.promise.terms import Terms, terms_of
from orders.promise.windows import book, book_ready, held_window
from orders.routing.accepting import ACCEPT_MINUTES
from orders.routing.alone import one_at_a_time
from orders.routing.geography import Point
from orders.routing.services import RADIUS_METRES, Routed, explain_named, route_parts

Errand = tuple["Draft", Store | None, datetime | None]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Desk:
    """Who places orders: a key's channel, kind and stores (None: every store)."""

    channel: SalesChannel
    is_test: bool = False
    allowed_store_ids: Collection[int] | None = None

    @property
    def source(self) -> str:
        """What the customers' records of its orders are said to come from."""
        return f"channel:{self.channel.code}" + (":test" if self.is_test else "")


@dataclass
class Part:
    """What one store shall prepare: item id → units, set aside already or not yet."""

    store: Store
    lines: Mapping[int, int]
    promised_at: datetime
    explanation: dict[str, Any]
    accept_by: datetime | None
    reference: str = field(default_factory=lambda: new_id("ful"))
    is_allocated: bool = False
    window: Slot | None = None


@dataclass
class Draft:
    """An order that can be written: ``place`` is where it stood among those asked for."""

    place: int
    asked: Asked
    word: Word
    items: Mapping[str, Item]
    hold: Hold | None = None
    parts: list[Part] = field(default_factory=list)
    reference: str = field(default_factory=lambda: new_id("ord"))

    @property
    def lead_minutes(self) -> int:
        """How long the slowest of its goods takes to prepare."""
        return max(self.items[line["sku"]].lead_minutes for line in self.asked["lines"])

    @property
    def units(self) -> dict[int, int]:
        """Item id → units over all lines: stock is judged for the sum, never line by line."""
        units: Counter[int] = Counter()
        for line in self.asked["lines"]:
            units[self.items[line["sku"]].pk] += line["quantity"]
        return dict(units)


def draft_all(desk: Desk, asked: Sequence[tuple[int, Asked]]) -> list[Draft]:
    """A draft of each (place, order), with the store or stores that prepare it.

    Raises Refused with everything that can be told before anything is written.
    """
    items = known_items(sku for _, one in asked for sku in skus_of(one["lines"]))
    drafts = _each(
        ((place, one) for place, one in asked),
        lambda entry: _draft(desk, *entry, items),
        place_of=lambda entry: entry[0],
    )
    stores = known_stores(
        reference for draft in drafts if (reference := draft.asked["pickup"].get("store"))
    )
    homes = _each(drafts, lambda draft: _home(desk, draft, stores), place_of=_place)
    now = clock.now()
    terms = terms_of({home.pk for home in homes if home}, at=now, now=now)
    if homes.count(None) > 1:
        one_at_a_time()
    errands = [
        (draft, home, _wanted(draft) if home else None)
        for draft, home in zip(drafts, homes, strict=True)
    ]
    _each(
        sorted(errands, key=_turn),
        lambda errand: _send(desk, errand, terms, now),
        place_of=lambda errand: errand[0].place,
    )
    return drafts


def _draft(desk: Desk, place: int, asked: Asked, items: Mapping[str, Item]) -> Draft:
    if asked["currency"] != desk.channel.currency:
        currency = desk.channel.currency
        raise WrongCurrency(f"this channel sells in {currency}", currency=currency)
    if missing := skus_of(asked["lines"]) - items.keys():
        raise UnknownSku(missing)
    customer = asked["customer"]
    word = read_word(
        source=desk.source,
        source_id=asked["external_id"],
        name=customer["name"],
        phone=customer.get("phone", ""),
        email=customer.get("email", ""),
        account_id=customer.get("account_id", ""),
        locale=customer.get("locale", ""),
        notify=customer.get("notify"),
    )
    hold = (
        find_hold(reference=asked["hold_id"], channel=desk.channel)
        if asked.get("hold_id")
        else None
    )
    return Draft(place, asked, word, items, hold)


def _home(desk: Desk, draft: Draft, stores: Mapping[str, Store]) -> Store | None:
    """The store that the hold or the customer named; None when one is to be searched for."""
    named = draft.asked["pickup"].get("store")
    if draft.hold is None and named is None:
        return None
    store = draft.hold.store if draft.hold else stores.get(named or "")
    if store is None or not store.active or not _may_use(desk, store):
        raise NotFound("no such store")
    if named not in (None, store.public_id, store.code):
        raise HoldElsewhere(f"the hold is in store {store.code}", store=store.code)
    require_live(store, is_test=desk.is_test)
    if not store.pickup_enabled and store.stage == Stage.LIVE:
        raise PickupOff(f"store {store.code} does not offer pickup", store=store.code)
    return store


def _may_use(desk: Desk, store: Store) -> bool:
    """A store that is not the caller's and one that does not exist are never told apart."""
    return desk.allowed_store_ids is None or store.pk in desk.allowed_store_ids


def _wanted(draft: Draft) -> datetime | None:
    """The start of the window that was asked for, or that the cart has."""
    wanted = draft.asked["pickup"].get("window")
    if wanted:
        return wanted["start"]
    return held_window(draft.hold.public_id) if draft.hold else None


def _turn(errand: Errand) -> tuple[int, int, float]:
    """All book their windows in one order: two batches never wait for each other's places.

    Who named a window comes before who takes the next one, and a search comes last.
    """
    _, home, start = errand
    if home is None:
        return 2, 0, 0
    return (0, home.pk, start.timestamp()) if start else (1, home.pk, 0)


def _send(desk: Desk, errand: Errand, terms: Mapping[int, Terms], now: datetime) -> None:
    """Give the draft its parts."""
    draft, home, start = errand
    if home is None:
        draft.parts = [_searched(routed, now) for routed in _search(desk, draft)]
        return
    known = terms[home.pk]
    part = Part(
        store=home,
        lines=draft.units,
        promised_at=promise_by(known, lead_minutes=draft.lead_minutes, at=now),
        explanation=explain_named(
            home,
            asked="hold" if draft.hold else "store",
            allowed_store_ids=desk.allowed_store_ids,
        ),
        accept_by=add_open_minutes(*known.calendar, now, ACCEPT_MINUTES),
    )
    _take_window(part, draft, start)
    draft.parts = [part]


def _search(desk: Desk, draft: Draft) -> list[Routed]:
    near = draft.asked["pickup"]["near"]
    return route_parts(
        channel=desk.channel,
        lines=draft.units,
        near=Point(near["latitude"], near["longitude"]),
        radius_metres=near.get("radius_metres", RADIUS_METRES),
        allowed_store_ids=desk.allowed_store_ids,
        lead_minutes=draft.lead_minutes,
    )


def _searched(routed: Routed, now: datetime) -> Part:
    """A part in a store that was searched for: its goods are set aside there."""
    terms = terms_of([routed.store.pk], at=now, now=now)[routed.store.pk]
    part = Part(
        store=routed.store,
        lines=routed.lines,
        promised_at=routed.promised_at,
        explanation=routed.explanation,
        accept_by=add_open_minutes(*terms.calendar, now, ACCEPT_MINUTES),
        reference=routed.reference,
        is_allocated=True,
    )
    _come_when_ready(part)
    return part


def _take_window(part: Part, draft: Draft, start: datetime | None) -> None:
    """Book the window that begins then; without one, the window it is ready in."""
    if start is None:
        _come_when_ready(part)
        return
    part.window = book(
        store=part.store,
        start=start,
        reference=part.reference,
        hold_id=draft.hold.public_id if draft.hold else "",
        lead_minutes=draft.lead_minutes,
    )
    part.promised_at = max(part.window.start, clock.now())


def _come_when_ready(part: Part) -> None:
    """Count the part in the window in which it is ready, where windows have so many places."""
    if part.store.slot_capacity is not None:
        part.promised_at = book_ready(
            store=part.store, ready_at=part.promised_at, reference=part.reference
        )


def _place(draft: Draft) -> int:
    return draft.place


def _each(entries: Iterable[T], act: Callable[[T], R], *, place_of: Callable[[T], int]) -> list[R]:
    """What ``act`` makes of each entry; raises Refused with all that it refuses."""
    done: list[R] = []
    reasons: dict[int, HubError] = {}
    for entry in entries:
        try:
            done.append(act(entry))
        except HubError as error:
            reasons[place_of(entry)] = error
    if reasons:
        raise Refused(reasons)
    return done
