"""A POS that takes signed webhooks and answers questions.

``POST {base_url}/pick-lists``, ``…/<reference>/amend`` and ``…/<reference>/cancel`` are signed on
their bodies; ``GET /pick-lists``, ``/receipts`` and ``/stock`` on their path with its query.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from hub.connectors.http import Client, Reply
from hub.connectors.pos.base import (
    REFERENCE_CHARACTERS,
    Answer,
    Known,
    Page,
    PickList,
    PosAccount,
    Stocked,
)
from hub.connectors.pos.reading import known_of, page_of, stocked_of
from hub.connectors.signing import sign
from hub.errors import ConnectorError


class WebhookPos:
    """The webhook-id stays the same over all tries, so that the POS takes each list once."""

    def __init__(self, account: PosAccount) -> None:
        self._account = account
        self._http = Client(account.base_url)
        able = {"look_up", "list", "receipts", "stock"}
        if account.layout.get("can_amend", True):
            able.add("amend")
        self.can = frozenset(able)

    def queue(self, pick_list: PickList) -> str:
        """Give the POS a pick list; return its ``reference`` from the reply.

        A later revision that is queued afresh, after the one before was withdrawn, is a call of
        its own.
        """
        again = f".r{pick_list.revision}" if pick_list.revision > 1 else ""
        message_id = f"{pick_list.fulfillment_id}{again}"
        return self._told(self._post("/pick-lists", message_id, pick_list.as_json()))

    def amend(self, reference: str, pick_list: PickList) -> str:
        """Replace the lines; return the reference, which the POS may change."""
        path = f"/pick-lists/{quote(reference, safe='')}/amend"
        message_id = f"{pick_list.fulfillment_id}.amend.{pick_list.revision}"
        return self._told(self._post(path, message_id, pick_list.as_json()))

    def cancel(self, reference: str, fulfillment: str) -> None:
        """Withdraw a pick list; one that is already withdrawn stays so."""
        path = f"/pick-lists/{quote(reference, safe='')}/cancel"
        # a list that was queued afresh has another reference, and is withdrawn by a call of its own
        which = hashlib.sha256(reference.encode()).hexdigest()[:12]
        self._post(path, f"{fulfillment}.cancel.{which}", {"fulfillment_id": fulfillment})

    def status(self, fulfillment: str) -> Known | None:
        """What GET /pick-lists?fulfillment=… tells."""
        found = page_of(self._get("/pick-lists", fulfillment=fulfillment), "pick_lists", known_of)
        return next((row for row in found.rows if row.fulfillment_id == fulfillment), None)

    def pick_lists(self, cursor: str) -> Page[Known]:
        """What GET /pick-lists?open=1 tells."""
        return page_of(self._get("/pick-lists", open="1", cursor=cursor), "pick_lists", known_of)

    def receipts(self, cursor: str) -> Page[Mapping[str, Any]]:
        """What GET /receipts?since=… tells."""
        return page_of(self._get("/receipts", since=cursor), "receipts", dict)

    def stock(self, cursor: str) -> Page[Stocked]:
        """What GET /stock tells."""
        return page_of(self._get("/stock", cursor=cursor), "stock", stocked_of)

    def answers(self) -> Iterable[tuple[str, tuple[Answer, ...]]]:
        """None: it calls the hub itself."""
        return ()

    def taken(self, name: str, problem: str = "") -> None:
        """Nothing is ever left to fetch."""

    def _post(self, path: str, message_id: str, value: dict[str, Any]) -> Reply:
        body = json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
        headers = sign(secrets=self._account.secrets, message_id=message_id, body=body)
        return self._http.post(path, body=body, headers=headers)

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        target = f"{path}?{urlencode({name: value for name, value in query.items() if value})}"
        headers = sign(
            secrets=self._account.secrets,
            message_id=f"ask.{secrets.token_hex(12)}",
            body=target.encode(),
        )
        return self._http.get(target, headers=headers).json()

    @staticmethod
    def _told(reply: Reply) -> str:
        reference = reply.json().get("reference")
        if not isinstance(reference, str) or not 0 < len(reference) <= REFERENCE_CHARACTERS:
            raise ConnectorError("the POS returned no usable reference", ambiguous=True)
        return reference
