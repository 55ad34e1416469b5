"""Any gateway that takes a text as one HTTP POST of a form or of JSON, its fields named freely."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from hub.connectors.http import Client, Reply
from hub.connectors.sms.answers import accepted
from hub.connectors.sms.base import SmsAccount

_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
FIELDS = ("to", "text", "from", "reference", "valid_seconds", "callback", "account")
_USUAL = {name: name for name in ("to", "text", "from", "reference", "valid_seconds", "callback")}
OPTIONS = (
    *("format", "auth_header", "auth_prefix", "id_field", "code_field"),
    *(f"{name}_field" for name in FIELDS),
)


class GatewaySms:
    """A gateway described by options, each with a usual value:

    ``format`` (json | form), ``auth_header`` (Authorization), ``auth_prefix`` (Bearer),
    ``id_field`` (id) and ``code_field`` (code) in its JSON replies, and ``to_field``,
    ``text_field``, ``from_field``, ``reference_field``, ``valid_seconds_field``,
    ``callback_field``, ``account_field``: the names of its fields, ``-`` for one it has not.
    Receipts and texts it sends to the callback address, signed as Standard Webhooks describes.
    """

    def __init__(self, account: SmsAccount) -> None:
        self.name = account.name
        self._account = account
        self._as_form = account.option("format", "json") == "form"
        prefix = account.option("auth_prefix", "Bearer").strip("- ")
        self._headers = {
            "Content-Type": _FORM if self._as_form else _JSON,
            account.option("auth_header", "Authorization"): f"{prefix} {account.secret}".strip(),
        }

    def send(self, *, to: str, body: str, reference: str, valid_seconds: int) -> str:
        """Hand the text over; its number there, or the hub's reference where the reply has none."""
        values = {
            "to": to,
            "text": body,
            "from": self._account.sender,
            "reference": reference,
            "valid_seconds": str(valid_seconds),
            "callback": self._account.receipts_url,
            "account": self._account.account,
        }
        named = {self._field(name): value for name, value in values.items() if self._field(name)}
        content = urlencode(named) if self._as_form else json.dumps(named)
        client = Client(self._account.base_url)
        reply = client.send("POST", body=content.encode(), headers=self._headers)
        said = _object(reply)
        code = said.get(self._account.option("code_field", "code"))
        accepted(reply, code=str(code) if isinstance(code, str | int) else "")
        found = said.get(self._account.option("id_field", "id"))
        return str(found) if isinstance(found, str | int) and str(found) else reference

    def _field(self, name: str) -> str:
        """What the gateway calls a field; empty for one it does not have."""
        return self._account.option(f"{name}_field", _USUAL.get(name, "")).strip("-")


def _object(reply: Reply) -> dict[str, Any]:
    try:
        value = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
