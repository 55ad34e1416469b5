"""Visits over HTTP, for sites whose own app speaks with the customer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import caller
from hub.api.etag import etag_of
from hub.api.forms import read_body
from hub.api.idempotency import idempotent
from hub.api.views import HubView
from hub.errors import NotFound
from hub.stores.services import find_stores
from orders.curbside.api.reading import Seen, find_part, find_visit, seen_by
from orders.curbside.api.shapes import (
    ArrivalForm,
    EmptyForm,
    LocatedReply,
    LocationForm,
    SpotsReply,
    VisitForm,
    VisitReply,
    car_of,
    spots_json,
    visit_json,
)
from orders.curbside.locating import locate
from orders.curbside.visits import active_visit, arrive, leave, say_on_my_way
from orders.models import FulfillmentOrder, Visit, VisitStatus

_TAGS = ["visits"]


class PickupVisitView(HubView):
    """The visit for one part of an order."""

    scopes = {"POST": "visits:write"}

    @extend_schema(
        operation_id="open_visit",
        request=VisitForm,
        responses={200: VisitReply, 201: VisitReply},
        tags=_TAGS,
    )
    @idempotent
    def post(self, request: Request, fulfillment_id: str) -> Response:
        """Say that the customer is on the way, or is there; before the goods are ready, too.

        201 when a visit began by that, 200 when one was known. What is ready at the store for the
        same account, or the same name and phone, is collected on the same visit.
        """
        form = read_body(VisitForm, request)
        site = caller(request)
        part = find_part(site, fulfillment_id)
        known = active_visit(part)
        if "minutes" in form:
            visit = say_on_my_way(
                fulfillment=part, minutes=form["minutes"], source=Visit.Source.API
            )
        else:
            visit = _arrived(part, form["here"])
        began = known is None
        reply = _shown(seen_by(site, visit), status=201 if began else 200)
        reply["Location"] = f"/v1/visits/{visit.public_id}"
        return reply


class VisitView(HubView):
    """One visit."""

    scopes = {"GET": "orders:read"}

    @extend_schema(operation_id="get_visit", responses=VisitReply, tags=_TAGS)
    def get(self, request: Request, visit_id: str) -> Response:
        """Read a visit."""
        return _shown(find_visit(caller(request), visit_id))


class LocationView(HubView):
    """Where the customer is."""

    scopes = {"POST": "visits:write"}

    @extend_schema(
        operation_id="locate_visit", request=LocationForm, responses=LocatedReply, tags=_TAGS
    )
    @idempotent
    def post(self, request: Request, visit_id: str) -> Response:
        """Take over where the customer is: his distance, and from it when he may be there.

        Close to the store the visit is `nearby`. Before another store of the chain it ends as
        `wrong_store`; the goods wait long enough for the drive, and another visit may follow.
        """
        form = read_body(LocationForm, request)
        site = caller(request)
        seen = find_visit(site, visit_id)
        found = locate(fulfillment=seen.part, **form)
        store = found.wrong_store
        told: dict[str, Any] = {
            "metres": found.metres,
            "near": found.near,
            "wrong_store": None,
            "visit": visit_json(seen_by(site, seen.visit)),
        }
        if store is not None:
            told["wrong_store"] = {"id": store.public_id, "code": store.code, "name": store.name}
        return Response(told)


class ArrivalView(HubView):
    """The customer is there."""

    scopes = {"POST": "visits:write"}

    @extend_schema(
        operation_id="arrive_on_visit", request=ArrivalForm, responses=VisitReply, tags=_TAGS
    )
    @idempotent
    def post(self, request: Request, visit_id: str) -> Response:
        """Say that the customer is there, and where; said again, what is new is taken over."""
        form = read_body(ArrivalForm, request)
        site = caller(request)
        seen = find_visit(site, visit_id)
        return _shown(seen_by(site, _arrived(seen.part, form)))


class LeaveView(HubView):
    """The customer goes away without the goods."""

    scopes = {"POST": "visits:write"}

    @extend_schema(operation_id="leave_visit", request=EmptyForm, responses=VisitReply, tags=_TAGS)
    @idempotent
    def post(self, request: Request, visit_id: str) -> Response:
        """End the visit without the goods; they wait as before. Who has left already, has left."""
        read_body(EmptyForm, request)
        site = caller(request)
        seen = find_visit(site, visit_id)
        if seen.visit.status == VisitStatus.LEFT:
            return _shown(seen)
        return _shown(seen_by(site, leave(fulfillment=seen.part)))


class SpotsView(HubView):
    """Where cars can stand."""

    scopes = {"GET": "orders:read"}

    @extend_schema(operation_id="list_spots", responses=SpotsReply, tags=_TAGS)
    def get(self, request: Request, reference: str) -> Response:
        """List the spots of a store's pickup area, and which of them are free."""
        store = find_stores([reference])[reference]
        if not caller(request).may_use(store.pk):
            raise NotFound(f"no such store: {reference}")
        return Response(spots_json(store))


def _arrived(part: FulfillmentOrder, form: dict[str, Any]) -> Visit:
    return arrive(
        fulfillment=part,
        spot=form.get("spot", ""),
        place=form.get("place", ""),
        vehicle=car_of(form),
        placement=form.get("placement", ""),
        accessible=form.get("accessible", False),
        oversize=form.get("oversize", False),
        remember=form.get("remember_vehicle", False),
        source=Visit.Source.API,
    )


def _shown(seen: Seen, *, status: int = 200) -> Response:
    headers = {"ETag": etag_of(seen.visit.version)}
    return Response(visit_json(seen), status=status, headers=headers)
