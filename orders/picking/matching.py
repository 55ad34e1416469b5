"""Which item a scanned code stands for, and which lines want it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from inventory.models import Item, ItemCode
from orders.models import FulfillmentLine
from orders.picking.codes import Scanned, refuse_misread
from orders.picking.errors import UnknownCode, WeightNeeded, WrongItem
from orders.picking.working import left


@dataclass(frozen=True)
class Meaning:
    """What one of a scanned code stands for: so many units of an item, or so many grams."""

    item: Item
    units: int
    grams: int | None = None


def meanings(scanned: Scanned) -> dict[int, Meaning]:
    """The items that a code may stand for, by their key. An item's own codes come before others."""
    found: dict[int, Meaning] = {}
    others = ItemCode.objects.filter(
        Q(system="gtin", code__in=scanned.gtins)
        | Q(code=scanned.text)
        | Q(system="plu", code__in=scanned.plus)
    )
    for other in others.select_related("item").order_by("pk"):
        grams = scanned.grams if other.system == "plu" else None
        found[other.item_id] = Meaning(other.item, other.units, grams)
    own = Item.objects.filter(Q(sku=scanned.text) | Q(gtin__in=scanned.gtins))
    return found | {item.pk: Meaning(item, 1) for item in own}


def wanted_among(
    lines: Sequence[FulfillmentLine], scanned: Scanned
) -> tuple[Meaning, list[FulfillmentLine]]:
    """What was scanned, and the lines of that item; raises UnknownCode or WrongItem."""
    found = meanings(scanned)
    wanting = [line for line in lines if line.item_id in found]
    if wanting:
        wanted = next((line for line in wanting if left(line) > 0), wanting[0])
        same = [line for line in wanting if line.item_id == wanted.item_id]
        return found[wanted.item_id], same
    if not found:
        refuse_misread(scanned.text)
        raise UnknownCode(f"no item has the code {scanned.text}", scanned=scanned.text)
    item = next(iter(found.values())).item
    raise WrongItem(f"{item.name} is not on the list", sku=item.sku, name=item.name)


def units_of(meaning: Meaning, grams: int | None) -> int:
    """How many units (grams of goods by weight) one such code is; raises WeightNeeded."""
    if meaning.item.unit != "gram":
        return meaning.units
    weighed = meaning.grams if meaning.grams is not None else grams
    if weighed is None or weighed < 1:
        raise WeightNeeded(f"{meaning.item.name} goes by weight: say the grams")
    return weighed
