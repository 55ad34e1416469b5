"""/v1/stock/files: stock files of any size, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import Caller, caller
from hub.api.errors import InvalidCursor, UnsupportedMediaType
from hub.api.forms import Form, read_query
from hub.api.paging import decode_cursor, encode_cursor
from hub.api.rendering import JsonOnly, JsonRenderer
from hub.api.views import HubView
from hub.errors import Invalid, NotFound
from hub.stores.models import Store
from hub.stores.services import find_store
from inventory.api.availability import in_reach
from inventory.api.counts import TestKeyRefused
from inventory.api.uploading import (
    blocks_of,
    disk_trouble_told,
    length_of,
    one_of_few,
    without_length,
)
from inventory.models import FeedLayout, StockFile
from inventory.services.files import queue_file, receive_file, refused_csv

MEDIA_TYPES = {
    "text/csv": "stock.csv",
    "application/x-ndjson": "stock.ndjson",
    "application/gzip": "stock.gz",
}
ENCODINGS = ("identity", "gzip")


class EmptyFile(Invalid):
    code = "empty_file"
    title = "The file is empty"


class UnknownLayout(Invalid):
    code = "unknown_layout"
    title = "There is no such layout"


class FileQuery(Form):
    """How the body is to be read. What is left out is as the layout says."""

    as_of = serializers.DateTimeField(
        help_text="When it was true; of changes: when it was written. The same on repeats."
    )
    layout = serializers.CharField(required=False, max_length=40, help_text="Code of a layout.")
    store = serializers.CharField(
        required=False, max_length=40, help_text="Id or code; of files without a column store."
    )
    mode = serializers.ChoiceField(
        choices=["snapshot", "delta"], required=False, help_text="Counts, or what happened."
    )
    complete = serializers.BooleanField(
        required=False, help_text="Of a snapshot: what a store's lines do not name is zero."
    )
    policy = serializers.ChoiceField(
        choices=["reject_rows", "reject_file"],
        required=False,
        help_text="Leave bad rows out, or take all rows or none.",
    )
    name = serializers.CharField(required=False, max_length=200, help_text="For people.")


class FilesQuery(Form):
    """How much of the list, and from where."""

    cursor = serializers.CharField(required=False, max_length=500)
    limit = serializers.IntegerField(default=50, min_value=1, max_value=200)


class FileProblemShape(serializers.Serializer[Any]):
    """Why a file was refused or waits for a person."""

    code = serializers.CharField()
    detail = serializers.CharField()


class StockFileShape(serializers.Serializer[Any]):
    """A stock file and how far the hub is with it."""

    id = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(
        choices=StockFile.Status.choices,
        help_text="parked: it would cut much, a person decides; done and refused are final.",
    )
    layout = serializers.CharField(allow_null=True)
    store = serializers.CharField(
        allow_null=True, help_text="Code; null: as the lines or the layout say."
    )
    mode = serializers.ChoiceField(choices=["snapshot", "delta"])
    complete = serializers.BooleanField()
    policy = serializers.ChoiceField(choices=["reject_rows", "reject_file"])
    as_of = serializers.DateTimeField()
    size = serializers.IntegerField(help_text="Bytes as they came.")
    lines = serializers.IntegerField(allow_null=True, help_text="Null until it was read through.")
    lines_done = serializers.IntegerField()
    lines_refused = serializers.IntegerField()
    problem = FileProblemShape(allow_null=True)
    result = serializers.DictField(
        child=serializers.JSONField(), help_text="What became of the lines so far, by outcome."
    )
    received_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class StockFilesShape(serializers.Serializer[Any]):
    """A page of files; ``next_cursor`` is null on the last one."""

    files = StockFileShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class StockFilesView(HubView):
    """Stock files that this sales channel sent."""

    scopes: ClassVar = {"GET": "stock:write", "POST": "stock:write"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """As everywhere, except that a file, which is never held in memory, may be larger."""
        self.length = length_of(request.META)
        with without_length(request.META):
            super().initial(request, *args, **kwargs)

    @extend_schema(
        operation_id="send_stock_file",
        parameters=[FileQuery],
        request=dict.fromkeys(MEDIA_TYPES, OpenApiTypes.BINARY),
        responses={
            200: StockFileShape,
            202: StockFileShape,
            408: OpenApiResponse(description="Refused; codes: too_slow"),
        },
    )
    def post(self, request: Request) -> Response:
        """Send a stock file of up to 2 GiB: CSV or NDJSON, plain or gzip. It is read afterwards.

        202 says that it was kept: follow it at its Location. The same content for the same
        moment and store is taken once; sent again, it is answered 200 with the file as it
        stands, so that no Idempotency-Key is needed. A key that reaches some stores only may
        name no other: their lines are refused as of unknown stores. Few files are received at
        once: 503 says to come again.
        """
        site = caller(request)
        if site.is_test:
            raise TestKeyRefused
        name = _name_of_kind(request.META)
        wanted = {"name": name} | read_query(FileQuery, request)
        if not self.length:
            raise EmptyFile
        content = blocks_of(request._request, self.length)
        meaning = _meaning(site, wanted)
        with one_of_few(), disk_trouble_told():
            file, is_new = receive_file(content=content, by=_sender(site), **meaning)
        if is_new:
            queue_file(file=file)
        reply = Response(shape_of(file), status=202 if is_new else 200)
        reply["Location"] = f"/v1/stock/files/{file.public_id}"
        return reply

    @extend_schema(
        operation_id="list_stock_files",
        parameters=[FilesQuery],
        responses={200: StockFilesShape},
    )
    def get(self, request: Request) -> Response:
        """Files that this sales channel sent, the newest first, a page at a time."""
        wanted = read_query(FilesQuery, request)
        site = caller(request)
        own = Q(received_by=_sender(site)) | Q(source=_sender(site))
        rows = _reached(site).filter(own).order_by("-public_id")
        if "cursor" in wanted:
            rows = rows.filter(public_id__lt=_place(wanted["cursor"]))
        page = list(rows[: wanted["limit"] + 1])
        more = len(page) > wanted["limit"]
        page = page[: wanted["limit"]]
        cursor = encode_cursor(page[-1].public_id) if more else None
        return Response({"files": [shape_of(row) for row in page], "next_cursor": cursor})


class StockFileView(HubView):
    """One stock file."""

    scopes: ClassVar = {"GET": "stock:write"}

    @extend_schema(operation_id="read_stock_file", responses={200: StockFileShape})
    def get(self, request: Request, reference: str) -> Response:
        """How far the hub is with a file, and what became of it."""
        return Response(shape_of(_find(caller(request), reference)))


class CsvToo(JsonOnly):
    """Also for callers that accept nothing but CSV."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        """The renderer of refusals; raises NotAcceptable."""
        if "text/csv" in request.META.get("HTTP_ACCEPT", "").lower():
            return renderers[0], JsonRenderer.media_type
        return super().select_renderer(request, renderers, format_suffix)


class RefusedLinesView(HubView):
    """The lines of a file that were left out."""

    scopes: ClassVar = {"GET": "stock:write"}
    content_negotiation_class = CsvToo

    @extend_schema(
        operation_id="read_refused_lines",
        responses={
            (200, "text/csv"): OpenApiResponse(
                OpenApiTypes.STR, description="A header, then line, code and detail of each."
            )
        },
    )
    def get(self, request: Request, reference: str) -> StreamingHttpResponse:
        """The lines that were refused, and why, as CSV; the first 100,000 are kept."""
        return csv_of(_find(caller(request), reference))


def csv_of(file: StockFile) -> StreamingHttpResponse:
    """The refused lines of a file as a download."""
    reply = StreamingHttpResponse(refused_csv(file), content_type="text/csv; charset=utf-8")
    reply["Content-Disposition"] = f'attachment; filename="refused-{file.public_id}.csv"'
    return reply


def shape_of(file: StockFile) -> dict[str, Any]:
    """The file as the API tells it."""
    problem = {"code": file.problem_code, "detail": file.problem}
    own = ("name", "status", "mode", "complete", "policy", "as_of", "size", "lines", "lines_done")
    return (
        {"id": file.public_id}
        | {name: getattr(file, name) for name in own}
        | {
            "layout": file.layout.code if file.layout else None,
            "store": file.store.code if file.store else None,
            "lines_refused": file.lines_refused,
            "problem": problem if file.problem_code else None,
            "result": file.result,
            "received_at": file.received_at,
            "finished_at": file.finished_at,
        }
    )


def _name_of_kind(meta: Mapping[str, Any]) -> str:
    """A name for the file by its media type; raises UnsupportedMediaType.

    What it really is, and whether it is compressed, its first bytes say.
    """
    essence = str(meta.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
    encoding = str(meta.get("HTTP_CONTENT_ENCODING", "identity")).strip().lower()
    if essence not in MEDIA_TYPES or encoding not in ENCODINGS:
        raise UnsupportedMediaType(f"a stock file is {', '.join(MEDIA_TYPES)}, plain or gzip")
    return MEDIA_TYPES[essence]


def _meaning(site: Caller, wanted: dict[str, Any]) -> dict[str, Any]:
    """The parameters as the service takes them; raises NotFound and UnknownLayout."""
    layout, store = _layout(wanted.pop("layout", None)), _store(site, wanted.pop("store", None))
    if layout and layout.store and not site.may_use(layout.store.pk):
        raise NotFound(f"no such store: {layout.store.code}")
    return wanted | {
        "layout": layout,
        "store": store,
        "source": layout.source if layout else _sender(site),
        "reach": None if store else site.store_ids,
    }


def _layout(code: str | None) -> FeedLayout | None:
    if code is None:
        return None
    layout = FeedLayout.objects.select_related("store").filter(code=code, active=True).first()
    if layout is None:
        raise UnknownLayout(f"no such layout: {code}")
    return layout


def _store(site: Caller, reference: str | None) -> Store | None:
    return (
        None if reference is None else in_reach(site, {reference: find_store(reference)})[reference]
    )


def _sender(site: Caller) -> str:
    return f"api:{site.channel.code}"


def _reached(site: Caller) -> QuerySet[StockFile]:
    """Files of which the key may know: all stores that they may speak of are in its reach."""
    rows = StockFile.objects.select_related("layout", "store")
    if site.store_ids is None:
        return rows
    mine = sorted(site.store_ids)
    return rows.filter(Q(store__in=mine) | Q(store=None, reach__contained_by=mine))


def _find(site: Caller, reference: str) -> StockFile:
    """A file that the channel sent, or that was there when it did; raises NotFound."""
    sources = FeedLayout.objects.filter(active=True).values("source")
    own = Q(received_by=_sender(site)) | Q(source=_sender(site)) | Q(source__in=sources)
    file = _reached(site).filter(own, public_id=reference).first()
    if file is None:
        raise NotFound("no such stock file")
    return file


def _place(cursor: str) -> str:
    place = decode_cursor(cursor)
    if not isinstance(place, str):
        raise InvalidCursor
    return place
