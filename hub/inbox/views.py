"""POST /hooks/…: where a store's POS and the SMS providers call the hub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.client import client_address
from hub.api.errors import BodyTooLarge, QuotaExceeded
from hub.api.throttle import requests_per_minute, take
from hub.api.views import HubView
from hub.inbox import services

MAX_BODY_BYTES = 262_144


class HookShape(serializers.Serializer[Any]):
    """What a POS or provider tells the hub."""

    type = serializers.CharField(max_length=60, help_text="such as pick_list.acknowledged")
    data = serializers.DictField()  # type: ignore[assignment]


class TakenShape(serializers.Serializer[Any]):
    """The hub has it; what it means is worked out afterwards."""

    status = serializers.ChoiceField(choices=["accepted", "duplicate"])


class SignedCallView(HubView):
    """A call that proves itself by its Standard Webhooks signature instead of an API key."""

    authentication_classes = ()
    throttle_classes = ()

    def take_in(self, request: Request, *, source: str, secrets: Sequence[str]) -> Response:
        """Verify the raw bytes, keep the call once, answer 202 at once; work follows later."""
        plain = request._request
        if int(plain.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
            raise BodyTooLarge(f"more than {MAX_BODY_BYTES} bytes")
        headers = {name.lower(): value for name, value in plain.headers.items()}
        try:
            event_id = services.authenticate(secrets=secrets, headers=headers, body=plain.body)
        except services.BadSignature:
            self._count_refusal(request)
            raise
        is_new = services.keep(source=source, event_id=event_id, body=plain.body)
        return Response({"status": "accepted" if is_new else "duplicate"}, status=202)

    def _count_refusal(self, request: Request) -> None:
        """Refusals have a quota per address; authentic calls are never slowed."""
        address = client_address(request._request)
        standing = take(f"wrong-signature:{address}", limit=requests_per_minute())
        request._request.rate_standing = standing  # type: ignore[attr-defined]
        if not standing.allowed:
            raise QuotaExceeded(retry_after=standing.reset)


class PosHookView(SignedCallView):
    """A store's POS tells what became of its pick lists."""

    @extend_schema(operation_id="receive_pos_call", request=HookShape, responses={202: TakenShape})
    def post(self, request: Request, connection: str) -> Response:
        """Take a call signed with the secret of the POS connection; repeats are harmless."""
        return self.take_in(request, source=connection, secrets=services.pos_secrets(connection))


class SmsHookView(SignedCallView):
    """An SMS provider tells what became of a text."""

    @extend_schema(operation_id="receive_sms_call", request=HookShape, responses={202: TakenShape})
    def post(self, request: Request, provider: str) -> Response:
        """Take a receipt signed with the secret shared with the provider; repeats are harmless."""
        return self.take_in(
            request, source=f"sms:{provider}", secrets=services.sms_secrets(provider)
        )
