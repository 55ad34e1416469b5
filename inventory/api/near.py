"""GET /v1/availability/near and /network: where a basket is, and how much there is in all."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from hub import clock
from hub.api.auth import Caller, caller
from hub.api.forms import Form
from hub.api.views import HubView
from hub.errors import Invalid
from hub.stores.calendar import is_open, next_closing, next_opening
from hub.stores.models import Store
from hub.stores.services import calendar_of
from inventory.api.availability import database, read_listed
from inventory.api.conditional import IF_NONE_MATCH, NOT_MODIFIED, conditional
from inventory.lines import MOST_UNITS
from inventory.services.availability import network_totals
from inventory.services.catalog import find_items
from inventory.services.near import FURTHEST_METRES, NearStore, stores_near

MOST_LINES = 50
MOST_STORES = 50
RADIUS_METRES = 50_000


class QuantityPerSku(Invalid):
    code = "quantity_per_sku"
    title = "Send one quantity for each sku, or none at all"


class DegreesField(serializers.FloatField):
    """A finite number of degrees."""

    def to_internal_value(self, data: Any) -> float:
        """The number; NaN and infinity are refused."""
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return float(value)


def _skus(most: int) -> serializers.ListField:
    child = serializers.CharField(max_length=40)
    return serializers.ListField(
        child=child, min_length=1, max_length=most, help_text="Repeat it for several."
    )


class NearQuery(Form):
    """A point and a basket: the first ``quantity`` belongs to the first ``sku``, and so on."""

    latitude = DegreesField(min_value=-90, max_value=90, help_text="Degrees, WGS 84.")
    longitude = DegreesField(min_value=-180, max_value=180, help_text="Degrees, WGS 84.")
    radius_metres = serializers.IntegerField(
        default=RADIUS_METRES, min_value=1, max_value=FURTHEST_METRES
    )
    sku = _skus(MOST_LINES)
    quantity = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MOST_UNITS),
        required=False,
        max_length=MOST_LINES,
        help_text="Units of each sku, in their order; absent: one of each.",
    )
    basket = serializers.ChoiceField(
        choices=["none", "part", "whole"],
        default="none",
        help_text="How much of the basket a store must have to be told.",
    )
    limit = serializers.IntegerField(default=20, min_value=1, max_value=MOST_STORES)


class NearLineShape(serializers.Serializer[Any]):
    """A line of the basket in one store."""

    sku = serializers.CharField()
    quantity = serializers.IntegerField(help_text="Asked for.")
    available = serializers.IntegerField(help_text="Units that can be promised now.")


class PlaceShape(serializers.Serializer[Any]):
    """A store, as far as a shopper chooses by it."""

    id = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()
    street = serializers.CharField()
    city = serializers.CharField()
    postal_code = serializers.CharField()
    country = serializers.CharField()
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    timezone = serializers.CharField()


class NearStoreShape(serializers.Serializer[Any]):
    """A store, how far it is and what of the basket it has."""

    store = PlaceShape()
    metres = serializers.IntegerField(help_text="As the crow flies.")
    open_now = serializers.BooleanField()
    opens_at = serializers.DateTimeField(
        allow_null=True, help_text="Next; null while it is open, or when it never opens."
    )
    closes_at = serializers.DateTimeField(allow_null=True, help_text="The end of that opening.")
    basket = serializers.ChoiceField(choices=["whole", "part", "none"])
    lines = NearLineShape(many=True)


class NearShape(serializers.Serializer[Any]):
    """Stores with pickup, the nearest first."""

    stores = NearStoreShape(many=True)


class NearView(HubView):
    """Stores around a point."""

    scopes: ClassVar = {"GET": "availability:read"}

    @extend_schema(
        operation_id="read_availability_near",
        parameters=[NearQuery, IF_NONE_MATCH],
        responses={200: NearShape, 304: NOT_MODIFIED},
    )
    def get(self, request: Request) -> HttpResponse:
        """The stores around a point that have the basket, with distance and opening times."""
        wanted = read_listed(NearQuery, request)
        site = caller(request)
        units = _units(wanted["sku"], wanted.get("quantity"))
        items = find_items(units)
        near = stores_near(
            channel=site.channel,
            latitude=wanted["latitude"],
            longitude=wanted["longitude"],
            radius_metres=wanted["radius_metres"],
            lines={items[sku].pk: quantity for sku, quantity in units.items()},
            at_least=wanted["basket"],
            limit=wanted["limit"],
            reach=site.store_ids,
            using=database(),
        )
        rows = Store.objects.using(database()).prefetch_related("hours", "exceptions")
        stores = rows.in_bulk([place.store_id for place in near])
        asked = {items[sku].pk: (sku, quantity) for sku, quantity in units.items()}
        return conditional(
            request,
            {"stores": [_near_shape(stores[place.store_id], place, asked) for place in near]},
        )


class NetworkQuery(Form):
    """Which items."""

    sku = _skus(20)


class TotalShape(serializers.Serializer[Any]):
    """An item over all stores with pickup that the key reaches."""

    sku = serializers.CharField()
    available = serializers.IntegerField(help_text="Units that can be promised, in all.")
    stores = serializers.IntegerField(help_text="Stores that have some.")


class NetworkShape(serializers.Serializer[Any]):
    """Every item asked for, in the order of the question."""

    items = TotalShape(many=True)


class NetworkView(HubView):
    """Sums over the stores."""

    scopes: ClassVar = {"GET": "availability:read"}

    @extend_schema(
        operation_id="read_availability_network",
        parameters=[NetworkQuery, IF_NONE_MATCH],
        responses={200: NetworkShape, 304: NOT_MODIFIED},
    )
    def get(self, request: Request) -> HttpResponse:
        """How much of each item can be promised over all stores."""
        skus = list(dict.fromkeys(read_listed(NetworkQuery, request)["sku"]))
        site = caller(request)
        items = find_items(skus)
        totals = network_totals(
            channel=site.channel,
            store_ids=_reached(site),
            item_ids=[item.pk for item in items.values()],
            using=database(),
        )
        rows = [(sku, totals.get(items[sku].pk)) for sku in skus]
        return conditional(
            request,
            {
                "items": [
                    {
                        "sku": sku,
                        "available": total.available if total else 0,
                        "stores": total.stores if total else 0,
                    }
                    for sku, total in rows
                ]
            },
        )


def _units(skus: list[str], quantities: list[int] | None) -> Counter[str]:
    """Units by SKU, in the order asked; those of the same SKU are summed."""
    if quantities is not None and len(quantities) != len(skus):
        raise QuantityPerSku
    units: Counter[str] = Counter()
    for sku, quantity in zip(skus, quantities or [1] * len(skus), strict=True):
        units[sku] += quantity
    return units


def _reached(site: Caller) -> list[int]:
    rows = Store.objects.using(database()).filter(active=True, pickup_enabled=True)
    if site.store_ids is not None:
        rows = rows.filter(pk__in=site.store_ids)
    return list(rows.order_by().values_list("pk", flat=True))


def _near_shape(
    store: Store, place: NearStore, asked: Mapping[int, tuple[str, int]]
) -> dict[str, Any]:
    now, calendar = clock.now(), calendar_of(store)
    is_open_now = is_open(*calendar, now)
    return {
        "store": {"id": store.public_id}
        | {name: getattr(store, name) for name in list(PlaceShape().fields)[1:]},
        "metres": round(place.metres),
        "open_now": is_open_now,
        "opens_at": None if is_open_now else next_opening(*calendar, now),
        "closes_at": next_closing(*calendar, now),
        "basket": place.basket,
        "lines": [
            {"sku": sku, "quantity": quantity, "available": place.found[item].atp}
            for item, (sku, quantity) in asked.items()
        ],
    }
