"""The shipped demo chain: twelve stores in four countries, 210 groceries and household goods."""

from __future__ import annotations

import csv
from datetime import time
from pathlib import Path

from orders.chain.rows import Chain, ChannelRow, ItemRow, StoreRow, gtin_13

_FOLDER = Path(__file__).parent
_LOCALES = ("en", "fr", "pl", "es", "ru")
_SUNDAY = 6
# GS1 keeps the prefixes 20 to 29 for a company's own use, so these can be nobody's product.
_OWN_USE_PREFIX = 200
CHANNELS = [
    ChannelRow(code="web-gb", name="Harbour Market UK", currency="GBP"),
    ChannelRow(code="web-fr", name="Harbour Market France", currency="EUR"),
    ChannelRow(code="web-pl", name="Harbour Market Polska", currency="PLN"),
    ChannelRow(code="web-es", name="Harbour Market España", currency="EUR"),
]


def demo_chain() -> Chain:
    """The demo chain, the same at every call."""
    return Chain(brand="Harbour Market", channels=CHANNELS, stores=_stores(), items=_items())


def _read(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _stores() -> list[StoreRow]:
    return [_store(row) for row in _read("stores.csv")]


def _store(row: dict[str, str]) -> StoreRow:
    weekday = (time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"]))
    hours = dict.fromkeys(range(_SUNDAY), weekday)
    if row["sunday_opens"]:
        sunday = time.fromisoformat(row["sunday_opens"]), time.fromisoformat(row["sunday_closes"])
        hours[_SUNDAY] = sunday
    keep = ("code", "name", "street", "city", "region", "postal_code", "country")
    return StoreRow(
        **{name: row[name] for name in (*keep, "timezone", "locale", "phone")},
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
        hours=hours,
    )


def _items() -> list[ItemRow]:
    items: list[ItemRow] = []
    for row in _read("products.csv"):
        for place, size in enumerate(row["sizes"].split("|"), start=1):
            items.append(_item(row, size=size, place=place, number=len(items) + 1))
    return items


def _item(row: dict[str, str], *, size: str, place: int, number: int) -> ItemRow:
    names = {locale: f"{row[locale]}, {size}" for locale in _LOCALES}
    return ItemRow(
        sku=f"{row['code']}-{place:02d}",
        gtin=gtin_13(f"{_OWN_USE_PREFIX}{number:09d}"),
        name=names["en"],
        names=names,
        category=row["category"],
        zone=row["zone"],
        content=_content(size),
        allergens=_codes(row["allergens"]),
        diets=_codes(row["diets"]),
        minimum_age=int(row["minimum_age"]),
        price_minor=int(row["price_minor"]) * (1 + place) // 2,
    )


def _codes(text: str) -> list[str] | None:
    """Codes between bars; a question mark says that nobody knows them."""
    return None if text == "?" else [code for code in text.split("|") if code]


def _content(size: str) -> int:
    """``1.5 l`` as 1,500 millilitres, ``4 x 500 ml`` as 2,000, ``6 pcs`` as 6 pieces."""
    *times, amount, unit = size.replace(" x ", " ").split()
    whole = float(amount) * (1000 if unit in ("l", "kg") else 1)
    return round(whole * (int(times[0]) if times else 1))
