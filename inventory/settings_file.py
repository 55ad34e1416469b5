"""Stock's part of a settings file: what is kept back, who is told, shelves, and how files come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.utils.translation import gettext_lazy

from hub.integration.settings_files import (
    CHUNK,
    Row,
    Section,
    UnknownReference,
    WrongRow,
    channel_of,
    only,
    plain,
    put,
    store_of,
)
from inventory.models import (
    ChannelBuffer,
    FeedLayout,
    Item,
    SafetyStock,
    ShelfPlace,
    SignalRule,
    StockLevel,
    StoreFeed,
)
from inventory.services.signals import set_signal_rule

HIDDEN = ("units", "percent", "network_units")
PLACE = ("location", "sequence")
LAYOUT = (
    *("source", "columns", "delimiter", "encoding", "code_systems", "mode", "complete"),
    *("policy", "most_drop_percent", "active"),
)
NEVER = datetime.fromtimestamp(0, UTC)


def _safety() -> Iterable[Row]:
    for row in SafetyStock.objects.select_related("store", "item"):
        store = row.store.code if row.store else None
        sku = row.item.sku if row.item else None
        yield {"key": [store, row.category or None, sku], "units": row.units}


def _take_safety(row: Row, _by: str) -> None:
    code, category, sku = row["key"]
    where = {"store": store_of(code), "category": category or "", "item": _item(sku)}
    put(SafetyStock, where, only(row, ("units",)))


def _item(sku: str | None) -> Item | None:
    if sku is None:
        return None
    found = Item.objects.filter(sku=sku).first()
    if found is None:
        raise UnknownReference(f"there is no item {sku}")
    return found


def _buffers() -> Iterable[Row]:
    for row in ChannelBuffer.objects.select_related("channel"):
        yield {"key": [row.channel.code], **plain(row, HIDDEN)}


def _take_buffer(row: Row, _by: str) -> None:
    put(ChannelBuffer, {"channel": channel_of(row["key"][0])}, only(row, HIDDEN))


def _signals() -> Iterable[Row]:
    for row in SignalRule.objects.select_related("channel"):
        yield {"key": [row.channel.code], "low_units": row.low_units}


def _take_signal(row: Row, _by: str) -> None:
    """As the page does it: what is so already is learned without telling the site."""
    values = only(row, ("low_units",))
    channel = channel_of(row["key"][0])
    if channel is None:
        raise WrongRow("it names no sales channel")
    rule = SignalRule(channel=channel, low_units=values["low_units"])
    rule.full_clean(exclude=["channel"])
    set_signal_rule(channel=channel, low_units=rule.low_units)


def _late_feeds() -> Iterable[Row]:
    for row in StoreFeed.objects.filter(expected_minutes__isnull=False).select_related("store"):
        yield {"key": [row.store.code], "expected_minutes": row.expected_minutes}


def _take_late_feed(row: Row, _by: str) -> None:
    """A store of which no snapshot has come yet waits for its first; where there is stock all the
    same, that would hide it at once, so it is refused."""
    store, values = store_of(row["key"][0]), only(row, ("expected_minutes",))
    known = StoreFeed.objects.filter(store=store).exists()
    if not known and StockLevel.objects.filter(store=store, on_hand__gt=0).exists():
        raise WrongRow("its stock did not come by a complete snapshot: take one in first")
    put(StoreFeed, {"store": store}, values if known else values | {"counted_as_of": NEVER})


def _shelves() -> Iterable[Row]:
    for row in ShelfPlace.objects.select_related("store", "item").iterator(CHUNK):
        yield {"key": [row.store.code, row.item.sku], **plain(row, PLACE)}


def _take_shelf(row: Row, _by: str) -> None:
    code, sku = row["key"]
    put(ShelfPlace, {"store": store_of(code), "item": _item(sku)}, only(row, PLACE))


def _layouts() -> Iterable[Row]:
    for row in FeedLayout.objects.select_related("store"):
        store = row.store.code if row.store else None
        yield {"key": [row.code], "store": store, **plain(row, LAYOUT)}


def _take_layout(row: Row, _by: str) -> None:
    values = only(row, (*LAYOUT, "store"))
    if not all(isinstance(name, str) for pair in values["columns"].items() for name in pair):
        raise WrongRow("its columns are no names")
    if not all(isinstance(name, str) for name in values["code_systems"]):
        raise WrongRow("its code systems are no names")
    put(FeedLayout, {"code": row["key"][0]}, values | {"store": store_of(values["store"])})


SECTIONS = [
    Section(
        "safety_stock", gettext_lazy("Safety stock"), 20, _safety, _take_safety, (SafetyStock,)
    ),
    Section(
        "buffers", gettext_lazy("Channel buffers"), 21, _buffers, _take_buffer, (ChannelBuffer,)
    ),
    Section("signals", gettext_lazy("Signal rules"), 22, _signals, _take_signal, (SignalRule,)),
    Section(
        "late_feeds", gettext_lazy("Late feeds"), 23, _late_feeds, _take_late_feed, (StoreFeed,)
    ),
    Section("shelves", gettext_lazy("Shelf places"), 24, _shelves, _take_shelf, (ShelfPlace,)),
    Section("layouts", gettext_lazy("Layouts of files"), 25, _layouts, _take_layout, (FeedLayout,)),
]
