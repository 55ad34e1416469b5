"""POST /hooks/…: where a store's POS and the SMS providers call the hub."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.client import client_address
from hub.api.errors import BodyTooLarge, QuotaExceeded
from hub.api.throttle import requests_per_minute, take
from hub.api.views import HubView
from hub.inbox import services
from hub.inbox.dialects.base import Call, Dialect
from hub.inbox.dialects.choice import dialect_of
from hub.inbox.errors import BadSignature
from hub.inbox.verifying import authenticate
from hub.providers.models import Provider
from hub.providers.services import account_named

MAX_BODY_BYTES = 262_144


class HookShape(serializers.Serializer[Any]):
    """What a POS or provider tells the hub."""

    type = serializers.CharField(max_length=60, help_text="such as pick_list.acknowledged")
    data = serializers.DictField()  # type: ignore[assignment]


class TakenShape(serializers.Serializer[Any]):
    """The hub has it; what it means is worked out afterwards."""

    status = serializers.ChoiceField(choices=["accepted", "duplicate"])


class SignedCallView(HubView):
    """A call that proves itself by its signature instead of an API key."""

    authentication_classes = ()
    throttle_classes = ()

    def raw_call(self, request: Request) -> Call:
        """The call as it came; raises BodyTooLarge before the body is read."""
        plain = request._request
        if int(plain.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
            raise BodyTooLarge(f"more than {MAX_BODY_BYTES} bytes")
        return Call(
            method=str(plain.method),
            headers={name.lower(): value for name, value in plain.headers.items()},
            path=plain.path,
            query=plain.META.get("QUERY_STRING", ""),
            body=plain.body,
        )

    def count_refusal(self, request: Request) -> None:
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
        call = self.raw_call(request)
        secrets = services.pos_secrets(connection)
        try:
            event_id = authenticate(secrets=secrets, headers=call.headers, body=call.body)
        except BadSignature:
            self.count_refusal(request)
            raise
        is_new = services.keep(source=connection, event_id=event_id, body=call.body)
        return Response({"status": "accepted" if is_new else "duplicate"}, status=202)


class ProviderHookView(SignedCallView):
    """A carrier of messages tells what became of one, or what a customer wrote.

    Verified by the rule of the provider's kind on the raw bytes, kept once; work follows later.
    """

    channel: str

    def take_in(self, request: Request, name: str) -> Response | HttpResponse:
        """Keep what the provider says and answer as it expects; raises BadSignature and others."""
        call = self.raw_call(request)
        account = account_named(name, channel=self.channel)
        dialect = dialect_of(self.channel, account)
        try:
            said = dialect.understand(call, account)
        except BadSignature:
            self.count_refusal(request)
            raise
        is_new = services.keep_said(source=f"{self.channel}:{name}", said=said)
        return _answer(dialect, is_new=is_new)


class SmsHookView(ProviderHookView):
    """An SMS provider tells what became of a text, or hands one on."""

    channel = Provider.Channel.SMS

    @extend_schema(operation_id="receive_sms_call", request=HookShape, responses={202: TakenShape})
    def post(self, request: Request, provider: str) -> Response | HttpResponse:
        """Take a receipt or a text, signed as the provider signs; repeats are harmless."""
        return self.take_in(request, provider)

    @extend_schema(exclude=True)
    def get(self, request: Request, provider: str) -> Response | HttpResponse:
        """For providers that can only ask for addresses, such as Kannel."""
        return self.take_in(request, provider)


class EmailHookView(ProviderHookView):
    """An e-mail service tells what became of a mail."""

    channel = Provider.Channel.EMAIL

    @extend_schema(exclude=True)
    def post(self, request: Request, provider: str) -> Response | HttpResponse:
        """Take tracking events in the shape and with the proof of that service."""
        return self.take_in(request, provider)


def _answer(dialect: Dialect, *, is_new: bool) -> Response | HttpResponse:
    if dialect.answer is None:
        return Response({"status": "accepted" if is_new else "duplicate"}, status=202)
    status, media_type, body = dialect.answer
    return HttpResponse(body, status=status, content_type=media_type)
