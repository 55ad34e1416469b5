"""What the curb's endpoints accept and answer. Of the customer they tell nothing but his coming."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hub.api.forms import Form
from hub.stores.models import Store
from orders.api.forms import Count, Text
from orders.curbside.api.reading import Seen
from orders.curbside.early import early_ready_at
from orders.curbside.spots import all_spots, place_in_line, suggested_spot
from orders.curbside.vehicles import FIELD_CHARACTERS, Car
from orders.curbside.visits import PLACE_CHARACTERS
from orders.curbside.visits.keeping import SPOT_CHARACTERS
from orders.models import FulfillmentOrder, FulfillmentStatus, Placement, Spot, Visit, VisitStatus

EARLY = [
    FulfillmentStatus.PROPOSED,
    FulfillmentStatus.ACCEPTED,
    FulfillmentStatus.PICKING,
    FulfillmentStatus.PICKED,
]


def _words(most: int, **options: Any) -> Text:
    return Text(max_length=most, required=False, allow_blank=True, **options)


class Degrees(serializers.FloatField):
    """A number of degrees or metres; whether it can be one is for the service to say."""

    def to_internal_value(self, data: Any) -> float:
        """The number; JSON texts and truth values are none."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return float(data)


class CarForm(Form):
    """What the customer comes in."""

    make = _words(FIELD_CHARACTERS["make"], help_text="such as Škoda")
    model = _words(FIELD_CHARACTERS["model"], help_text="such as Octavia")
    colour = _words(FIELD_CHARACTERS["colour"], help_text="in the customer's words")
    plate = _words(FIELD_CHARACTERS["plate"], help_text="the registration plate")


class ArrivalForm(Form):
    """What the customer says on arriving; what is left out stays as it was."""

    spot = _words(SPOT_CHARACTERS, help_text="the label of a spot of the store")
    place = _words(PLACE_CHARACTERS, help_text="where he stands, in his words; instead of a spot")
    vehicle = CarForm(required=False, help_text="the car to look for")
    placement = serializers.ChoiceField(
        choices=Placement.values, required=False, help_text="where the bags shall go"
    )
    accessible = serializers.BooleanField(required=False, help_text="he needs an accessible spot")
    oversize = serializers.BooleanField(required=False, help_text="he needs a long spot")
    remember_vehicle = serializers.BooleanField(
        required=False, help_text="he agreed that the car is kept for his next visit"
    )


