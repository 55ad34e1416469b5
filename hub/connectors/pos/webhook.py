"""A POS that takes signed webhooks: POST {base_url}/pick-lists and /pick-lists/<ref>/cancel."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from hub.connectors.http import Client, Reply
from hub.connectors.pos.base import PickList, PosAccount
from hub.connectors.signing import sign
from hub.errors import ConnectorError

REFERENCE_CHARACTERS = 60


class WebhookPos:
    """The webhook-id stays the same over all tries, so that the POS takes each list once."""

    def __init__(self, account: PosAccount) -> None:
        self._account = account
        self._http = Client(account.base_url)

    def queue(self, pick_list: PickList) -> str:
        """Give the POS a pick list; return its ``reference`` from the reply."""
        reply = self._post("/pick-lists", pick_list.fulfillment_id, pick_list.as_json())
        reference = reply.json().get("reference")
        if not isinstance(reference, str) or not 0 < len(reference) <= REFERENCE_CHARACTERS:
            raise ConnectorError("the POS returned no usable reference", ambiguous=True)
        return reference

    def cancel(self, reference: str, fulfillment: str) -> None:
        """Withdraw a pick list; one that is already withdrawn stays so."""
        path = f"/pick-lists/{quote(reference, safe='')}/cancel"
        self._post(path, f"{fulfillment}.cancel", {"fulfillment_id": fulfillment})

    def _post(self, path: str, message_id: str, value: dict[str, Any]) -> Reply:
        body = json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
        headers = sign(secrets=self._account.secrets, message_id=message_id, body=body)
        return self._http.post(path, body=body, headers=headers)
