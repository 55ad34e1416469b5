"""The hub's own simulated telephones: a page shows what a customer would see."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings

from hub.connectors.http import Client
from hub.connectors.sms.base import SmsAccount


class HandsetSms:
    """Speaks HTTP to the handset simulator, like any vendor; it drops repeats of a reference."""

    def __init__(self, account: SmsAccount | None = None) -> None:
        self.name = account.name if account else "handset"

    def send(self, *, to: str, body: str, reference: str, valid_seconds: int) -> str:
        """Put the text on the simulated phone; its reference there is the hub's own."""
        text = {
            "to": to,
            "body": body,
            "reference": reference,
            "valid_seconds": valid_seconds,
            "provider": self.name,
        }
        self._client().post("/messages", json=text)
        return reference

    def find(self, *, to: str, reference: str, body: str = "") -> str | None:  # noqa: ARG002
        """The reference if the simulated network has the text."""
        path = f"/messages/{quote(reference, safe='')}"
        return reference if self._client().get(path).json().get("found") else None

    def cancel(self, *, reference: str) -> bool:
        """Take back a text that is not on its phone yet."""
        reply = self._client().post(f"/messages/{quote(reference, safe='')}/cancel", json={})
        return bool(reply.json().get("canceled"))

    def _client(self) -> Client:
        return Client(f"{settings.PUBLIC_BASE_URL}/sim/handset")
