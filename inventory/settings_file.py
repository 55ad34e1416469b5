"""Stock's part of a settings file: safety stock and channel buffers."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy

from hub.integration.settings_files import (
    Row,
    Section,
    UnknownReference,
    channel_of,
    only,
    plain,
    put,
    store_of,
)
from inventory.models import ChannelBuffer, Item, SafetyStock

HIDDEN = ("units", "percent", "network_units")


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


SECTIONS = [
    Section("safety_stock", gettext_lazy("Safety stock"), 20, _safety, _take_safety),
    Section("buffers", gettext_lazy("Channel buffers"), 21, _buffers, _take_buffer),
]
