"""Twilio's Messages API, and those of others that speak it.

https://www.twilio.com/docs/messaging/api/message-resource
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

from hub.connectors.http import Client, Reply
from hub.connectors.sms.answers import accepted
from hub.connectors.sms.base import SmsAccount
from hub.errors import ConnectorError

USUAL_ADDRESS = "https://api.twilio.com"
LONGEST_VALIDITY_SECONDS = 36_000
FOUND_WITHIN = timedelta(minutes=30)
_FORM = "application/x-www-form-urlencoded"
_LINK = re.compile(r"https?://\S+")
_PAGE = 50
_GONE = frozenset({"failed", "undelivered", "canceled"})


class TwilioSms:
    """One Twilio account: ``account`` is its SID, ``secret`` its token.

    With the option ``api_key`` (a key's SID) ``secret`` is that key's. The sender is a number, a
    name, or the SID of a messaging service (``MG…``). Twilio knows no idempotency: a text that
    may have been taken is looked up by its number and words.
    """

    def __init__(self, account: SmsAccount) -> None:
        self.name = account.name
        self._account = account
        user = account.option("api_key", account.account)
        pair = base64.b64encode(f"{user}:{account.secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {pair}", "Content-Type": _FORM}
        sid = quote(account.account, safe="")
        self._root = f"/2010-04-01/Accounts/{sid}"

    def send(self, *, to: str, body: str, reference: str, valid_seconds: int) -> str:
        """Hand the text over and return its SID; receipts name the reference in their address."""
        sender = self._account.sender
        of_service = sender.startswith("MG")
        fields = {
            "To": to,
            "MessagingServiceSid" if of_service else "From": sender,
            "Body": body,
            "ValidityPeriod": str(max(1, min(valid_seconds, LONGEST_VALIDITY_SECONDS))),
            "StatusCallback": f"{self._account.receipts_url}?ref={quote(reference, safe='')}",
        }
        reply = self._post("/Messages.json", fields)
        sid = reply.json().get("sid")
        if not isinstance(sid, str) or not sid:
            raise ConnectorError("Twilio named no SID", ambiguous=True)
        return sid

    def find(self, *, to: str, reference: str, body: str = "") -> str | None:
        """The SID of a text of the last half hour to that number with these words, or None.

        Links are left out of the comparison, for each try has one of its own.
        """
        if not body:
            raise ConnectorError(f"{reference} cannot be found without its words", ambiguous=True)
        now = datetime.now(UTC)
        since = (now - FOUND_WITHIN).date().isoformat()
        query = urlencode({"To": to, "DateSent>": since, "PageSize": _PAGE})
        for text in self._listed(f"/Messages.json?{query}"):
            if _is_recent(text, now) and _plain(str(text.get("body"))) == _plain(body):
                return str(text.get("sid"))
        return None

    def cancel(self, *, reference: str) -> bool:
        """Drop a text that Twilio still holds; one on its way cannot be called back."""
        path = f"/Messages/{quote(reference, safe='')}.json"
        try:
            reply = self._post(path, {"Status": "canceled"})
        except ConnectorError as error:
            if error.permanent:
                return False
            raise
        return reply.json().get("status") == "canceled"

    def _listed(self, path: str) -> Iterator[Mapping[str, Any]]:
        """The newest texts that came from us and did not fail at once."""
        found = _accepted(self._client().send("GET", self._root + path, headers=self._headers))
        texts = found.json().get("messages")
        for text in texts if isinstance(texts, list) else []:
            if (
                isinstance(text, dict)
                and str(text.get("direction", "")).startswith("outbound")
                and text.get("status") not in _GONE
            ):
                yield text

    def _post(self, path: str, fields: Mapping[str, str]) -> Reply:
        body = urlencode(fields).encode()
        reply = self._client().send("POST", self._root + path, body=body, headers=self._headers)
        return _accepted(reply)

    def _client(self) -> Client:
        return Client(self._account.base_url or USUAL_ADDRESS)


def _accepted(reply: Reply) -> Reply:
    """The 2xx reply; else ConnectorError with Twilio's own code, such as 21610."""
    try:
        value = json.loads(reply.body) if not reply.ok else {}
    except (ValueError, RecursionError):
        value = {}
    code = value.get("code") if isinstance(value, dict) else None
    return accepted(reply, code=str(code) if isinstance(code, int) else "")


def _is_recent(text: Mapping[str, Any], now: datetime) -> bool:
    try:
        made = parsedate_to_datetime(str(text.get("date_created")))
    except ValueError:
        return True  # better to believe that it was sent than to send it twice
    return now - made < FOUND_WITHIN


def _plain(words: str) -> str:
    return " ".join(_LINK.sub("", words).split())
