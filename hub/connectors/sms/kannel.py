"""Kannel's ``sendsms``: the gateway that many carriers and small providers run.

https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html (chapter 6.1)
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import quote, urlencode

from hub.connectors.http import Client, Reply
from hub.connectors.sms.answers import accepted
from hub.connectors.sms.base import SmsAccount
from hub.errors import ConnectorError

TEXTS = "texts"
EVERY_RECEIPT = "31"  # delivered, not delivered, queued, handed to the network, refused by it
_ACCEPTED = 202
_SECONDS_IN_MINUTE = 60
_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    "^{}\\[~]|€\f"
)


class KannelSms:
    """One ``sendsms-user`` of a Kannel. Options: ``smsc`` (route), ``dlr_mask``.

    Kannel keeps no reference of ours and drops no repeats: receipts name the text by the address
    that is given along with it.
    """

    def __init__(self, account: SmsAccount) -> None:
        self.name = account.name
        self._account = account

    def send(self, *, to: str, body: str, reference: str, valid_seconds: int) -> str:
        """Hand the text over; Kannel's answer carries no number, so the reference is ours."""
        fields = {
            "username": self._account.account,
            "password": self._account.secret,
            "from": self._account.sender,
            "to": to,
            "text": body,
            "charset": "UTF-8",
            "coding": "0" if _GSM7.issuperset(body) else "2",
            "validity": str(max(1, valid_seconds // _SECONDS_IN_MINUTE)),
            "dlr-mask": self._account.option("dlr_mask", EVERY_RECEIPT),
            "dlr-url": self.receipt_url(reference),
        }
        if smsc := self._account.option("smsc"):
            fields["smsc"] = smsc
        query = urlencode(fields, quote_via=quote, safe="")
        reply = Client(self._account.base_url).send("GET", f"/cgi-bin/sendsms?{query}")
        _check(reply)
        return reference

    def receipt_url(self, reference: str) -> str:
        """Where Kannel tells what became of a text; it fills in what begins with ``%``."""
        key = callback_key(self._account.callback_secret, reference)
        base = f"{self._account.receipts_url}?ref={quote(reference, safe='')}&key={key}"
        return f"{base}&status=%d&answer=%A"


def callback_key(secret: str, purpose: str) -> str:
    """What an address must carry to be believed: for one text's receipts, or for ``TEXTS``."""
    return hmac.new(secret.encode(), f"kannel:{purpose}".encode(), hashlib.sha256).hexdigest()[:40]


def texts_url(receipts_url: str, secret: str) -> str:
    """The ``get-url`` of the ``sms-service`` that hands on what customers write."""
    key = callback_key(secret, TEXTS)
    return f"{receipts_url}?key={key}&from=%p&to=%P&text=%b&charset=%C&id=%I"


def _check(reply: Reply) -> None:
    """Kannel answers 202 and ``0: Accepted for delivery`` or ``3: Queued for later delivery``."""
    accepted(reply)
    if reply.status != _ACCEPTED:
        raise ConnectorError(f"HTTP {reply.status} is not Kannel's answer", ambiguous=True)
