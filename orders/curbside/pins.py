"""The six digits that prove whose order it is: the customer's PIN, or his delegate's code."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, QuerySet

from orders.curbside.errors import CodeOfAnother, NoDelegate, PinLocked, PinMalformed, WrongPin
from orders.models import Delegate, FulfillmentOrder, PickupCode

TRIES = 5
DIGITS = 6
_SIX_DIGITS = re.compile(r"[0-9]{6}\Z")
_SCANNED = re.compile(r"(?P<part>ful_[0-9A-Za-z_-]{1,40})\.(?P<delegate>d?)(?P<digits>[0-9]{6})\Z")

Codes = QuerySet[PickupCode] | QuerySet[Delegate]


class Typed(NamedTuple):
    """What came out of the field: digits, and who has them when a QR code said so."""

    digits: str
    is_delegates: bool
    part: str = ""


def qr_text(fulfillment: FulfillmentOrder, code: str, *, delegate: bool = False) -> str:
    """What the QR code of a PIN says; that of a delegate's code is marked with a ``d``."""
    return f"{fulfillment.public_id}.{'d' if delegate else ''}{code}"


def read_typed(text: str) -> Typed:
    """The digits that somebody typed, or that a scanner typed from a QR code.

    Raises PinMalformed when they are neither.
    """
    given = "".join(text.split())
    scanned = _SCANNED.match(given)
    if scanned:
        return Typed(scanned["digits"], bool(scanned["delegate"]), scanned["part"])
    if not _SIX_DIGITS.match(given):
        raise PinMalformed
    return Typed(given, False)


def check_typed(*, fulfillment: FulfillmentOrder, text: str, delegate: bool = False) -> bool:
    """Return when the code is right: True for the delegate's, False for the customer's.

    Each wrong one uses up a try of the one it was checked against, and the try stays used up: it
    is taken before the code is looked at, in a transaction of its own, so a hundred guesses at
    once are still five, and no refusal further out gives one back. So this must be called outside
    of any transaction. Raises PinMalformed, CodeOfAnother, NoDelegate, WrongPin with
    ``tries_left``, or PinLocked.
    """
    typed = read_typed(text)
    if typed.part not in ("", fulfillment.public_id):
        raise CodeOfAnother
    delegate = delegate or typed.is_delegates
    if delegate:
        _check(Delegate.objects.filter(fulfillment=fulfillment), typed.digits, NoDelegate)
    else:
        _check(PickupCode.objects.filter(fulfillment=fulfillment), typed.digits, PinLocked)
    return delegate


def is_locked(fulfillment: FulfillmentOrder, *, delegate: bool = False) -> bool:
    """Whether five wrong tries have locked the code."""
    codes: Codes = Delegate.objects.all() if delegate else PickupCode.objects.all()
    return codes.filter(fulfillment=fulfillment, failures__gte=TRIES).exists()


def fresh_code(*, other_than: str = "") -> str:
    """Six random digits that are not ``other_than``."""
    while (code := f"{secrets.randbelow(10**DIGITS):0{DIGITS}}") == other_than:
        pass
    return code


def _check(codes: Codes, digits: str, missing: type[NoDelegate | PinLocked]) -> None:
    row = _take_try(codes, missing)
    right = row.code if isinstance(row, Delegate) else row.pin
    if not hmac.compare_digest(digits, right):
        left = TRIES - row.failures
        raise WrongPin(f"wrong PIN, {left} tries left", tries_left=left)
    codes.filter(pk=row.pk).update(failures=F("failures") - 1)


def _take_try(codes: Codes, missing: type[NoDelegate | PinLocked]) -> PickupCode | Delegate:
    with transaction.atomic(durable=True):
        taken = codes.filter(failures__lt=TRIES).update(failures=F("failures") + 1)
        row = codes.first()
        if row is None:
            raise missing
        if not taken:
            raise PinLocked
        return row
