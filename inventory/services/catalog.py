"""Finding items by the codes that others know them by."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import DEFAULT_DB_ALIAS, connection

from inventory.errors import UnknownSku
from inventory.models import Item

# Asked for with every order: building this through the ORM takes longer than answering.
_FIELDS = ["id", "sku", "category", "unit", "lead_minutes"]
_KNOWN = f"SELECT {', '.join(_FIELDS)} FROM inventory_item WHERE sku = ANY(%s) AND active"  # noqa: S608  made of constants


def find_items(skus: Iterable[str]) -> dict[str, Item]:
    """The active items of these SKUs, by SKU. Raises UnknownSku naming all that are missing."""
    wanted = set(skus)
    found = {item.sku: item for item in Item.objects.filter(sku__in=wanted, active=True)}
    if missing := wanted - found.keys():
        raise UnknownSku(missing)
    return found


def known_items(skus: Iterable[str]) -> dict[str, Item]:
    """Those of the active items that exist, by SKU, with what placing an order asks of them.

    Other fields are read when asked for, item by item.
    """
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [list(set(skus))])
        items = [Item.from_db(DEFAULT_DB_ALIAS, _FIELDS, row) for row in cursor]
    return {item.sku: item for item in items}
