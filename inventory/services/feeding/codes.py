"""What a file's codes and stores stand for, looked up many at a time and kept for a while."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from hub.stores.models import Store
from inventory.models import Item, ItemCode
from inventory.services.mapping import DEFAULT_SYSTEMS

MOST_KEPT = 200_000
ASKED_AT_ONCE = 5_000
SHORTEST_GTIN, LONGEST_GTIN = 8, 14
_GTIN_LENGTHS = (8, 12, 13, 14)

Meaning = tuple[int, int]


class Codes:
    """The items that codes stand for: of each the item's id and how many units one is.

    ``systems`` are tried in their order; an item's own SKU and GTIN come before the code map of
    the same system. A GTIN that two items share stands for neither.
    """

    def __init__(self, systems: Sequence[str]) -> None:
        self.systems = list(systems) or list(DEFAULT_SYSTEMS)
        self._known: dict[str, Meaning | None] = {}

    def learn(self, codes: Iterable[str]) -> dict[str, Meaning | None]:
        """What each of the codes stands for (None: nothing), besides others known already."""
        new = set(codes) - self._known.keys()
        if new:
            if len(self._known) + len(new) > MOST_KEPT:
                self._known = {}
                new = set(codes)
            self._known |= dict.fromkeys(new) | self.meanings(new)
        return self._known

    def meanings(self, codes: set[str]) -> dict[str, Meaning]:
        """What those of the codes stand for that stand for something."""
        listed, found = sorted(codes), dict[str, Meaning]()
        for start in range(0, len(listed), ASKED_AT_ONCE):
            found |= self._asked(set(listed[start : start + ASKED_AT_ONCE]))
        return found

    def _asked(self, codes: set[str]) -> dict[str, Meaning]:
        mapped = ItemCode.objects.filter(
            system__in=self.systems, code__in=codes, item__active=True
        ).values_list("system", "code", "item_id", "units")
        by_system: dict[str, dict[str, Meaning]] = {system: {} for system in self.systems}
        for system, code, item, units in mapped:
            by_system[system][code] = (item, units)
        if "sku" in by_system:
            by_system["sku"] |= _by_sku(codes)
        if "gtin" in by_system:
            by_system["gtin"] |= _by_gtin(codes)
        found: dict[str, Meaning] = {}
        for system in reversed(self.systems):
            found |= by_system[system]
        return found


class Stores:
    """The active stores by what they are called, public id or code; ``reach`` bounds them."""

    def __init__(self, reach: Collection[int] | None) -> None:
        self._reach = reach

    def all(self) -> dict[str, int]:
        """Every reference that means a store."""
        rows = Store.objects.filter(active=True)
        if self._reach is not None:
            rows = rows.filter(pk__in=self._reach)
        stores = list(rows.values_list("pk", "code", "public_id"))
        # a code may look like another store's public id: the public id wins
        return {code: pk for pk, code, _ in stores} | {name: pk for pk, _, name in stores}


def _by_sku(codes: set[str]) -> dict[str, Meaning]:
    rows = Item.objects.filter(sku__in=codes, active=True).values_list("sku", "pk")
    return {sku: (pk, 1) for sku, pk in rows}


def _by_gtin(codes: set[str]) -> dict[str, Meaning]:
    """By the number, however many zeros lead it."""
    numbers = {code: code.lstrip("0") for code in codes if _is_gtin(code)}
    forms = {number.zfill(length) for number in numbers.values() for length in _GTIN_LENGTHS}
    rows = Item.objects.filter(gtin__in=forms, active=True).values_list("gtin", "pk")
    items: dict[str, set[int]] = {}
    for gtin, pk in rows:
        items.setdefault(gtin.lstrip("0"), set()).add(pk)
    single = {number: min(found) for number, found in items.items() if len(found) == 1}
    return {code: (single[number], 1) for code, number in numbers.items() if number in single}


def _is_gtin(code: str) -> bool:
    return SHORTEST_GTIN <= len(code) <= LONGEST_GTIN and code.isascii() and code.isdecimal()
