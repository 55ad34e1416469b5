"""How simulated vendors call the hub: over HTTP and signed, as real ones would."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

from hub.connectors.http import Client
from hub.connectors.signing import sign


def tell(path: str, *, secret: str, message_id: str, value: dict[str, Any]) -> None:
    """POST a signed JSON value to the hub; raises ConnectorError when it does not take it."""
    body = json.dumps(value).encode()
    headers = sign(secrets=[secret], message_id=message_id, body=body)
    Client(settings.PUBLIC_BASE_URL).post(path, body=body, headers=headers)
