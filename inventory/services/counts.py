"""Physical counts: what somebody truthfully found on the shelves, whatever was promised.

A count of a moment T replaces everything that happened until T; what the ledger knows to have
happened after T is applied on top. A count older than the one in force is recorded as superseded
and changes nothing. Of two counts of the same moment the lower one holds, so that their order of
arrival does not matter. The ledger row of a count carries the counted units in ``quantity``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from hub import clock
from hub.errors import Invalid
from hub.stores.models import Store
from inventory.lines import MOST_UNITS
from inventory.services.catalog import find_items
from inventory.services.counting import COUNTED, Count, Counting, CountResult

__all__ = ["CLOCK_TOLERANCE", "CountResult", "record_counts", "record_item_counts"]

CLOCK_TOLERANCE = timedelta(minutes=5)
LONGEST_PREFIX = 50


def record_counts(
    *,
    store: Store,
    source: str,
    as_of: datetime,
    counts: Mapping[str, int],
    event_prefix: str,
    complete: bool = False,
) -> CountResult:
    """Take over what ``source`` counted in a store at ``as_of``: units on hand by SKU.

    Repeating it with the same ``event_prefix`` (at most 50 characters) changes nothing. When
    ``complete``, every SKU not named is counted as zero, and the store is stamped as counted.
    A count below what is promised is accepted and opens a shortfall case. Raises UnknownSku
    (nothing is recorded then), and Invalid for impossible quantities or a moment in the future.
    """
    items = find_items(counts)
    return record_item_counts(
        store=store,
        source=source,
        as_of=as_of,
        counts={items[sku].pk: quantity for sku, quantity in counts.items()},
        event_prefix=event_prefix,
        complete=complete,
    )


@transaction.atomic
def record_item_counts(
    *,
    store: Store,
    source: str,
    as_of: datetime,
    counts: Mapping[int, int],
    event_prefix: str,
    complete: bool = False,
) -> CountResult:
    """As ``record_counts``, with item ids for SKUs."""
    moment = _checked(as_of=as_of, counts=counts, event_prefix=event_prefix)
    counting = Counting.begin(
        source=source, as_of=moment, prefix=event_prefix, store_ids=[store.pk]
    )
    lines = [Count(store.pk, item, counts[item]) for item in sorted(counts)]
    if not complete:
        return counting.record(lines, lacking=lines)
    values = {
        "stores": [store.pk] * len(lines),
        "items": [line.item_id for line in lines],
        "quantities": [line.quantity for line in lines],
    }
    found = counting.differing(COUNTED, values, complete=[store.pk])
    result = counting.record(found.counts, lacking=found.lacking)
    counting.stamp([store.pk])
    return replace(result, unchanged=len(lines) - found.named)


def _checked(*, as_of: datetime, counts: Mapping[int, int], event_prefix: str) -> datetime:
    """The moment of the count, at most now: a source's clock may run a little fast."""
    if not all(0 <= quantity <= MOST_UNITS for quantity in counts.values()):
        raise Invalid(f"a count lies between 0 and {MOST_UNITS}")
    if not 0 < len(event_prefix) <= LONGEST_PREFIX:
        raise Invalid(f"an event id has 1 to {LONGEST_PREFIX} characters")
    now = clock.now()
    if as_of > now + CLOCK_TOLERANCE:
        raise Invalid("a count cannot come from the future")
    return min(as_of, now)
