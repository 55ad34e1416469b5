"""What a site asks for when it places an order: plain values, already checked for shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from inventory.models import Item


class Near(TypedDict):
    """Degrees, WGS 84; ``radius_metres`` of the search."""

    latitude: float
    longitude: float
    radius_metres: NotRequired[int]


class Pickup(TypedDict, total=False):
    """Either a store by public id or code, or the best one near a point."""

    store: str
    near: Near


class Customer(TypedDict):
    """Who collects. At least a phone or an e-mail address."""

    name: str
    phone: NotRequired[str]
    email: NotRequired[str]
    account_id: NotRequired[str]
    locale: NotRequired[str]
    notify: NotRequired[list[str]]


class Line(TypedDict):
    """One line as the site sells it; the price is in minor units of the order's currency."""

    sku: str
    quantity: int
    unit_price_minor: int


def units_per_item(lines: Sequence[Line], items: Mapping[str, Item]) -> dict[int, int]:
    """Item id → units over all lines: stock is judged for the sum, never line by line."""
    units: Counter[int] = Counter()
    for line in lines:
        units[items[line["sku"]].pk] += line["quantity"]
    return dict(units)


def customer_values(customer: Customer) -> dict[str, Any]:
    """The arguments of ``land_record`` that speak of the customer."""
    return {
        "name": customer["name"],
        "phone": customer.get("phone", ""),
        "email": customer.get("email", ""),
        "account_id": customer.get("account_id", ""),
        "locale": customer.get("locale", ""),
        "notify": customer.get("notify"),
    }
