"""What the codes in providers' receipts and refusals mean for the address, and for staff.

Vendors change their codes: whatever is not listed here is a passing failure. Sources: Twilio's
error dictionary, the reject reasons of e-mail services as django-anymail names them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """``permanent``: this address will never work by this channel. ``refused``: its owner has said
    STOP to the provider. ``alert``: not the address but we, or the provider, are the trouble."""

    means: str
    permanent: bool = False
    refused: bool = False
    alert: bool = False


PASSING = Verdict("not delivered")

CODES = {
    "21211": Verdict("not a phone number", permanent=True),
    "21408": Verdict("texts to this region are switched off", alert=True),
    "21610": Verdict("said STOP to the provider", refused=True),
    "21612": Verdict("no route to this number", alert=True),
    "21614": Verdict("not a mobile number", permanent=True),
    "30003": Verdict("phone switched off or out of reach"),
    "30004": Verdict("blocked by the carrier", alert=True),
    "30005": Verdict("unknown number", permanent=True),
    "30006": Verdict("landline", permanent=True),
    "30007": Verdict("filtered by the carrier", alert=True),
    "30008": Verdict("lost for an unknown reason"),
    "invalid": Verdict("not an e-mail address", permanent=True),
    "bounced": Verdict("the mailbox does not exist", permanent=True),
    "timed_out": Verdict("the mail server did not answer"),
    "blocked": Verdict("blocked by the mail server", alert=True),
    "spam": Verdict("reported as unwanted", refused=True),
    "unsubscribed": Verdict("unsubscribed at the e-mail service", refused=True),
}


def verdict_of(code: str) -> Verdict:
    """What the code means; an unknown or missing one is a passing failure."""
    return CODES.get(code.strip().lower(), PASSING)
