"""Standard Webhooks: the handset, generic gateways, and whoever else has no dialect of his own."""

from __future__ import annotations

from typing import Any

from hub.api.parsing import load_object
from hub.inbox.dialects.base import (
    OF_RECEIPTS,
    OF_TEXTS,
    RECEIPTS,
    RECEIVED,
    Call,
    Said,
    a_receipt,
    a_text,
)
from hub.inbox.errors import UnknownShape
from hub.inbox.verifying import authenticate, check_shape
from hub.providers.services import Account


class StandardDialect:
    """``{"type", "data"}`` in JSON, signed; the body is the canonical one already, or nearly."""

    answer = None

    def understand(self, call: Call, account: Account | None) -> list[Said]:
        """As in ``Dialect``."""
        secrets = account.callback_secrets if account else ()
        event_id = authenticate(secrets=secrets, headers=call.headers, body=call.body)
        value = load_object(call.body)
        check_shape(value)
        kind, data = value["type"], value["data"]
        return [
            Said(event_id=event_id, kind=kind, data=_members(kind, data), raw=call.body.decode())
        ]


def _members(kind: str, data: dict[str, Any]) -> dict[str, str]:
    """The canonical members of the data; those of a kind the hub does not know as they are."""
    names = {RECEIVED: OF_TEXTS} | dict.fromkeys(RECEIPTS, OF_RECEIPTS)
    if kind not in names:
        return data
    given = {name: data.get(name) or "" for name in names[kind]}
    if not all(isinstance(value, str) for value in given.values()):
        raise UnknownShape(f"data of {kind} must hold texts")
    if kind == RECEIVED:
        sender, reference = given.pop("from"), given.pop("id")
        return a_text(sender=sender, reference=reference, **given)
    return a_receipt(**given)
