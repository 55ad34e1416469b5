"""Saving rules in tests: the form, then the button beneath what it would change."""

from __future__ import annotations

import re
from html import unescape
from typing import Any


def hidden(reply: Any) -> dict[str, list[str]]:
    """What the page with the effect sends on, without the proof that it is the hub's page."""
    html = reply.content.decode()
    sent: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', html):
        sent.setdefault(name, []).append(unescape(value))
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def save(client: Any, address: str, fields: dict[str, Any]) -> Any:
    """Send a form and confirm what it shows; a form that was refused is given back as it is."""
    first = client.post(address, fields)
    sent = hidden(first) if first.status_code == 200 else {}
    return client.post(address, sent) if "_confirmed" in sent else first
