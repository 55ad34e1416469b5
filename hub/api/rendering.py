"""Writing JSON, the only thing the API speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from hub.api.errors import NotAcceptable

_ENCODER = JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_WELCOME = ("application/json", "application/*", "*/*", "application/problem+json")


def to_bytes(data: Any) -> bytes:
    """``data`` as UTF-8 JSON: equal data give equal bytes."""
    return b"" if data is None else _ENCODER.encode(data).encode()


class JsonRenderer(BaseRenderer):
    """UTF-8 JSON without spaces."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,  # noqa: ARG002  the framework's shape
        renderer_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> bytes:
        """The bytes of the reply's body."""
        return to_bytes(data)


class JsonOnly(BaseContentNegotiation):
    """One parser, one renderer; a caller that accepts neither JSON nor everything gets 406."""

    def select_parser(self, request: Request, parsers: Sequence[BaseParser]) -> BaseParser:  # type: ignore[override]  # noqa: ARG002
        """The only parser: it refuses other media types itself."""
        return parsers[0]

    def select_renderer(  # type: ignore[override]
        self,
        request: Request,
        renderers: Sequence[BaseRenderer],
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> tuple[BaseRenderer, str]:
        """The only renderer; raises NotAcceptable."""
        accept = request.META.get("HTTP_ACCEPT", "*/*")
        if accept not in ("*/*", "application/json") and not _accepts_json(accept):
            raise NotAcceptable
        return renderers[0], JsonRenderer.media_type


def _accepts_json(accept: str) -> bool:
    return any(_is_welcome(choice) for choice in accept.lower().split(",")) or not accept.strip()


def _is_welcome(choice: str) -> bool:
    essence, *parameters = (part.strip() for part in choice.split(";"))
    return essence in _WELCOME and not {"q=0", "q=0.0", "q=0.00", "q=0.000"} & set(parameters)
