"""Contacts: the one place that writes personal data."""

from __future__ import annotations

from hub.crypto import lookup_hash
from hub.customers.addresses import clean_email, clean_name, clean_phone
from hub.customers.errors import Unreachable
from hub.customers.models import Contact

SEPARATOR = "\x1f"
LAST_DIGITS = 4


def keep_contact(*, name: str, phone: str, email: str) -> Contact:
    """Return the one contact of these three, made if it is new; several may ask at once.

    The same name in other letters' case is the same contact. Raises InvalidName, InvalidPhone,
    InvalidEmail, or Unreachable when there is neither phone nor e-mail.
    """
    name, phone, email = clean_name(name), clean_phone(phone), clean_email(email)
    if not phone and not email:
        raise Unreachable
    folded = name.casefold()
    identity = lookup_hash("identity", SEPARATOR.join([folded, phone, email]))
    known = Contact.objects.filter(identity_hash=identity)
    contact = known.first()
    if contact is None:
        fresh = Contact(
            name=name,
            phone=phone,
            email=email,
            name_hash=_hash("name", folded),
            phone_hash=_hash("phone", phone),
            phone_last4_hash=_hash("phone_last4", phone[-LAST_DIGITS:]),
            email_hash=_hash("email", email),
            identity_hash=identity,
        )
        Contact.objects.bulk_create([fresh], ignore_conflicts=True)
        contact = known.get()
    return contact


def _hash(kind: str, value: str) -> str:
    return lookup_hash(kind, value) if value else ""
