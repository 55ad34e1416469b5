"""The six digits that prove whose order it is."""

from __future__ import annotations

import hmac
import re

from django.db import transaction
from django.db.models import F

from orders.curbside.errors import PinLocked, PinMalformed, WrongPin
from orders.models import FulfillmentOrder, PickupCode

TRIES = 5
_SIX_DIGITS = re.compile(r"[0-9]{6}\Z")


def check_pin(*, fulfillment: FulfillmentOrder, pin: str) -> None:
    """Return when the PIN is right; each wrong one uses up a try that stays used up.

    The try is taken before the PIN is looked at, in a transaction of its own: a hundred guesses
    at once are still five guesses, and no refusal further out gives one back. So it must be
    called outside of any transaction. Raises PinMalformed, WrongPin with ``tries_left``, or
    PinLocked.
    """
    given = "".join(pin.split())
    if not _SIX_DIGITS.match(given):
        raise PinMalformed
    code = _take_try(fulfillment)
    if not hmac.compare_digest(given, code.pin):
        left = TRIES - code.failures
        raise WrongPin(f"wrong PIN, {left} tries left", tries_left=left)
    PickupCode.objects.filter(pk=code.pk).update(failures=F("failures") - 1)


def _take_try(fulfillment: FulfillmentOrder) -> PickupCode:
    open_codes = PickupCode.objects.filter(fulfillment=fulfillment, failures__lt=TRIES)
    with transaction.atomic(durable=True):
        if not open_codes.update(failures=F("failures") + 1):
            raise PinLocked
        return PickupCode.objects.get(fulfillment=fulfillment)
