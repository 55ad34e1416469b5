"""GET /v1/stores: where goods can wait for their buyers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub import clock
from hub.api.auth import caller
from hub.api.errors import InvalidCursor
from hub.api.forms import Form, read_query
from hub.api.paging import decode_cursor, encode_cursor
from hub.api.views import HubView
from hub.errors import NotFound
from hub.stores.models import (
    HIDDEN_STAGES,
    HoursException,
    OpeningHours,
    Stage,
    Store,
    StoreSwitch,
)
from hub.stores.switches import switched_on

FIELDS = (
    "public_id",
    "code",
    "name",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "latitude",
    "longitude",
    "timezone",
    "phone",
    "pickup_enabled",
)


class HoursShape(serializers.Serializer[Any]):
    """One opening span, in the store's own time."""

    weekday = serializers.IntegerField(help_text="0 is Monday")
    opens = serializers.CharField(help_text="HH:MM:SS")
    closes = serializers.CharField(help_text="HH:MM:SS")


class ExceptionShape(serializers.Serializer[Any]):
    """A day on which other hours hold; without times the store is closed."""

    date = serializers.DateField()
    opens = serializers.CharField(allow_null=True, help_text="HH:MM:SS")
    closes = serializers.CharField(allow_null=True, help_text="HH:MM:SS")


class StoreShape(serializers.Serializer[Any]):
    """A store as sites see it."""

    id = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()
    street = serializers.CharField()
    city = serializers.CharField()
    region = serializers.CharField()
    postal_code = serializers.CharField()
    country = serializers.CharField(help_text="ISO 3166-1 alpha-2")
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    timezone = serializers.CharField(help_text="IANA name")
    phone = serializers.CharField(help_text="E.164, or empty")
    pickup_enabled = serializers.BooleanField()
    paused = serializers.BooleanField(help_text="no new orders for the time being")
    hours = HoursShape(many=True)
    exceptions = ExceptionShape(many=True, help_text="today and the days to come")


class StoresShape(serializers.Serializer[Any]):
    """A page of stores; ``next_cursor`` is null on the last one."""

    stores = StoreShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class StoresQuery(Form):
    """How much of the list, and from where."""

    cursor = serializers.CharField(required=False, max_length=500)
    limit = serializers.IntegerField(default=50, min_value=1, max_value=200)


def described(rows: QuerySet[Store]) -> QuerySet[Store, dict[str, Any]]:
    """Active stores as plain values with their week and exceptional days, in one query."""
    week = (
        OpeningHours.objects.filter(store=OuterRef("pk"))
        .order_by("weekday", "opens")
        .values(span=JSONObject(weekday="weekday", opens="opens", closes="closes"))
    )
    # a day is over everywhere when it is over in the last zone
    since = clock.now().date() - timedelta(days=1)
    days = (
        HoursException.objects.filter(store=OuterRef("pk"), date__gte=since)
        .order_by("date")
        .values(day=JSONObject(date="date", opens="opens", closes="closes"))
    )
    switched = Exists(switched_on(StoreSwitch.Kind.PAUSED).filter(store=OuterRef("pk")))
    paused = ExpressionWrapper(switched | Q(stage=Stage.PAUSED), output_field=BooleanField())
    found: QuerySet[Store, dict[str, Any]] = rows.filter(active=True).values(
        *FIELDS, week=ArraySubquery(week), days=ArraySubquery(days), paused=paused
    )
    return found


class StoreView(HubView):
    """One store."""

    scopes: ClassVar = {"GET": "availability:read"}

    @extend_schema(operation_id="read_store", responses={200: StoreShape})
    def get(self, request: Request, reference: str) -> Response:
        """A store by its id or code, if the key reaches it."""
        name = "public_id" if reference.startswith("str_") else "code"
        found = described(_in_reach(request).filter(**{name: reference})).first()
        if found is None:
            raise NotFound("no such store")
        return Response(_shape(found))


class StoresView(HubView):
    """The stores that the key reaches."""

    scopes: ClassVar = {"GET": "availability:read"}

    @extend_schema(
        operation_id="list_stores", parameters=[StoresQuery], responses={200: StoresShape}
    )
    def get(self, request: Request) -> Response:
        """Active stores by code, a page at a time."""
        wanted = read_query(StoresQuery, request)
        rows = _in_reach(request).order_by("code")
        if "cursor" in wanted:
            rows = rows.filter(code__gt=_code_of(wanted["cursor"]))
        page = list(described(rows)[: wanted["limit"] + 1])
        more = len(page) > wanted["limit"]
        page = page[: wanted["limit"]]
        cursor = encode_cursor(page[-1]["code"]) if more else None
        return Response({"stores": [_shape(row) for row in page], "next_cursor": cursor})


def _in_reach(request: Request) -> QuerySet[Store]:
    """The key's stores; those in shadow for test keys only, those being set up for nobody."""
    who = caller(request)
    unseen = [Stage.SETUP] if who.is_test else HIDDEN_STAGES
    rows = Store.objects.exclude(stage__in=unseen)
    return rows if who.store_ids is None else rows.filter(pk__in=who.store_ids)


def _code_of(cursor: str) -> str:
    code = decode_cursor(cursor)
    if not isinstance(code, str):
        raise InvalidCursor
    return code


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    own = {name: row[name] for name in FIELDS[1:]}
    now = {"paused": row["paused"], "hours": row["week"], "exceptions": row["days"]}
    return {"id": row["public_id"]} | own | now
