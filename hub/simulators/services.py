"""What the simulated till, phone and site do with what the hub sends them.

They stand for other people's systems: they check signatures with the library of the Standard
Webhooks project, not with the hub's own code, and they see only what came over HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from hub.api.errors import BadRequest
from hub.api.parsing import load, load_object
from hub.errors import HubError, NotFound
from hub.events.catalog import SimulatedPickListReceived, SimulatedTextReceived
from hub.events.outbox import publish
from hub.simulators.models import SimulatedPickList, SimulatedSiteCall, SimulatedText
from hub.stores.models import PosConnection
from hub.webhooks.models import WebhookEndpoint

SITE_PATH = "/sim/site/webhooks"
TEXT_CHARACTERS = 2_000
REFERENCE_CHARACTERS = 60
_TILL_REFERENCE = re.compile(r"T-([0-9]{6,18})\Z", re.ASCII)
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}\Z")


class NotSigned(HubError):
    code = "bad_signature"
    status = 401
    title = "The simulator could not verify the signature"


class OddText(BadRequest):
    code = "odd_text"
    title = "The simulated phone takes to (E.164), body and reference"


class OddPickList(BadRequest):
    code = "odd_pick_list"
    title = "The simulated till takes a pick list with a fulfillment_id"


# --- the till ---------------------------------------------------------------------------------


def take_pick_list(
    *, connection_id: str, headers: Mapping[str, str], body: bytes
) -> tuple[SimulatedPickList, bool]:
    """Keep a signed pick list once; answer whether it is new. The acknowledgement follows later.

    Raises NotFound for an unknown till, NotSigned, OddPickList.
    """
    _check_signature(_till_secrets(connection_id), headers, body)
    value = load_object(body)
    fulfillment = value.get("fulfillment_id")
    if not isinstance(fulfillment, str) or not 0 < len(fulfillment) <= REFERENCE_CHARACTERS:
        raise OddPickList("fulfillment_id is missing")
    with transaction.atomic():
        ticket, is_new = SimulatedPickList.objects.get_or_create(
            connection=connection_id, reference=fulfillment, defaults={"body": value}
        )
        if is_new:
            publish(SimulatedPickListReceived(pick_list_id=ticket.pk))
    return ticket, is_new


def withdraw_pick_list(
    *, connection_id: str, reference: str, headers: Mapping[str, str], body: bytes
) -> None:
    """Mark a pick list as withdrawn, for good; raises NotFound, NotSigned."""
    _check_signature(_till_secrets(connection_id), headers, body)
    number = _TILL_REFERENCE.match(reference)
    tickets = SimulatedPickList.objects.filter(
        connection=connection_id, pk=int(number[1]) if number else 0
    )
    if not tickets.exists():
        raise NotFound("the till has no such pick list")
    tickets.filter(canceled_at=None).update(canceled_at=Now())


def till_reference(ticket: SimulatedPickList) -> str:
    """The till's own number of a pick list."""
    return f"T-{ticket.pk:06}"


def _till_secrets(connection_id: str) -> list[str]:
    connection = PosConnection.objects.filter(public_id=connection_id).first()
    if connection is None:
        raise NotFound("there is no such till")
    return [connection.secret]


# --- the phone --------------------------------------------------------------------------------


def take_text(*, body: bytes) -> tuple[SimulatedText, bool]:
    """Put a text on a phone, once per reference; answer whether it is new. The receipt follows.

    ``body`` is JSON: {"to", "body", "reference"}; raises OddText.
    """
    value = load_object(body)
    phone, text, reference = (value.get(name) for name in ("to", "body", "reference"))
    if not isinstance(phone, str) or not _PHONE.match(phone):
        raise OddText("to must be a telephone number such as +48600700800")
    if not isinstance(text, str) or not 0 < len(text) <= TEXT_CHARACTERS:
        raise OddText("body must be a text")
    if not isinstance(reference, str) or not 0 < len(reference) <= REFERENCE_CHARACTERS:
        raise OddText("reference must be a short text")
    with transaction.atomic():
        row, is_new = SimulatedText.objects.get_or_create(
            reference=reference, defaults={"phone": phone, "body": text}
        )
        if is_new:
            publish(SimulatedTextReceived(text_id=row.pk))
    return row, is_new


# --- the site ---------------------------------------------------------------------------------


def take_site_call(*, headers: Mapping[str, str], body: bytes) -> bool:
    """Keep a webhook call as it came; answer whether the signature of an endpoint held."""
    secrets = [
        endpoint.secret
        for endpoint in WebhookEndpoint.objects.filter(url=settings.PUBLIC_BASE_URL + SITE_PATH)
    ]
    verified = is_signed(secrets, headers, body)
    try:
        value = load(body)
    except BadRequest:
        value = {"unreadable_bytes": len(body)}
    SimulatedSiteCall.objects.create(
        webhook_id=headers.get("webhook-id", "")[:REFERENCE_CHARACTERS].replace("\x00", ""),
        verified=verified,
        body=value,
    )
    return verified


def is_signed(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the library of Standard Webhooks accepts the call with one of the secrets.

    On odd input it raises errors that are not its own; all of them mean no.
    """
    for secret in secrets:
        try:
            Webhook(secret).verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            continue
        return True
    return False


def _check_signature(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> None:
    if not is_signed(secrets, headers, body):
        raise NotSigned