class VisitForm(Form):
    """Either ``minutes`` or ``here``."""

    minutes = Count(required=False, help_text="he is on his way and will be there in 1 to 180")
    here = ArrivalForm(required=False, help_text="he is there")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of the two is given."""
        if ("minutes" in attrs) == ("here" in attrs):
            raise serializers.ValidationError("Give either minutes or here.", code="one_of")
        return attrs


class LocationForm(Form):
    """Where the customer is. Only the distance to the store is kept."""

    latitude = Degrees(help_text="degrees, WGS 84")
    longitude = Degrees(help_text="degrees, WGS 84")
    accuracy_metres = Degrees(
        required=False, help_text="the radius the device is sure of, at most 2000"
    )


class EmptyForm(Form):
    """Nothing has to be said."""


class ComesForReply(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="`ful_…`")
    order_id = serializers.CharField(help_text="`ord_…`")
    status = serializers.ChoiceField(choices=FulfillmentStatus.values, help_text="of the goods")
    ready_at = serializers.DateTimeField(
        allow_null=True, help_text="since when it is ready, or when it may be; null: it is over"
    )


class VisitReply(serializers.Serializer[Any]):
    """One trip to one store, for one or more orders of a customer."""

    id = serializers.CharField(help_text="`vis_…`")
    status = serializers.ChoiceField(
        choices=VisitStatus.values, help_text="of the customer; the goods have their own"
    )
    version = serializers.IntegerField(help_text="counts every change")
    store = serializers.CharField(help_text="the store's code")
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=Visit.Source.values, help_text="by what it became known"
    )
    fulfillments = ComesForReply(many=True, help_text="what the visit comes for, of this channel")
    spot = serializers.CharField(allow_null=True, help_text="the label of the spot he stands on")
    place = serializers.CharField(help_text="where, in his words; empty when he said none")
    suggested_spot = serializers.CharField(
        allow_null=True, help_text="a free spot by his needs, while he has none"
    )
    place_in_line = serializers.IntegerField(
        allow_null=True, help_text="1 is next to get a spot; null while one is free or taken"
    )
    placement = serializers.CharField(help_text="where the bags shall go; empty: not said")
    eta = serializers.DateTimeField(allow_null=True, help_text="when he is expected")
    metres = serializers.IntegerField(
        allow_null=True, help_text="how far away he was when he last shared his location"
    )
    arrived_at = serializers.DateTimeField(allow_null=True, help_text="UTC")
    served_at = serializers.DateTimeField(allow_null=True, help_text="when goods were brought out")
    ended_at = serializers.DateTimeField(allow_null=True, help_text="UTC")
    customer_missing = serializers.BooleanField(help_text="staff look for him")
    spot_asked = serializers.BooleanField(help_text="he is asked where he stands")


class WrongStoreReply(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="`str_…`")
    code = serializers.CharField(help_text="the chain's own store number")
    name = serializers.CharField(help_text="what customers call it")


class LocatedReply(serializers.Serializer[Any]):
    """What a location says."""

    metres = serializers.IntegerField(help_text="from his store, as the crow flies")
    near = serializers.BooleanField(help_text="whether that is close")
    wrong_store = WrongStoreReply(
        allow_null=True, help_text="the other store that he stands before"
    )
    visit = VisitReply(help_text="as it is now")


class SpotReply(serializers.Serializer[Any]):
    label = serializers.CharField(  # type: ignore[assignment]
        help_text="as it is painted on the ground"
    )
    zone = serializers.CharField(help_text="a part of the pickup area; empty: there are none")
    accessible = serializers.BooleanField()
    oversize = serializers.BooleanField()
    free = serializers.BooleanField(help_text="whether somebody can come and stand there now")
    out_of_service = serializers.CharField(help_text="why nobody can stand there; empty: one can")


class SpotsReply(serializers.Serializer[Any]):
    store = serializers.CharField(help_text="its id")
    spots = SpotReply(many=True, help_text="in the order people count")
    suggested = serializers.CharField(
        allow_null=True, help_text="the free spot for a customer without special needs"
    )


def car_of(form: dict[str, Any]) -> Car:
    """The car as the form told it."""
    return Car(**form.get("vehicle", {}))


def visit_json(seen: Seen) -> dict[str, Any]:
    """The visit as the caller may see it."""
    visit = seen.visit
    return {
        "id": visit.public_id,
        "status": visit.status,
        "version": visit.version,
        "store": visit.store.code,
        "source": visit.source,
        "fulfillments": [_comes_for(part) for part in seen.parts],
        "spot": visit.spot.label if visit.spot else None,
        "place": visit.place,
        "suggested_spot": _suggestion(visit),
        "place_in_line": place_in_line(visit),
        "placement": visit.placement,
        "eta": visit.eta,
        "metres": visit.metres,
        "arrived_at": visit.arrived_at,
        "served_at": visit.served_at,
        "ended_at": visit.ended_at,
        "customer_missing": visit.missing_at is not None and visit.ended_at is None,
        "spot_asked": visit.spot_asked_at is not None and visit.ended_at is None,
    }


def spots_json(store: Store) -> dict[str, Any]:
    """The store's spots as anybody may see them."""
    suggested = suggested_spot(store)
    return {
        "store": store.public_id,
        "spots": [_spot_json(spot, taken) for spot, taken in all_spots(store)],
        "suggested": suggested.label if suggested else None,
    }


def _spot_json(spot: Spot, taken: bool) -> dict[str, Any]:
    return {
        "label": spot.label,
        "zone": spot.zone,
        "accessible": spot.accessible,
        "oversize": spot.oversize,
        "free": not taken and not spot.closed_for,
        "out_of_service": spot.closed_for,
    }


def _comes_for(part: FulfillmentOrder) -> dict[str, Any]:
    when = early_ready_at(part) if part.status in EARLY else part.ready_at
    return {
        "id": part.public_id,
        "order_id": part.order.public_id,
        "status": part.status,
        "ready_at": when,
    }


def _suggestion(visit: Visit) -> str | None:
    if visit.ended_at or visit.spot_id or visit.place:
        return None
    needs = {"accessible": visit.needs_accessible, "oversize": visit.needs_oversize}
    spot = suggested_spot(visit.store, **needs)
    return spot.label if spot else None
