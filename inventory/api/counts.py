"""POST /v1/stock/counts: what somebody counted in a store."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import caller
from hub.api.forms import Form, read_body
from hub.api.idempotency import idempotent
from hub.errors import Forbidden, Invalid
from hub.stores.services import find_stores
from inventory.api.availability import in_reach
from inventory.api.sending import SentView, sent_at_field, takes_sent_at
from inventory.lines import MOST_UNITS
from inventory.services.clocks import true_moment
from inventory.services.counts import record_counts

MOST_LINES = 10_000


class TestKeyRefused(Forbidden):
    """What a test key says is not about real shelves."""

    code = "test_key"
    title = "A test key cannot change real stock"


class CountedTwice(Invalid):
    code = "counted_twice"
    title = "A SKU is counted twice"


class CountLineForm(Form):
    """One item's count."""

    sku = serializers.CharField(max_length=40)
    on_hand = serializers.IntegerField(
        min_value=0, max_value=MOST_UNITS, help_text="Units physically in the store."
    )


class CountsForm(Form):
    """Counts of one store that were true at one moment."""

    store = serializers.CharField(max_length=40, help_text="Id or code of the store.")
    as_of = serializers.DateTimeField(help_text="When they were true; not in the future.")
    sent_at = sent_at_field()
    complete = serializers.BooleanField(
        default=False, help_text="Every item that is not named has none left."
    )
    counts = serializers.ListField(child=CountLineForm(), allow_empty=False, max_length=MOST_LINES)


class CountsShape(serializers.Serializer[Any]):
    """What became of the counts, in SKUs."""

    applied = serializers.IntegerField(help_text="They are in force now.")
    unchanged = serializers.IntegerField(help_text="Complete counts: the hub knew this already.")
    superseded = serializers.IntegerField(help_text="A newer count was there; kept on record.")
    duplicates = serializers.IntegerField(help_text="Recorded before.")
    zeroed = serializers.IntegerField(help_text="Missing from a complete count.")
    shortfalls = serializers.IntegerField(help_text="Fewer than are promised: cases opened.")


class CountsView(SentView):
    """Counted stock."""

    scopes: ClassVar = {"POST": "stock:write"}

    @extend_schema(operation_id="record_counts", request=CountsForm, responses={200: CountsShape})
    @takes_sent_at
    @idempotent
    def post(self, request: Request) -> Response:
        """Take the counts over: all of them, or none when one is refused."""
        site = caller(request)
        if site.is_test:
            raise TestKeyRefused
        wanted = read_body(CountsForm, request)
        counts = {line["sku"]: line["on_hand"] for line in wanted["counts"]}
        if len(counts) < len(wanted["counts"]):
            raise CountedTwice
        store = in_reach(site, find_stores([wanted["store"]]))[wanted["store"]]
        source = f"api:{site.channel.code}"
        result = record_counts(
            store=store,
            source=source,
            as_of=true_moment(
                source=source, store_id=store.pk, moment=wanted["as_of"], sent_at=self.sent_at
            ),
            counts=counts,
            event_prefix=_event_prefix(request),
            complete=wanted["complete"],
        )
        return Response(vars(result))


def _event_prefix(request: Request) -> str:
    """The same for repeats, also after the stored reply is long gone."""
    return hashlib.sha256(request.headers["Idempotency-Key"].encode()).hexdigest()[:32]
