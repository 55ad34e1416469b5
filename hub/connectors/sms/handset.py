"""The hub's own simulated telephones: a page shows what a customer would see."""

from __future__ import annotations

from django.conf import settings

from hub.connectors.http import Client


class HandsetSms:
    """Speaks HTTP to the handset simulator, like any vendor; it drops repeats of a reference."""

    name = "handset"

    def send(self, *, to: str, body: str, reference: str, valid_seconds: int) -> str:
        """Put the text on the simulated phone; its reference there is the hub's own."""
        text = {"to": to, "body": body, "reference": reference, "valid_seconds": valid_seconds}
        Client(f"{settings.PUBLIC_BASE_URL}/sim/handset").post("/messages", json=text)
        return reference
