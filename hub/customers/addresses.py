"""Names, addresses, languages and accounts in one canonical form each; pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from zoneinfo import available_timezones

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from phonenumbers import PhoneNumberType

from hub.customers.errors import (
    InvalidAccount,
    InvalidEmail,
    InvalidLocale,
    InvalidName,
    InvalidPhone,
    InvalidTimezone,
)

LONGEST_NAME = 200
LONGEST_PHONE = 40
LONGEST_EMAIL = 254
LONGEST_ACCOUNT = 120

# What systems send as the account of somebody who has none; merging on them would make one
# person of all guests.
NOBODY = {"", "-1", "0", "anonymous", "guest", "n/a", "none", "null", "undefined", "unknown"}

_LOCALE = re.compile(r"(?=.{2,10}\Z)[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
_SPACES = re.compile(r"\s+")
# Kinds of number that no text can reach. Unknown kinds may: numbering plans grow faster than
# anybody's copy of them.
_SILENT = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PAGER,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
}


def clean_name(text: str) -> str:
    """Return the name on one line, composed (NFC), without control and direction characters.

    Raises InvalidName when it is longer than 200 characters or holds lone surrogates.
    """
    visible = (
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", text)
        if character.isspace() or unicodedata.category(character) not in {"Cc", "Cf"}
    )
    name = _SPACES.sub(" ", "".join(visible)).strip()
    if len(name) > LONGEST_NAME or any(unicodedata.category(char) == "Cs" for char in name):
        raise InvalidName
    return name


def clean_phone(text: str) -> str:
    """Return the number as E.164, or empty for empty; raises InvalidPhone."""
    if not text.strip():
        return ""
    if len(text) > LONGEST_PHONE:
        raise InvalidPhone
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        raise InvalidPhone from None
    if number.extension or not phonenumbers.is_possible_number(number):
        raise InvalidPhone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def clean_email(text: str) -> str:
    """Return the address in lower case, or empty for empty; raises InvalidEmail."""
    email = text.strip().lower()
    if not email:
        return ""
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidEmail from None
    if len(email) > LONGEST_EMAIL or any(unicodedata.category(char) == "Cs" for char in email):
        raise InvalidEmail
    return email


def clean_locale(text: str) -> str:
    """Return the language tag with hyphens (``fr-CA``), or empty; raises InvalidLocale."""
    locale = text.strip().replace("_", "-")
    if locale and not _LOCALE.match(locale):
        raise InvalidLocale
    return locale


def clean_timezone(text: str) -> str:
    """Return the IANA name as it is, or empty; raises InvalidTimezone."""
    if text and text not in _zones():
        raise InvalidTimezone
    return text


def clean_account(text: str) -> str:
    """Return the account number without outer blanks, or empty when it stands for nobody.

    Raises InvalidAccount for one that cannot be kept.
    """
    account = text.strip()
    if len(account) > LONGEST_ACCOUNT or not account.isprintable():
        raise InvalidAccount
    return "" if account.casefold() in NOBODY else account


def takes_texts(phone: str) -> bool:
    """Whether a text may arrive at this E.164 number; a landline's or premium number's cannot."""
    return bool(phone) and phonenumbers.number_type(phonenumbers.parse(phone)) not in _SILENT


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
