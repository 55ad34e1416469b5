"""The change feed: which positions a site has to read again, in an order that skips nothing.

Triggers note every change of stock and of rules beside it, in the same transaction, as a touch.
Touches get their place here, by one transaction at a time and only once they are committed: so a
place that is visible has no smaller one still to come, whatever order writers commit in. A change
of something that has a place already moves it to the end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Max, Q

from hub import clock
from hub.stores.models import SalesChannel, Store
from inventory.models import BundlePart, Item, StockChange, StockTouch
from inventory.services.availability import Availability, available, available_of

BATCH = 20_000

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('inventory.changes', 0))"

_PLACE = """
WITH touched AS (
    DELETE FROM inventory_stocktouch
    WHERE id IN (SELECT id FROM inventory_stocktouch ORDER BY id LIMIT %(batch)s)
    RETURNING id, store_id, item_id, category, channel_id
), concerned AS (
    SELECT * FROM touched
    UNION ALL
    SELECT touched.id, touched.store_id, part.bundle_id, touched.category, touched.channel_id
    FROM touched JOIN inventory_bundlepart part ON part.part_id = touched.item_id
), change AS (
    SELECT store_id, item_id, category, channel_id, row_number() OVER (ORDER BY min(id)) AS step
    FROM concerned GROUP BY store_id, item_id, category, channel_id
), placed AS (
    INSERT INTO inventory_stockchange
        (store_id, item_id, category, channel_id, position, changed_at)
    SELECT store_id, item_id, category, channel_id,
        (SELECT coalesce(max(position), 0) FROM inventory_stockchange) + step, %(now)s
    FROM change
    ON CONFLICT (store_id, item_id, category, channel_id)
        DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at
)
SELECT count(*) FROM touched
"""

# A feed that falls silent changes what may be sold without anybody writing anything.
_NOTICE_SILENCE = """
UPDATE inventory_storefeed feed SET missed_told = silence.missed
FROM (
    SELECT id, greatest(0, floor(extract(epoch FROM %(now)s - counted_as_of)
        / (expected_minutes * 60.0)))::int AS missed
    FROM inventory_storefeed WHERE expected_minutes > 0
) AS silence
WHERE silence.id = feed.id AND silence.missed <> feed.missed_told
"""


@dataclass(frozen=True)
class Changed:
    """One entry of the feed: an item in a store with its ``availability`` now, or, where that is
    None, a rule: everything of that store, SKU and category is to be read again (empty: all)."""

    store: str
    sku: str
    category: str
    availability: Availability | None


def place_changes() -> int:
    """Give committed touches their place in the feed; return how many, at most a batch."""
    if not StockTouch.objects.exists():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME)
        # in a statement of its own: it has to see what the one before this one placed
        cursor.execute(_PLACE, {"batch": BATCH, "now": clock.now()})
        (touches,) = cursor.fetchone() or (0,)
    return int(touches)


def notice_silence() -> int:
    """Tell sites of stores whose feed has missed another snapshot; return how many stores."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTICE_SILENCE, {"now": clock.now()})
        return int(cursor.rowcount)


def head() -> int:
    """The last place given out, after placing what is committed."""
    while place_changes() == BATCH:
        pass
    return StockChange.objects.aggregate(last=Max("position"))["last"] or 0


def changes_after(
    *,
    channel: SalesChannel,
    position: int,
    limit: int,
    reach: Collection[int] | None = None,
) -> tuple[list[Changed], int]:
    """Up to ``limit`` entries after a place, and the place that this page reaches.

    ``reach`` are the only stores to tell of; None means all. Availability is read after the
    places, so it is never older than the change it is told for.
    """
    place_changes()
    last = StockChange.objects.aggregate(last=Max("position"))["last"] or 0
    rows = StockChange.objects.filter(
        Q(channel_id=None) | Q(channel_id=channel.pk), position__gt=position, position__lte=last
    )
    if reach is not None:
        rows = rows.filter(Q(store_id=None) | Q(store_id__in=reach))
    page = list(rows.order_by("position")[:limit])
    reached = page[-1].position if len(page) == limit else max(last, position)
    return list(_told(channel, page)), reached


def _told(channel: SalesChannel, page: list[StockChange]) -> Iterator[Changed]:
    stores = Store.objects.in_bulk({row.store_id for row in page if row.store_id})
    items = Item.objects.in_bulk({row.item_id for row in page if row.item_id})
    pairs = [(row.store_id, row.item_id) for row in page if row.store_id and row.item_id]
    found = available_of(channel=channel, pairs=pairs) if pairs else {}
    for row in page:
        store, item = stores.get(row.store_id or 0), items.get(row.item_id or 0)
        if store and item and not (store.active and item.active):
            continue  # that it went was told as a scope
        if store and store.is_hidden:
            continue  # the outside knows nothing of it; all of it is told when it goes live
        yield Changed(
            store=store.code if store else "",
            sku=item.sku if item else "",
            category=row.category,
            availability=found.get((row.store_id or 0, row.item_id or 0)),
        )


def export(
    *, channel: SalesChannel, stores: Collection[Store]
) -> Iterator[tuple[str, str, Availability]]:
    """What has a level in these stores, and all bundles: (store code, SKU, availability).

    It comes store by store; memory holds one store at a time.
    """
    for store in stores:
        sold_here = Q(stock__store=store) | Q(pk__in=BundlePart.objects.values("bundle"))
        items = dict(Item.objects.filter(sold_here, active=True).values_list("pk", "sku"))
        found = available(channel=channel, store_ids=[store.pk], item_ids=list(items))
        for (_, item), position in found.items():
            yield store.code, items[item], position
