"""Finding people whose data is sealed: by the keyed hash of what staff type."""

from __future__ import annotations

from django.db.models import Q

from hub.crypto import lookup_hash
from hub.customers.addresses import clean_name, clean_phone
from hub.errors import HubError

LAST_DIGITS = 4


def contact_hashes(term: str, *, path: str = "contact__") -> Q:
    """Rows whose ``contact`` has this name, phone, end of phone, or e-mail; ``path`` leads from
    the row to its contact."""
    known = {"email_hash": lookup_hash("email", term.lower())}
    if term.isascii() and term.isdecimal() and len(term) == LAST_DIGITS:
        known["phone_last4_hash"] = lookup_hash("phone_last4", term)
    try:
        known["name_hash"] = lookup_hash("name", clean_name(term).casefold())
        known["phone_hash"] = lookup_hash("phone", clean_phone(term))
    except HubError:
        pass  # not a name, or not a phone number: then nobody has it
    return Q(*((path + name, value) for name, value in known.items()), _connector=Q.OR)
