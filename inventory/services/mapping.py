"""What sources call our things: codes that stand for items, one by one or as a whole map."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from hub.errors import Invalid
from inventory.lines import MOST_UNITS
from inventory.models import FeedLayout, Item, ItemCode, UnmappedCode

DEFAULT_SYSTEMS = ("sku", "gtin")
MAP_COLUMNS = ("system", "code", "sku", "units")
MOST_MAP_LINES = 100_000
SHOWN_REFUSALS = 50
LONGEST_SYSTEM = 30
LONGEST_CODE = 60
_UNITS_DIGITS = 10


class CodeMapRefused(Invalid):
    """A code map with lines that cannot be; nothing of it was taken. ``errors`` are the first."""

    code = "code_map_refused"
    title = "The code map cannot be taken"

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors[:3]), errors=errors)
        self.errors = errors


@dataclass(frozen=True)
class MapResult:
    """What became of a code map, in codes."""

    made: int
    changed: int
    unchanged: int


@transaction.atomic
def save_code(*, code: ItemCode) -> int:
    """Let the code stand for its item from now on; returns how many unmapped codes that settles.

    Files that came before are not read again.
    """
    code.save()
    return _settle([(code.system, code.code)])


@transaction.atomic
def import_codes(*, lines: Iterable[str]) -> MapResult:
    """Take a whole code map over: CSV with a header of system, code, sku and units (1 if empty).

    Codes that are known are changed, those not named stay. Raises CodeMapRefused, naming the
    lines, when one of them cannot be; then none is taken.
    """
    wanted = _wanted(lines)
    known = {(row.system, row.code): row for row in _known(wanted)}
    changed = [key for key, row in known.items() if (row.item_id, row.units) != wanted[key]]
    ItemCode.objects.bulk_create(
        (
            ItemCode(system=system, code=code, item_id=item, units=units)
            for (system, code), (item, units) in wanted.items()
        ),
        batch_size=5_000,
        update_conflicts=True,
        unique_fields=["system", "code"],
        update_fields=["item", "units"],
    )
    _settle(wanted)
    return MapResult(len(wanted) - len(known), len(changed), len(known) - len(changed))


def systems_of(source: str) -> list[str]:
    """The systems of codes in which a source's codes are looked up, in that order."""
    layouts = FeedLayout.objects.filter(source=source, active=True)
    named = [name for layout in layouts for name in layout.code_systems or DEFAULT_SYSTEMS]
    return list(dict.fromkeys(named or DEFAULT_SYSTEMS))


def system_to_map(systems: Sequence[str]) -> str:
    """The system in which a code that stands for nothing most likely is: SKUs are known."""
    return next((name for name in systems if name != "sku"), "sku")


def _settle(keys: Iterable[tuple[str, str]]) -> int:
    """Forget the unmapped codes that these systems and codes explain."""
    wanted = set(keys)
    rows = UnmappedCode.objects.filter(code__in={code for _, code in wanted})
    systems: dict[str, list[str]] = {}
    settled = []
    for row in rows:
        tried = systems.setdefault(row.source, systems_of(row.source))
        if any((system, row.code) in wanted for system in tried):
            settled.append(row.pk)
    UnmappedCode.objects.filter(pk__in=settled).delete()
    return len(settled)


def _known(wanted: Mapping[tuple[str, str], object]) -> Iterable[ItemCode]:
    rows = ItemCode.objects.filter(code__in={code for _, code in wanted})
    return [row for row in rows if (row.system, row.code) in wanted]


def _wanted(lines: Iterable[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """(system, code) → (item id, units); raises CodeMapRefused."""
    rows = list(_rows(lines))
    skus = {cells["sku"] for _, cells in rows}
    items = dict(Item.objects.filter(sku__in=skus).values_list("sku", "pk"))
    wanted: dict[tuple[str, str], tuple[int, int]] = {}
    errors = []
    for number, cells in rows:
        key = (cells["system"], cells["code"])
        trouble = "the code was named before" if key in wanted else _trouble(cells, items)
        if trouble:
            errors.append(f"line {number}: {trouble}")
            if len(errors) == SHOWN_REFUSALS:
                break
        else:
            wanted[key] = (items[cells["sku"]], int(cells["units"] or 1))
    if errors or not wanted:
        raise CodeMapRefused(errors or ["the file names no code"])
    return wanted


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(lines)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        if sorted(names) != sorted(MAP_COLUMNS):
            raise CodeMapRefused([f"the first line must name {', '.join(MAP_COLUMNS)}"])
        for cells in reader:
            if reader.line_num > MOST_MAP_LINES:
                raise CodeMapRefused([f"more than {MOST_MAP_LINES} lines"])
            if any(cells):
                filled = [*(cell.strip() for cell in cells), *[""] * len(names)]
                yield reader.line_num, dict(zip(names, filled, strict=False))
    except csv.Error as error:
        raise CodeMapRefused([f"line {reader.line_num}: {error}"]) from error


def _trouble(cells: Mapping[str, str], items: Mapping[str, int]) -> str:
    """Why the line cannot be; empty when it can."""
    text, units = "".join(cells.values()), cells["units"] or "1"
    if "\x00" in text:
        return "it holds a NUL"
    if not 0 < len(cells["system"]) <= LONGEST_SYSTEM:
        return f"a system has 1 to {LONGEST_SYSTEM} characters"
    if not 0 < len(cells["code"]) <= LONGEST_CODE:
        return f"a code has 1 to {LONGEST_CODE} characters"
    if not (units.isascii() and units.isdecimal() and len(units) <= _UNITS_DIGITS):
        return f"units are a whole number, not {units[:40]!r}"
    if not 0 < int(units) <= MOST_UNITS:
        return f"units lie between 1 and {MOST_UNITS}"
    return "" if cells["sku"] in items else f"no item {cells['sku'][:40]!r}"
