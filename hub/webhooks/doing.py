"""What an integrator does with an endpoint from its page: ping it, turn its secret."""

from __future__ import annotations

import json

from hub import clock
from hub.connectors.http import Client
from hub.connectors.registry import valid_secrets
from hub.connectors.signing import sign
from hub.errors import ConnectorError
from hub.ids import new_id
from hub.webhooks.models import WebhookEndpoint

TIMEOUT = (3.0, 10.0)
PING_TYPE = "ping"


def call_ping(endpoint: WebhookEndpoint) -> None:
    """Send the endpoint an event of type ``ping``, signed like all others; it is in no feed.

    Raises ConnectorError when it does not answer with 2xx.
    """
    event_id = new_id("evt")
    value = {
        "id": event_id,
        "type": PING_TYPE,
        "timestamp": clock.now().isoformat(),
        "data": {},
    }
    body = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    headers = sign(
        secrets=valid_secrets(endpoint.secret, endpoint.previous_secret),
        message_id=event_id,
        body=body,
    )
    reply = Client(endpoint.url, timeout=TIMEOUT).send("POST", body=body, headers=headers)
    if not reply.ok:
        raise ConnectorError(f"HTTP {reply.status}")
