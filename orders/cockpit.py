"""Each store's POS in the cockpit."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.urls import reverse

from hub.integration.gauges import Connector, standing
from hub.integration.lanes import Seen
from hub.stores.models import PosConnection, Store
from orders.picking.pos.pick_lists import lane_of


def connectors(stores: QuerySet[Store], seen: Seen) -> Iterable[Connector]:
    """The POS of these stores."""
    rows = PosConnection.objects.filter(store__in=stores).select_related("store")
    for row in rows.only("connector", "active", "store__code", "store__name"):
        page = reverse("admin:stores_posconnection_state", args=[row.pk])
        plain = Connector(
            kind="pos",
            name=str(row.store),
            lane=lane_of(row.store_id),
            detail=row.connector,
            page=page,
            active=row.active,
        )
        yield standing(plain, seen)
