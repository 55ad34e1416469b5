"""Contacts: the one place that turns personal data into what is stored of it."""

from __future__ import annotations

from dataclasses import dataclass

from hub.crypto import encrypt, lookup_hash
from hub.customers.addresses import clean_email, clean_name, clean_phone
from hub.customers.errors import Unreachable

SEPARATOR = "\x1f"
LAST_DIGITS = 4


@dataclass(frozen=True)
class Person:
    """A name, a phone (E.164) and an e-mail address in their canonical forms.

    ``identity_hash`` covers all three: the same name in other letters' case is the same person.
    """

    name: str
    phone: str
    email: str
    identity_hash: str


def person(*, name: str, phone: str, email: str) -> Person:
    """Clean the three. Raises InvalidName, InvalidPhone, InvalidEmail, or Unreachable when there
    is neither phone nor e-mail."""
    name, phone, email = clean_name(name), clean_phone(phone), clean_email(email)
    if not phone and not email:
        raise Unreachable
    identity = lookup_hash("identity", SEPARATOR.join([name.casefold(), phone, email]))
    return Person(name, phone, email, identity)


def sealed_columns(who: Person) -> dict[str, str]:
    """The columns of a person's Contact by name: texts sealed (tokens in ASCII), hashes keyed."""
    return {
        "identity_hash": who.identity_hash,
        "name_hash": _hash("name", who.name.casefold()),
        "phone_hash": _hash("phone", who.phone),
        "phone_last4_hash": _hash("phone_last4", who.phone[-LAST_DIGITS:]),
        "email_hash": _hash("email", who.email),
        "name": encrypt(who.name).decode(),
        "phone": encrypt(who.phone).decode(),
        "email": encrypt(who.email).decode(),
    }


def _hash(kind: str, value: str) -> str:
    return lookup_hash(kind, value) if value else ""
