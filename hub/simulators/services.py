"""What the simulated till, phone and site do with what the hub sends them.

They stand for other people's systems: they check signatures with the library of the Standard
Webhooks project, not with the hub's own code, and they see only what came over HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from hub import clock
from hub.api.errors import BadRequest
from hub.api.parsing import load, load_object
from hub.errors import HubError, NotFound
from hub.events.catalog import SimulatedPickListReceived
from hub.events.outbox import publish
from hub.simulators.models import (
    SimulatedPickList,
    SimulatedSiteCall,
    SimulatedTill,
)
from hub.stores.models import PosConnection
from hub.webhooks.models import WebhookEndpoint

SITE_PATH = "/sim/site/webhooks"
REFERENCE_CHARACTERS = 60
_TILL_REFERENCE = re.compile(r"T-([0-9]{6,18})\Z", re.ASCII)


class NotSigned(HubError):
    code = "bad_signature"
    status = 401
    title = "The simulator could not verify the signature"


class TillDark(HubError):
    code = "till_dark"
    status = 503
    title = "The simulated till is out of order"


class AnswerLost(HubError):
    """Stands for a line that breaks after the till has done what it was asked."""

    code = "answer_lost"
    status = 504
    title = "The answer of the simulated till was lost"


class OddPickList(BadRequest):
    code = "odd_pick_list"
    title = "The simulated till takes a pick list with a fulfillment_id"


# --- the till ---------------------------------------------------------------------------------


def take_pick_list(
    *, connection_id: str, headers: Mapping[str, str], body: bytes
) -> tuple[SimulatedPickList, bool]:
    """Keep a signed pick list once; answer whether it is new. The acknowledgement follows later.

    A later revision of one it has takes its place. Raises NotFound for an unknown till, NotSigned,
    OddPickList, and TillDark.
    """
    _check_signature(_till_secrets(connection_id), headers, body)
    till = require_lit(connection_id)
    value, fulfillment = _pick_list(body)
    with transaction.atomic():
        ticket, is_new = SimulatedPickList.objects.get_or_create(
            connection=connection_id, reference=fulfillment, defaults={"body": value}
        )
        if not is_new:
            _take_revision(ticket, value)
        elif till.answers:
            publish(SimulatedPickListReceived(pick_list_id=ticket.pk))
    _maybe_lose_the_answer(till)
    return ticket, is_new


def amend_pick_list(
    *, connection_id: str, reference: str, headers: Mapping[str, str], body: bytes
) -> None:
    """Put a later revision in a pick list's place; an older one changes nothing.

    Raises NotFound, NotSigned, OddPickList, TillDark.
    """
    _check_signature(_till_secrets(connection_id), headers, body)
    till = require_lit(connection_id)
    value, fulfillment = _pick_list(body)
    ticket = _tickets(connection_id, reference).filter(reference=fulfillment).first()
    if ticket is None:
        raise NotFound("the till has no such pick list")
    _take_revision(ticket, value)
    _maybe_lose_the_answer(till)


def _pick_list(body: bytes) -> tuple[dict[str, Any], str]:
    value = load_object(body)
    fulfillment = value.get("fulfillment_id")
    if not isinstance(fulfillment, str) or not 0 < len(fulfillment) <= REFERENCE_CHARACTERS:
        raise OddPickList("fulfillment_id is missing")
    return value, fulfillment


def _take_revision(ticket: SimulatedPickList, value: dict[str, Any]) -> None:
    if revision_of(value) > revision_of(ticket.body):
        SimulatedPickList.objects.filter(pk=ticket.pk).update(body=value, canceled_at=None)


def revision_of(body: Any) -> int:
    """The revision that a pick list names; 1 for one that names none."""
    revision = body.get("revision") if isinstance(body, dict) else None
    return revision if isinstance(revision, int) and not isinstance(revision, bool) else 1


def withdraw_pick_list(
    *, connection_id: str, reference: str, headers: Mapping[str, str], body: bytes
) -> None:
    """Mark a pick list as withdrawn, for good; raises NotFound, NotSigned."""
    _check_signature(_till_secrets(connection_id), headers, body)
    till = require_lit(connection_id)
    tickets = _tickets(connection_id, reference)
    if not tickets.exists():
        raise NotFound("the till has no such pick list")
    tickets.filter(canceled_at=None).update(canceled_at=Now())
    _maybe_lose_the_answer(till)


def check_question(*, connection_id: str, headers: Mapping[str, str], target: str) -> None:
    """A signed question: its signature is over the path below the till's, with the query.

    Raises NotFound, NotSigned, TillDark.
    """
    _check_signature(_till_secrets(connection_id), headers, target.encode())
    require_lit(connection_id)


def require_lit(connection_id: str) -> SimulatedTill:
    """The till's mood; raises TillDark while it is out of order."""
    till = SimulatedTill.objects.filter(connection=connection_id).first()
    if till and till.dark_until and till.dark_until > clock.now():
        raise TillDark
    return till or SimulatedTill(connection=connection_id)


def _maybe_lose_the_answer(till: SimulatedTill) -> None:
    """What was asked is done, but the caller never hears of it, as often as it was told to."""
    rows = SimulatedTill.objects.filter(connection=till.connection, lose_answers__gt=0)
    if till.lose_answers and rows.update(lose_answers=F("lose_answers") - 1):
        raise AnswerLost


def _tickets(connection_id: str, reference: str) -> QuerySet[SimulatedPickList]:
    number = _TILL_REFERENCE.match(reference)
    return SimulatedPickList.objects.filter(
        connection=connection_id, pk=int(number[1]) if number else 0
    )


def till_reference(ticket: SimulatedPickList) -> str:
    """The till's own number of a pick list."""
    return f"T-{ticket.pk:06}"


def _till_secrets(connection_id: str) -> list[str]:
    connection = PosConnection.objects.filter(public_id=connection_id).first()
    if connection is None:
        raise NotFound("there is no such till")
    return [connection.secret]


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
