"""What a customer agreed to, over HTTP: a site passes on his refusal or his agreement, and never
lifts a refusal that he made."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import caller
from hub.api.forms import Form, read_body
from hub.api.idempotency import idempotent
from hub.api.views import HubView
from hub.customers.consent import (
    EVERY_PURPOSE,
    GRANTED,
    STATUSES,
    agree,
    record_consent,
    refuses,
)
from hub.customers.errors import Unreachable
from hub.customers.models import Channel, ConsentEvent
from hub.customers.purposes import GROUPS
from hub.customers.reaching import addresses_of
from notifications.api.reading import Customer, find_customer
from orders.api.forms import Reference

METHOD = "api"
PURPOSES = (EVERY_PURPOSE, *GROUPS)


class ConsentForm(Form):
    """One word of the customer, about his address there."""

    channel = serializers.ChoiceField(choices=Channel.values, help_text="which address")
    purpose = serializers.ChoiceField(
        choices=PURPOSES, help_text="what about; all: every message about orders, as STOP"
    )
    status = serializers.ChoiceField(choices=STATUSES, help_text="what he said")
    wording = Reference(max_length=40, help_text="version of the words that he was shown")
    locale = Reference(max_length=10, required=False, help_text="in which language, such as pl")
    reference = Reference(
        max_length=120, required=False, help_text="the site's own, such as an order's number"
    )


class ConsentWordReply(serializers.Serializer[Any]):
    purpose = serializers.CharField(help_text="a group of messages, or all")
    status = serializers.CharField(help_text="granted, denied or revoked")
    method = serializers.CharField(help_text="how it was said: sms, page, unsubscribe, staff, api")
    occurred_at = serializers.DateTimeField(help_text="UTC")


class ConsentChannelReply(serializers.Serializer[Any]):
    channel = serializers.CharField(help_text="sms or email")
    has_address = serializers.BooleanField(help_text="whether the order has such an address")
    stopped = serializers.BooleanField(help_text="whether everything is refused there")
    refused = serializers.ListField(
        child=serializers.CharField(), help_text="the groups that are not told there"
    )
    words = ConsentWordReply(many=True, help_text="the newest on each purpose, the latest first")


class ConsentsReply(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="`cus_…`")
    channels = ConsentChannelReply(many=True, help_text="each channel")


class ConsentsView(HubView):
    """What one customer agreed to, and refused."""

    scopes = {"GET": "customers:read", "POST": "customers:write"}

    @extend_schema(operation_id="read_consents", responses=ConsentsReply)
    def get(self, request: Request, customer_id: str) -> Response:
        """Read where the customer may be told what, as he last said.

        It is about the addresses of the order named, or of his newest on the key's channel; no
        word at all is no refusal.
        """
        return Response(consents_json(find_customer(caller(request), customer_id)))

    @extend_schema(
        operation_id="record_consent", request=ConsentForm, responses={201: ConsentsReply}
    )
    @idempotent
    def post(self, request: Request, customer_id: str) -> Response:
        """Append a word of the customer to the log of his address.

        A refusal always counts, at once. An agreement is refused with `consent_refused` while his
        own refusal stands: only he lifts it, by START or on his page.
        """
        said = read_body(ConsentForm, request)
        site = caller(request)
        customer = find_customer(site, customer_id)
        _append(customer, said, f"key:{site.public_id}")
        return Response(consents_json(customer), status=201)


def consents_json(customer: Customer) -> dict[str, Any]:
    """What holds now, as plain JSON values; of addresses only whether there is one."""
    return {
        "id": customer.profile.public_id,
        "channels": [_channel_json(customer, channel) for channel in Channel.values],
    }


def _channel_json(customer: Customer, channel: str) -> dict[str, Any]:
    address = customer.address_hash(channel)
    words = addresses_of([address])[address, channel].words if address else {}
    numbers = [word.sequence for word in words.values()]
    lines = ConsentEvent.objects.filter(address_hash=address, sequence__in=numbers)
    return {
        "channel": channel,
        "has_address": bool(address),
        "stopped": refuses(words, EVERY_PURPOSE),
        "refused": [group for group in GROUPS if refuses(words, group)],
        "words": [
            {
                "purpose": line.purpose,
                "status": line.status,
                "method": line.method,
                "occurred_at": line.occurred_at.isoformat().replace("+00:00", "Z"),
            }
            for line in lines.order_by("-sequence")
        ],
    }


def _append(customer: Customer, said: dict[str, Any], actor: str) -> None:
    address = customer.address_hash(said["channel"])
    if not address:
        raise Unreachable("the customer has no such address")
    write = agree if said["status"] == GRANTED else record_consent
    write(
        address_hash=address,
        channel=said["channel"],
        purpose=said["purpose"],
        status=said["status"],
        method=METHOD,
        actor=actor,
        wording=said["wording"],
        locale=said.get("locale", ""),
        reference=said.get("reference", ""),
    )
