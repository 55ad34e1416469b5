"""Stops that the hub itself puts on an item: after a short pick, and while it is called back.

A stop's row comes first, then the stops' own lock, then the stock levels (both by trigger). So
whoever stops or lifts does it before anything that locks levels.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from hub import clock
from inventory.models import SalesStop
from inventory.services.bundles import unpacked


@transaction.atomic
def stop_after_short_pick(*, store_id: int, item_ids: Collection[int]) -> None:
    """Sell none of these items from the store: fewer were found than the books say.

    Of a bundle, which nobody can count, its parts are meant. A count of a later moment lifts the
    stop, so a second short pick makes it younger.
    """
    counted = sorted(unpacked(dict.fromkeys(item_ids, 1)))
    now, reason = clock.now(), SalesStop.Reason.SHORT_PICK
    known = SalesStop.objects.filter(store=store_id, item__in=counted, reason=reason)
    list(known.select_for_update().order_by("pk"))  # as those lock them that lift
    SalesStop.objects.bulk_create(
        [
            SalesStop(item_id=item_id, store_id=store_id, reason=reason, created_at=now)
            for item_id in counted
        ],
        update_conflicts=True,
        unique_fields=["item", "store", "channel", "reason"],
        update_fields=["created_at"],
    )


def lift_short_pick(*, store_id: int, item_ids: Collection[int]) -> None:
    """Sell these items from the store again: what was short turned out not to be so."""
    SalesStop.objects.filter(
        store=store_id, item__in=item_ids, reason=SalesStop.Reason.SHORT_PICK
    ).delete()


def stop_recalled(*, item_id: int, store_ids: Collection[int] | None, by: str) -> None:
    """Sell none of the item: in these stores, or anywhere when None. Part of a transaction.

    From its commit on nothing more is promised; who was promised some before is seen by whoever
    looks afterwards.
    """
    places: list[int | None] = [None] if store_ids is None else [*sorted(store_ids)]
    SalesStop.objects.bulk_create(
        [
            SalesStop(
                item_id=item_id,
                store_id=place,
                reason=SalesStop.Reason.RECALLED,
                created_at=clock.now(),
                created_by=by,
            )
            for place in places
        ],
        ignore_conflicts=True,
    )


def lift_recalled(*, item_id: int, store_ids: Collection[int] | None) -> None:
    """Let the item be sold again: in these stores, or where the stop for everywhere held it."""
    stops = SalesStop.objects.filter(
        item=item_id, channel__isnull=True, reason=SalesStop.Reason.RECALLED
    )
    if store_ids is None:
        stops.filter(store__isnull=True).delete()
    else:
        stops.filter(store__in=store_ids).delete()
