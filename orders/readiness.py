"""What orders check before customers come to a store: its POS, its places, an order driven
through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hub import clock
from hub.events.models import Breaker
from hub.integration.checking import SHOULD, Check, Found
from hub.integration.models import Ping
from hub.stores.models import PosConnection, Store
from inventory.models import StockLevel
from orders.models import (
    FulfillmentOrder,
    FulfillmentStatus,
    PosCheck,
    PosDrift,
    Sign,
    Spot,
    StagingLocation,
)
from orders.picking.pos.pick_lists import lane_of

COMPARED_WITHIN = timedelta(hours=36)  # every night, and half a day to look
PINGED_WITHIN = timedelta(days=7)
MOST_DRIFT = 0.01


def _pos(stores: Sequence[Store]) -> Mapping[int, Found]:
    known = {
        row.store_id: row for row in PosConnection.objects.filter(store__in=stores, active=True)
    }
    lanes = [lane_of(store) for store in known]
    away = set(
        Breaker.objects.filter(key__in=lanes)
        .exclude(state=Breaker.State.CLOSED)
        .values_list("key", flat=True)
    )
    pings = {one.key: one for one in Ping.objects.filter(key__in=lanes)}
    return {
        store.pk: _reached(
            known.get(store.pk), lane_of(store.pk) in away, pings.get(lane_of(store.pk))
        )
        for store in stores
    }


def _reached(connection: PosConnection | None, is_away: bool, last: Ping | None) -> Found:
    if connection is None:
        link = reverse("admin:stores_posconnection_add")
        return Found(False, _("no POS is connected"), link)
    link = reverse("admin:stores_posconnection_state", args=[connection.pk])
    if is_away:
        return Found(False, _("it is out of reach"), link)
    if last is None or last.at < clock.now() - PINGED_WITHIN:
        return Found(False, _("nobody has pinged it in the last seven days"), link)
    if not last.answered:
        return Found(
            False, _("the last ping was not answered: %(why)s") % {"why": last.problem}, link
        )
    said = _("%(connector)s, answered in %(took)d ms")
    return Found(
        True, said % {"connector": connection.connector, "took": last.milliseconds or 0}, link
    )


def _drift(stores: Sequence[Store]) -> Mapping[int, Found]:
    connections = {
        row.store_id: row for row in PosConnection.objects.filter(store__in=stores, active=True)
    }
    keys = [row.pk for row in connections.values()]
    compared = dict(
        PosCheck.objects.filter(connection__in=keys, phase=PosCheck.Phase.DONE)
        .values_list("connection")
        .annotate(Max("finished_at"))
    )
    drifts = dict(
        PosDrift.objects.filter(
            connection__in=keys, kind=PosDrift.Kind.STOCK, settled_at__isnull=True
        )
        .values_list("connection")
        .annotate(Count("pk"))
    )
    items = dict(
        StockLevel.objects.filter(store__in=stores).values_list("store").annotate(Count("pk"))
    )
    return {
        store.pk: _drifted(row, compared.get(row.pk), drifts.get(row.pk, 0), items.get(store.pk, 0))
        if (row := connections.get(store.pk))
        else Found(False, _("no POS is connected"), reverse("admin:stores_posconnection_add"))
        for store in stores
    }


def _drifted(row: PosConnection, at: datetime | None, drifts: int, items: int) -> Found:
    link = reverse("admin:stores_posconnection_state", args=[row.pk])
    if at is None:
        return Found(False, _("its stock has never been compared with the POS"), link)
    if at < clock.now() - COMPARED_WITHIN:
        return Found(False, _("its stock was last compared more than 36 hours ago"), link)
    share = drifts / items if items else 1.0
    said = _("%(share).1f %% of %(items)d SKUs differ") % {"share": 100 * share, "items": items}
    return Found(share <= MOST_DRIFT, said, link)


def _spots(stores: Sequence[Store]) -> Mapping[int, Found]:
    usable = Spot.objects.filter(store__in=stores, active=True)
    spots = dict(usable.values_list("store").annotate(Count("pk")))
    signed = Sign.objects.filter(store__in=stores, active=True)
    signs = dict(signed.values_list("store").annotate(Count("pk")))
    return {store.pk: _marked(spots.get(store.pk, 0), signs.get(store.pk, 0)) for store in stores}


def _marked(spots: int, signs: int) -> Found:
    if not spots:
        link = reverse("admin:orders_spot_changelist")
        return Found(True, _("none: customers come in, or say where they stand"), link)
    link = reverse("admin:orders_sign_board")
    if not signs:
        return Found(False, _("there are spots, but no sign has been printed for them"), link)
    return Found(
        True, _("spots: %(spots)d, signs: %(signs)d") % {"spots": spots, "signs": signs}, link
    )


def _staging(stores: Sequence[Store]) -> Mapping[int, Found]:
    rows = StagingLocation.objects.filter(store__in=stores, active=True)
    counts = dict(rows.values_list("store").annotate(Count("pk")))
    link = reverse("admin:orders_staginglocation_changelist")
    found = {}
    for store in stores:
        count = counts.get(store.pk, 0)
        said = ngettext("%(count)d place", "%(count)d places", count) % {"count": count}
        none = _("there is no shelf or cooler for orders that wait")
        found[store.pk] = Found(count > 0, said if count else none, link)
    return found


def _driven(stores: Sequence[Store]) -> Mapping[int, Found]:
    rows = FulfillmentOrder.objects.filter(store__in=stores, order__is_test=True)
    counts: dict[int, Any] = {
        row["store"]: row
        for row in rows.values("store").annotate(
            placed=Count("pk"), driven=Count("pk", filter=Q(status=FulfillmentStatus.COMPLETED))
        )
    }
    link = reverse("admin:orders_sandboxrun_changelist")
    found = {}
    for store in stores:
        counted = counts.get(store.pk, {"placed": 0, "driven": 0})
        if counted["driven"]:
            said = _("test orders handed over: %(count)d") % {"count": counted["driven"]}
        elif counted["placed"]:
            said = _("a test order was placed, but none has been handed over")
        else:
            said = _("no test order has been driven through the store")
        found[store.pk] = Found(counted["driven"] > 0, said, link)
    return found


CHECKS = [
    Check("pos", gettext_lazy("POS answers"), _pos, place=20),
    Check("drift", gettext_lazy("Stock agrees with the POS"), _drift, place=31, compares=True),
    Check("staging", gettext_lazy("Places for ready orders"), _staging, place=40),
    Check("spots", gettext_lazy("Spots and signs"), _spots, SHOULD, 41),
    Check("test_order", gettext_lazy("A test order to the end"), _driven, place=60),
]
