"""Bundles: things that are sold together and have no stock of their own.

What can be promised of one is what its scarcest part allows; what holds and orders set aside are
its parts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import DEFAULT_DB_ALIAS

from hub.stores.models import SalesChannel
from inventory.models import BundlePart, ChannelBuffer

if TYPE_CHECKING:
    from inventory.services.availability import Availability

Place = tuple[int, int]  # store id, item id
Ask = Callable[[Sequence[int], Sequence[int]], Mapping[Place, "Availability"]]


def parts_of(
    item_ids: Iterable[int], *, using: str = DEFAULT_DB_ALIAS
) -> dict[int, dict[int, int]]:
    """The parts of those items that are bundles: bundle id → part id → units in each bundle."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = BundlePart.objects.using(using).filter(bundle_id__in=list(item_ids))
    for bundle, part, quantity in rows.values_list("bundle_id", "part_id", "quantity"):
        found[bundle][part] = quantity
    return dict(found)


def among(item_ids: Iterable[int], *, using: str = DEFAULT_DB_ALIAS) -> list[int]:
    """Those of the items that are bundles."""
    return sorted(parts_of(item_ids, using=using))


def unpacked(lines: Mapping[int, int]) -> dict[int, int]:
    """The lines (item id → units) with the parts of each bundle in its place, summed by item."""
    parts = parts_of(lines)
    if not parts:
        return dict(lines)
    units: Counter[int] = Counter()
    for item, quantity in lines.items():
        for part, each in parts.get(item, {item: 1}).items():
            units[part] += quantity * each
    return dict(units)


def bundles_with(item_ids: Collection[int]) -> list[int]:
    """The bundles of which one of the items is a part."""
    rows = BundlePart.objects.filter(part_id__in=item_ids).order_by("bundle_id")
    return list(rows.values_list("bundle_id", flat=True).distinct())


def network_units(channel: SalesChannel, *, using: str = DEFAULT_DB_ALIAS) -> int:
    """Units of every item that the channel does not see of the sum over all stores."""
    rows = ChannelBuffer.objects.using(using).filter(channel=channel)
    return rows.values_list("network_units", flat=True).first() or 0


def promised(sets: Mapping[Place, Availability], *, ask: Ask) -> dict[Place, Availability]:
    """The availability of bundles: that of the scarcest part, counted in bundles.

    ``sets`` are the bundles as if they were single items: what stops them stops them here too.
    The terms are those of the scarcest part, so that they say why there are so few.
    """
    parts = parts_of({item for _, item in sets})
    stores = sorted({store for store, _ in sets})
    found = ask(stores, sorted({part for some in parts.values() for part in some}))
    return {
        (store, bundle): _scarcest(
            alone, [(found[store, part], each) for part, each in parts[bundle].items()]
        )
        for (store, bundle), alone in sets.items()
    }


def _scarcest(alone: Availability, parts: list[tuple[Availability, int]]) -> Availability:
    position, each = min(parts, key=lambda part: part[0].atp // part[1])
    stops = sorted({*alone.stops, *position.stops})
    units = 0 if stops else position.atp // each
    return position._replace(atp=units, stops=stops, is_bundle=True)
