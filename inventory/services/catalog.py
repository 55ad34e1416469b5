"""Finding items by the codes that others know them by."""

from __future__ import annotations

from collections.abc import Iterable

from inventory.errors import UnknownSku
from inventory.models import Item


def find_items(skus: Iterable[str]) -> dict[str, Item]:
    """The active items of these SKUs, by SKU. Raises UnknownSku naming all that are missing."""
    wanted = set(skus)
    found = known_items(wanted)
    if missing := wanted - found.keys():
        raise UnknownSku(missing)
    return found


def known_items(skus: Iterable[str]) -> dict[str, Item]:
    """The same without those that do not exist."""
    wanted = set(skus)
    return {item.sku: item for item in Item.objects.filter(sku__in=wanted, active=True)}
