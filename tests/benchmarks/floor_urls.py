"""The hub's addresses, and beside them the barest views that ask the database the same."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, JsonResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.stores import described
from hub.api.views import HubView
from hub.stores.models import Store
from hub.urls import handler400, handler403, handler404, handler500  # noqa: F401
from hub.urls import urlpatterns as hub_urlpatterns


def one_row(code: str) -> Any:
    """One probe of the index on a store's code."""
    return Store.objects.filter(code=code).values("public_id", "code", "name").first()


def plain(request: HttpRequest, code: str) -> JsonResponse:
    """What Django alone makes of it."""
    return JsonResponse(one_row(code))


def plain_store(request: HttpRequest, code: str) -> JsonResponse:
    """The query of GET /v1/stores/{code} in a view of Django alone."""
    return JsonResponse(described(Store.objects.filter(code=code)).first())


class EmptyView(HubView):
    """The emptiest view behind a key."""

    scopes: ClassVar = {"GET": "availability:read"}

    def get(self, request: Request, code: str) -> Response:
        """The same row."""
        return Response(one_row(code))


urlpatterns = [
    path("floor/row/<str:code>", plain),
    path("floor/store/<str:code>", plain_store),
    path("v1/row/<str:code>", EmptyView.as_view()),
    *hub_urlpatterns,
]
