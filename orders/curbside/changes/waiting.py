"""The customer comes a day later."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction

from hub import clock
from orders.curbside.changes import rules
from orders.curbside.changes.errors import ChangeOff
from orders.curbside.settings import curb_of
from orders.models import ActionRecord, CurbSettings, FulfillmentOrder
from orders.waiting import WaitTooLong, extend_wait, is_fresh, longer_by

ONE_DAY = 1


@transaction.atomic
def extend(
    *, fulfillment: FulfillmentOrder, token: str = "", version: int | None = None
) -> datetime:
    """Keep the ready goods one more day, until the store closes; returns until when.

    Raises ChangeOff when the store allows no further extension, WaitTooLong for fresh goods and
    beyond a week, and what ``rules.begin`` raises.
    """
    once = token or secrets.token_urlsafe(16)  # each one is recorded, so that they can be counted
    if not rules.begin(fulfillment, rules.EXTEND, token=once, version=version):
        return fulfillment.expires_at or clock.now()
    if extensions_left(fulfillment, curb_of(fulfillment.store)) < 0:
        raise ChangeOff("it has been kept longer often enough")
    return extend_wait(fulfillment=fulfillment, days=ONE_DAY)


def extensions_left(part: FulfillmentOrder, curb: CurbSettings) -> int:
    """How many more days the customer may ask for, as far as the store counts."""
    asked = ActionRecord.objects.filter(fulfillment=part, action=rules.EXTEND).count()
    return curb.most_extensions - asked


def later(part: FulfillmentOrder) -> datetime | None:
    """Until when a ready part would be kept a day longer; None when it cannot be."""
    if is_fresh(part):
        return None
    try:
        return longer_by(part, ONE_DAY)
    except WaitTooLong:
        return None
