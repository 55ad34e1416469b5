"""Carrying out one webhook call by the Standard Webhooks schedule: ten tries over 75 hours."""

from __future__ import annotations

import random
from collections.abc import Sequence

from django.db import connection
from django.db.models import prefetch_related_objects

from hub.connectors.http import Client, Reply
from hub.connectors.registry import valid_secrets
from hub.connectors.signing import sign
from hub.errors import ConnectorError
from hub.events import leases
from hub.events.models import Fact
from hub.trace import tracing
from hub.webhooks.endpoints import disable_endpoint
from hub.webhooks.models import WebhookCall
from hub.webhooks.services import body_of

TIMEOUT = (3.0, 15.0)
# Seconds from a failed try to the next one; the first try is at once.
WAITS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.1
BUSY_SECONDS = 60.0
_GONE = 410
_BUSY = frozenset({429, 502, 504})

_SLOW_DOWN = """
UPDATE webhooks_webhookcall
SET due_at = statement_timestamp() + make_interval(secs => %(rest)s * (1 + random() / 10))
WHERE lane = %(lane)s AND state = 'pending' AND lease IS NULL
  AND due_at < statement_timestamp() + make_interval(secs => %(rest)s)
"""

NOBODY_THERE = "no connection"  # how such an error begins, see hub.connectors.http
_FOLLOW = """
UPDATE webhooks_webhookcall SET due_at = statement_timestamp()
WHERE id IN (
    SELECT id FROM webhooks_webhookcall
    WHERE lane = %(lane)s AND state = 'pending' AND lease IS NULL
      AND due_at > statement_timestamp() AND starts_with(last_error, %(nobody)s)
    ORDER BY id FOR UPDATE SKIP LOCKED)
"""


def load(calls: Sequence[WebhookCall]) -> None:
    """Fetch the events and endpoints of a batch."""
    prefetch_related_objects(list(calls), "event", "endpoint")


def run(call: WebhookCall) -> None:
    """Send a claimed call. Only a 2xx is success; 410 switches the endpoint off.

    An endpoint that says it is overloaded is left alone as a whole for as long as it asks. Once
    one call got through, those that found nobody there follow at once: what they waited for is
    back.
    """
    endpoint = call.endpoint
    if not endpoint.active:
        leases.fail(call, error=f"endpoint disabled: {endpoint.disabled_reason}", permanent=True)
        return
    facts = Fact.objects.filter(public_id=call.event.public_id)
    with tracing(facts.values_list("trace_id", flat=True).first() or ""):
        try:
            reply = _send(call)
        except ConnectorError as error:
            _retry(call, error=str(error), permanent=error.permanent)
            return
    WebhookCall.objects.filter(pk=call.pk, lease=call.lease).update(last_status=reply.status)
    _settle(call, reply)


def wait_after(attempts: int) -> float:
    """Seconds until the next try after that many failed ones, with a tenth of jitter."""
    wait = WAITS[min(attempts, len(WAITS)) - 1]
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  jitter, not a secret


def _send(call: WebhookCall) -> Reply:
    body, endpoint = body_of(call.event, data=call.edited), call.endpoint
    headers = sign(
        secrets=valid_secrets(endpoint.secret, endpoint.previous_secret),
        message_id=call.event.public_id,
        body=body,
    )
    return Client(endpoint.url, timeout=TIMEOUT).send("POST", body=body, headers=headers)


def _settle(call: WebhookCall, reply: Reply) -> None:
    if reply.ok:
        leases.settle(call)
        with connection.cursor() as cursor:
            cursor.execute(_FOLLOW, {"lane": call.lane, "nobody": NOBODY_THERE})
    elif reply.status == _GONE:
        leases.fail(call, error="HTTP 410: the endpoint is gone", permanent=True)
        disable_endpoint(endpoint=call.endpoint, reason="it answered 410 Gone")
    elif reply.status in _BUSY or reply.retry_after is not None:
        rest = reply.retry_after or BUSY_SECONDS
        with connection.cursor() as cursor:
            cursor.execute(_SLOW_DOWN, {"rest": rest, "lane": call.lane})
        wait = max(rest, wait_after(call.attempts))
        leases.fail(call, error=f"HTTP {reply.status}", wait=wait)
    else:
        _retry(call, error=f"HTTP {reply.status}")


def _retry(call: WebhookCall, *, error: str, permanent: bool = False) -> None:
    leases.fail(call, error=error, permanent=permanent, wait=wait_after(call.attempts))
