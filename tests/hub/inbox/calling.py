"""How providers call the hub, for tests."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from django.test import Client

from hub.events.models import Fact
from hub.inbox.dialects.twilio import signature
from hub.inbox.models import InboundCall

FORM = "application/x-www-form-urlencoded"
BASE = "https://hub.example"


def call(method, path, body=b"", content_type=FORM, **headers):
    """The reply to a raw call; headers by names such as ``x_twilio_signature``."""
    client = Client(raise_request_exception=False)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.generic(method, path, body, content_type=content_type, headers=named)


def by_twilio(provider, fields, *, query="", token=None, url=None, body=None):
    """Post a form as Twilio does, signed with the token over the public address."""
    path = f"/hooks/sms/{provider.name}" + (f"?{query}" if query else "")
    pairs = [(name, value) for name, values in fields.items() for value in _listed(values)]
    body = urlencode(pairs).encode() if body is None else body
    signed = signature(
        token=token or provider.secret,
        url=url or BASE + path,
        fields={name: _listed(values) for name, values in fields.items()},
    )
    return call("POST", path, body, x_twilio_signature=signed)


def kept():
    """The canonical bodies in the inbox, oldest first."""
    return [json.loads(row.body) for row in InboundCall.objects.order_by("pk")]


def kinds():
    """The kinds that the facts name, oldest first."""
    facts = Fact.objects.filter(name="inbound.received").order_by("pk")
    return [fact.data["kind"] for fact in facts]


def _listed(values):
    return values if isinstance(values, list) else [values]
