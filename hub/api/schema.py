"""The API's own description (OpenAPI 3.1) and a page to read it, without anything from outside."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, build_basic_type
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from hub.api import problems
from hub.errors import HubError

_TEXT = build_basic_type(OpenApiTypes.STR)
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. Branch on `code`; people read `detail`. Some codes add members.",
    "required": ["type", "title", "status", "detail", "code", "trace_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": _TEXT,
        "trace_id": {"type": "string", "description": "Quote it when you ask for help."},
        "errors": {
            "type": "array",
            "description": "Each refused field.",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body"},
                    "parameter": {"type": "string", "description": "name of a query parameter"},
                    "code": _TEXT,
                    "detail": _TEXT,
                },
            },
        },
    },
}
_HEADERS = {
    "RateLimit-Policy": {"schema": _TEXT, "description": 'The quota: `"default";q=…;w=60`.'},
    "RateLimit": {
        "schema": _TEXT,
        "description": 'What is left: `"default";r=…;t=…`, t in seconds until it is whole again.',
    },
    "traceparent": {"schema": _TEXT, "description": "W3C Trace Context of this request."},
}
_KEY_PARAMETER = OpenApiParameter(
    name="Idempotency-Key",
    location=OpenApiParameter.HEADER,
    required=True,
    type={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    description="Makes a repeat safe: it gets the first reply again, for at least seven days.",
)
View = Callable[[HttpRequest], HttpResponseBase]
_ALWAYS = (400, 401, 404, 406, 422, 429, 500, 503)
_WITH_KEY = (403,)
_CHANGING = (409, 412)
_WITH_BODY = (411, 413, 415)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells the description how a key is sent, and which scope an operation needs."""

    target_class = "hub.api.auth.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:  # noqa: ARG002
        """The scheme itself."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "cbk_live_… or cbk_test_…"}

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[Any]]:
        """The scheme with the scope that the view names for the method."""
        scopes: dict[str, str] = getattr(auto_schema.view, "scopes", {})
        needed = scopes.get(auto_schema.method)
        return {"apiKey": [needed] if needed else []}


class HubSchema(AutoSchema):
    """Adds to each operation what all of them share: problems, quota headers, keys for retries."""

    def get_override_parameters(self) -> list[Any]:
        """The view's own parameters, and Idempotency-Key where its method asks for one."""
        own = super().get_override_parameters()
        return [*own, _KEY_PARAMETER] if self._is_idempotent() else own

    def get_summary(self) -> str:
        """The first sentence of what the method's docstring says."""
        return str(self.get_description()).partition("\n")[0].rstrip(".")

    def get_tags(self) -> list[str]:
        """The first part of the address after the version."""
        return [self._tokenize_path()[0]]

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """The class's name after its app's, so that each app names its shapes freely."""
        app = str(type(serializer).__module__).partition(".")[0]
        name = str(super().get_serializer_name(serializer, direction))
        return name if app == "hub" else app.capitalize() + name

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        for status in self._refusals():
            bodies.setdefault(str(status), self._problem(status))
        for body in bodies.values():
            body["headers"] = body.get("headers", {}) | _HEADERS
        return dict(sorted(bodies.items()))

    def _refusals(self) -> Iterator[int]:
        yield from _ALWAYS
        if self.view.authentication_classes:
            yield from _WITH_KEY
        if self.method != "GET":
            yield from _CHANGING
        if self.method in ("POST", "PUT", "PATCH"):
            yield from _WITH_BODY

    def _problem(self, status: int) -> dict[str, Any]:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name="Problem", type=ResolvedComponent.SCHEMA, schema=_PROBLEM, object="Problem"
        )
        self.registry.register_on_missing(component)
        return {
            "description": f"Refused; codes: {', '.join(_codes(status))}",
            "content": {problems.CONTENT_TYPE: {"schema": component.ref}},
        }

    def _is_idempotent(self) -> bool:
        method = getattr(self.view, self.method.lower(), None)
        return getattr(method, "needs_idempotency_key", False)


def _codes(status: int) -> list[str]:
    return sorted({kind.code for kind in _kinds(HubError) if kind.status == status})


def _kinds(base: type[HubError]) -> Iterator[type[HubError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


@functools.lru_cache(maxsize=1)
def description() -> bytes:
    """The whole description as JSON; made once per process, for it cannot change."""
    made = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return json.dumps(made, ensure_ascii=False).encode()


def _read_only(view: View) -> View:
    """Refuse other methods as the API does; without them there is nothing to forge."""

    @csrf_exempt
    @functools.wraps(view)
    def checked(request: HttpRequest) -> HttpResponseBase:
        if request.method in ("GET", "HEAD"):
            return view(request)
        refusal = problems.render(problems.MethodNotAllowed())
        refusal["Allow"] = "GET, HEAD"
        return refusal

    return checked


@_read_only
@cache_control(max_age=300)
def schema_view(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The description, readable by anybody."""
    return HttpResponse(description(), content_type="application/json")


@_read_only
@csp_update({"img-src": ["data:"]})
def docs_view(request: HttpRequest) -> HttpResponse:
    """The description as a page (Swagger UI, served from this machine)."""
    return render(request, "api/docs.html")
