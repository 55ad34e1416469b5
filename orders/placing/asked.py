"""What a site asks for when it places an order: plain values, already checked for shape."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NotRequired, TypedDict


class Near(TypedDict):
    """Degrees, WGS 84; ``radius_metres`` of the search."""

    latitude: float
    longitude: float
    radius_metres: NotRequired[int]


class Window(TypedDict):
    """A pickup window of the store, by when it begins."""

    start: datetime


class Pickup(TypedDict, total=False):
    """Either a store by public id or code, or the best one near a point; in a store's window."""

    store: str
    near: Near
    window: Window


class Customer(TypedDict):
    """Who collects. At least a phone or an e-mail address."""

    name: str
    phone: NotRequired[str]
    email: NotRequired[str]
    account_id: NotRequired[str]
    locale: NotRequired[str]
    notify: NotRequired[list[str]]


class Wish(TypedDict):
    """What the customer says of substitutes: ``allow`` is no, ask or yes."""

    allow: str
    sku: NotRequired[str]
    price_cap_minor: NotRequired[int]


class Line(TypedDict):
    """One line as the site sells it; money is in minor units of the order's currency."""

    sku: str
    quantity: int
    unit_price_minor: int
    tax_minor: NotRequired[int]
    substitution: NotRequired[Wish]


class Asked(TypedDict):
    """One order. Money is the site's, in minor units of ``currency``."""

    external_id: str
    pickup: Pickup
    customer: Customer
    currency: str
    total_minor: int
    lines: Sequence[Line]
    tax_minor: NotRequired[int]
    hold_id: NotRequired[str]
    note: NotRequired[str]
    metadata: NotRequired[dict[str, Any]]


def skus_of(lines: Sequence[Line]) -> set[str]:
    """Every SKU that the lines name: bought, or wanted as a substitute."""
    wanted = (line.get("substitution", {}).get("sku") for line in lines)
    return {line["sku"] for line in lines} | {sku for sku in wanted if sku}
