"""E-mail services, as django-anymail understands their tracking events.

Every service can call an address with a user and a password in it: they are the hub's name and the
account's callback secret. A service that signs as well (Mailgun) is also verified by its signature.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from hub.api.parsing import load
from hub.inbox.dialects import base
from hub.inbox.dialects.base import Call, Said, a_receipt
from hub.inbox.errors import BadSignature, OddCall
from hub.providers.services import Account

logger = logging.getLogger("hub.inbox")

USER = "hub"
_OF_SERVICE = {
    "brevo": BrevoTrackingWebhookView,
    "mailgun": MailgunTrackingWebhookView,
    "mailjet": MailjetTrackingWebhookView,
    "postmark": PostmarkTrackingWebhookView,
}
_KIND_OF_EVENT = {
    EventType.QUEUED: base.ACCEPTED,
    EventType.SENT: base.SENT,
    EventType.DEFERRED: base.PENDING,
    EventType.DELIVERED: base.DELIVERED,
    EventType.REJECTED: base.UNDELIVERED,
    EventType.BOUNCED: base.UNDELIVERED,
    EventType.FAILED: base.FAILED,
    EventType.OPENED: base.OPENED,
    EventType.COMPLAINED: base.COMPLAINED,
    EventType.UNSUBSCRIBED: base.UNSUBSCRIBED,
}

# what parsing code meets in JSON of another shape than it expects
_ODD = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)


class MailDialect:
    """One call may tell of several mails; what the hub has no use for (clicks) is left out."""

    answer = (200, "text/plain; charset=utf-8", b"")

    def understand(self, call: Call, account: Account | None) -> list[Said]:
        """As in ``Dialect``."""
        secrets = account.callback_secrets if account else ()
        events = _events(call, secrets)
        raw = json.dumps(load(call.body), ensure_ascii=False)
        return [_said(event, raw) for event in events if event.event_type in _KIND_OF_EVENT]


def service_of(backend: str) -> str:
    """The e-mail service that a mail backend speaks to; empty for SMTP and the like."""
    head, _, rest = backend.partition("anymail.backends.")
    return "" if head or not rest else rest.partition(".")[0]


def _events(call: Call, secrets: Sequence[str]) -> list[AnymailTrackingEvent]:
    view_class = _OF_SERVICE.get(service_of(settings.EMAIL_BACKEND))
    request = _request(call)
    if view_class is None or not secrets:
        raise BadSignature
    try:
        view = view_class(basic_auth=[f"{USER}:{secret}" for secret in secrets])
        view.run_validators(request)
    except (AnymailWebhookValidationFailure, ImproperlyConfigured, *_ODD) as error:
        logger.warning("inbound call refused: %s", type(error).__name__)
        raise BadSignature from None
    load(call.body)  # strictly: raises BadRequest in one of its forms
    try:
        events: list[AnymailTrackingEvent] = view.parse_events(request)
    except (AnymailError, ImproperlyConfigured, *_ODD):
        raise OddCall("the e-mail service said something unheard of") from None
    return events


def _request(call: Call) -> HttpRequest:
    """The call as the library wants it."""
    request = HttpRequest()
    request.method = call.method
    request.META = {"HTTP_" + name.upper().replace("-", "_"): v for name, v in call.headers.items()}
    request.content_type = "application/json"  # whatever it says: forms are a thing of the past
    request._body = call.body
    return request


def _said(event: AnymailTrackingEvent, raw: str) -> Said:
    kind = _KIND_OF_EVENT[event.event_type]
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    message_id = str(event.message_id or "")
    told = f"{event.event_id}:{event.timestamp}:{message_id}:{event.event_type}:{event.recipient}"
    return Said(
        event_id=hashlib.sha256(told.encode(errors="replace")).hexdigest(),
        kind=kind,
        data=a_receipt(
            reference=str(metadata.get("reference") or ""),
            provider_reference=message_id,
            code=str(event.reject_reason or event.event_type or ""),
            detail=str(event.description or event.mta_response or ""),
        ),
        raw=raw,
    )
