"""Stops that the hub itself puts on an item: after a short pick, and while it is called back.

Whoever stops or lifts takes the stops' own lock before any stock level's, by trigger: so this
comes first in a transaction that also moves units.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from hub import clock
from inventory.models import SalesStop


@transaction.atomic
def stop_after_short_pick(*, store_id: int, item_ids: Collection[int]) -> None:
    """Sell none of these items from the store: fewer were found than the books say.

    A count of a later moment lifts the stop, so a second short pick makes it younger.
    """
    now = clock.now()
    SalesStop.objects.bulk_create(
        [
            SalesStop(
                item_id=item_id,
                store_id=store_id,
                reason=SalesStop.Reason.SHORT_PICK,
                created_at=now,
            )
            for item_id in sorted(item_ids)
        ],
        update_conflicts=True,
        unique_fields=["item", "store", "channel", "reason"],
        update_fields=["created_at"],
    )
