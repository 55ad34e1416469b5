"""GET /v1/stock/shortfalls: where more is promised than lies on the shelf, and who waits."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import Caller, caller
from hub.api.errors import InvalidCursor
from hub.api.forms import Form, read_query
from hub.api.paging import decode_cursor, encode_cursor
from hub.api.views import HubView
from hub.errors import NotFound
from hub.stores.services import find_stores
from inventory.api.availability import in_reach
from inventory.models import ShortfallCase
from inventory.services.catalog import find_items
from inventory.services.shortfalls import Claim, proposal, with_missing

_LARGEST = 2**63 - 1


class ShortfallsQuery(Form):
    """How much of the list, and from where."""

    store = serializers.CharField(
        required=False, max_length=40, help_text="Id or code; absent: every store in reach."
    )
    cursor = serializers.CharField(required=False, max_length=500)
    limit = serializers.IntegerField(default=50, min_value=1, max_value=200)


class ShortfallQuery(Form):
    """One item in one store."""

    store = serializers.CharField(max_length=40, help_text="Id or code of the store.")
    sku = serializers.CharField(max_length=40)


class ShortfallShape(serializers.Serializer[Any]):
    """More of an item is promised than there is in the store."""

    store = serializers.CharField(help_text="The store's code.")
    sku = serializers.CharField()
    missing = serializers.IntegerField(help_text="Units promised beyond those that are there.")
    opened_at = serializers.DateTimeField()


class ShortfallsShape(serializers.Serializer[Any]):
    """A page of open cases, the oldest first; ``next_cursor`` is null on the last one."""

    shortfalls = ShortfallShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class ClaimShape(serializers.Serializer[Any]):
    """An order or a cart that has units of the item; quantity = served + waiting."""

    kind = serializers.ChoiceField(choices=["order", "hold"])
    id = serializers.CharField(allow_null=True, help_text="ful_… or hld_…; null: another site's.")
    quantity = serializers.IntegerField()
    served = serializers.IntegerField(help_text="Units that there are goods for.")
    waiting = serializers.IntegerField()
    promised_at = serializers.DateTimeField(
        allow_null=True, help_text="When the customer expects them; of a cart: when it lapses."
    )


class ProposalShape(ShortfallShape):
    """The case with the proposal of who waits."""

    proposal = ClaimShape(many=True, help_text="Orders by promised time, then carts; ≤ 1,000.")


class ShortfallsView(HubView):
    """The open cases."""

    scopes: ClassVar = {"GET": "stock:write"}

    @extend_schema(
        operation_id="list_shortfalls",
        parameters=[ShortfallsQuery],
        responses={200: ShortfallsShape},
    )
    def get(self, request: Request) -> Response:
        """Open shortfalls of the stores that the key reaches, the oldest first."""
        wanted = read_query(ShortfallsQuery, request)
        rows = _open_cases(caller(request), wanted.get("store"))
        if "cursor" in wanted:
            rows = rows.filter(pk__gt=_key_of(wanted["cursor"]))
        page = list(rows.order_by("pk")[: wanted["limit"] + 1])
        more, page = len(page) > wanted["limit"], page[: wanted["limit"]]
        cursor = encode_cursor(page[-1].pk) if more else None
        return Response({"shortfalls": [_shape(row) for row in page], "next_cursor": cursor})


class ShortfallView(HubView):
    """One case, and a way out of it."""

    scopes: ClassVar = {"GET": "stock:write"}

    @extend_schema(
        operation_id="propose_who_waits",
        parameters=[ShortfallQuery],
        responses={200: ProposalShape},
    )
    def get(self, request: Request) -> Response:
        """Who gets the goods that are there, by promised time, and who waits."""
        wanted = read_query(ShortfallQuery, request)
        site = caller(request)
        item = find_items([wanted["sku"]])[wanted["sku"]]
        case = _open_cases(site, wanted["store"]).filter(item=item).first()
        if case is None:
            raise NotFound("nothing falls short of it there")
        claims = [_claim(claim, site) for claim in proposal(case)]
        return Response(_shape(case) | {"proposal": claims})


def _open_cases(site: Caller, store: str | None) -> QuerySet[ShortfallCase]:
    cases = ShortfallCase.objects.filter(closed_at__isnull=True)
    rows = with_missing(cases).select_related("store", "item")
    if store is not None:
        return rows.filter(store=in_reach(site, find_stores([store]))[store])
    return rows if site.store_ids is None else rows.filter(store__in=site.store_ids)


def _key_of(cursor: str) -> int:
    key = decode_cursor(cursor)
    if type(key) is not int or not 0 <= key <= _LARGEST:
        raise InvalidCursor
    return key


def _shape(case: ShortfallCase) -> dict[str, Any]:
    return {
        "store": case.store.code,
        "sku": case.item.sku,
        "missing": case.missing,  # type: ignore[attr-defined]  # annotated
        "opened_at": case.opened_at,
    }


def _claim(claim: Claim, site: Caller) -> dict[str, Any]:
    return {
        "kind": claim.kind,
        "id": claim.reference if claim.channel_id == site.channel.pk else None,
        "quantity": claim.wanted,
        "served": claim.served,
        "waiting": claim.waiting,
        "promised_at": claim.promised_at,
    }
