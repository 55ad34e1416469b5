"""A chain as plain values, whatever file it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time

from orders.picking.codes import check_digit


@dataclass(frozen=True, kw_only=True)
class StoreRow:
    """One store. ``hours`` maps a weekday (0 = Monday) to opening and closing time."""

    code: str
    name: str
    street: str
    city: str
    region: str
    postal_code: str
    country: str
    latitude: float
    longitude: float
    timezone: str
    locale: str
    phone: str
    hours: dict[int, tuple[time, time]]


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    """One sellable item; ``names`` maps a locale to its name there. Of ``allergens`` and
    ``diets`` None means that nobody knows; ``content`` is in grams, millilitres or pieces."""

    sku: str
    gtin: str
    name: str
    names: dict[str, str] = field(default_factory=dict)
    category: str = ""
    zone: str = "ambient"
    content: int | None = None
    allergens: Sequence[str] | None = ()
    diets: Sequence[str] | None = None
    minimum_age: int = 0
    price_minor: int = 0


@dataclass(frozen=True, kw_only=True)
class ChannelRow:
    """One site that sells for the chain; ``currency`` is ISO 4217."""

    code: str
    name: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Everything that ``load`` writes."""

    brand: str
    channels: Sequence[ChannelRow]
    stores: Sequence[StoreRow]
    items: Sequence[ItemRow]


def gtin_13(digits: str) -> str:
    """Twelve digits with their check digit."""
    return f"{digits}{check_digit(digits)}"
