"""Units on their way to a store: announced by whoever sends them, shown to sites, never sold.

They count for nothing in what can be promised. Once they arrive, the stock event that says so
takes them off; what never arrives is forgotten two weeks after it was due.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import Min, Sum

from hub import clock
from hub.errors import Invalid
from hub.stores.models import Store
from inventory.lines import MOST_UNITS
from inventory.models import IncomingUnits

OVERDUE_DAYS = 14
MOST_DAYS_AHEAD = 731
LONGEST_REFERENCE = 120
SWEEP_ROWS = 5_000
MOST_SWEEPS = 200

_ONE_AT_A_TIME = """
SELECT pg_advisory_xact_lock(hashtextextended(
    concat_ws(chr(10), 'inventory.incoming', %s::text, %s::text, %s::text), 0))
"""

# A reference names one delivery, whoever speaks of it. Rows are locked in one order, those of a
# delivery by item, as ``expect`` does.
_ARRIVE = """
WITH arrived AS (
    SELECT * FROM unnest(%(references)s::text[], %(items)s::bigint[], %(units)s::bigint[])
        AS line (reference, item_id, units)
), expected AS MATERIALIZED (
    SELECT incoming.id, arrived.units FROM inventory_incomingunits incoming
    JOIN arrived ON arrived.reference = incoming.reference AND arrived.item_id = incoming.item_id
    WHERE incoming.store_id = %(store)s
    ORDER BY incoming.reference, incoming.item_id, incoming.id
    FOR UPDATE OF incoming
), there AS (
    DELETE FROM inventory_incomingunits incoming USING expected
    WHERE incoming.id = expected.id AND incoming.units <= expected.units
)
UPDATE inventory_incomingunits incoming SET units = incoming.units - expected.units
FROM expected
WHERE incoming.id = expected.id AND incoming.units > expected.units
"""

_FORGET = """
DELETE FROM inventory_incomingunits
WHERE id IN (SELECT id FROM inventory_incomingunits WHERE expected_at < %s LIMIT %s)
"""


@dataclass(frozen=True)
class Coming:
    """Units of all deliveries that an item waits for; the first is due at ``expected_at``."""

    units: int
    expected_at: datetime


@transaction.atomic
def expect(
    *,
    source: str,
    reference: str,
    store: Store,
    expected_at: datetime,
    units: Mapping[int, int],
) -> None:
    """Take over what ``source`` says a delivery brings to a store: ``units`` by item id.

    It replaces what the same source said of that delivery and store before: an item with 0 units,
    or not named, is not coming any more. Raises Invalid for impossible units, an empty or
    overlong reference, and a moment more than 14 days past or two years ahead.
    """
    _check(reference, expected_at, units)
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME, [source, reference, store.pk])
    said = IncomingUnits.objects.filter(source=source, reference=reference, store=store)
    before = list(said.select_for_update().order_by("item_id").values_list("item_id", flat=True))
    coming = {item: count for item, count in sorted(units.items()) if count}
    said.filter(item_id__in=set(before).difference(coming)).delete()
    IncomingUnits.objects.bulk_create(
        [
            IncomingUnits(
                source=source,
                reference=reference,
                store=store,
                item_id=item,
                units=count,
                expected_at=expected_at,
            )
            for item, count in coming.items()
        ],
        update_conflicts=True,
        unique_fields=["source", "reference", "store", "item"],
        update_fields=["units", "expected_at"],
    )


def _check(reference: str, expected_at: datetime, units: Mapping[int, int]) -> None:
    if not 0 < len(reference) <= LONGEST_REFERENCE:
        raise Invalid(f"a reference has 1 to {LONGEST_REFERENCE} characters")
    if not all(0 <= count <= MOST_UNITS for count in units.values()):
        raise Invalid(f"incoming units lie between 0 and {MOST_UNITS}")
    ahead = expected_at - clock.now()
    if not -timedelta(days=OVERDUE_DAYS) < ahead < timedelta(days=MOST_DAYS_AHEAD):
        raise Invalid(
            f"expected_at is more than {OVERDUE_DAYS} days past or {MOST_DAYS_AHEAD} days ahead"
        )


def arrive(*, store_id: int, arrivals: Mapping[tuple[str, int], int]) -> None:
    """Take off what has come: ``arrivals`` maps (reference, item id) to units, above zero.

    Deliveries of other stores and what nobody announced are left alone; no row falls below zero.
    Belongs into the transaction that puts the units on hand.
    """
    if not arrivals:
        return
    values: dict[str, Any] = {
        "store": store_id,
        "references": [reference for reference, _ in arrivals],
        "items": [item for _, item in arrivals],
        "units": list(arrivals.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ARRIVE, values)


def coming(
    *,
    store_ids: Collection[int],
    skus: Collection[str],
    using: str = DEFAULT_DB_ALIAS,
) -> dict[tuple[int, str], Coming]:
    """What waits to come, by (store id, SKU); where nothing does, there is no entry."""
    rows = (
        IncomingUnits.objects.using(using)
        .filter(store_id__in=store_ids, item__sku__in=skus)
        .values("store_id", "item__sku")
        .annotate(total=Sum("units"), first=Min("expected_at"))
        .order_by()
    )
    return {(row["store_id"], row["item__sku"]): Coming(row["total"], row["first"]) for row in rows}


def sweep_overdue() -> int:
    """Forget deliveries that were due two weeks ago and never came; return how many lines."""
    late = clock.now() - timedelta(days=OVERDUE_DAYS)
    swept = 0
    for _ in range(MOST_SWEEPS):
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, [late, SWEEP_ROWS])
            swept += cursor.rowcount
            if cursor.rowcount < SWEEP_ROWS:
                break
    return swept
