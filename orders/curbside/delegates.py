"""Somebody else collects: the customer names him, and he has a code of his own."""

from __future__ import annotations

from django.db import transaction

from hub.events.catalog import DelegateNamed
from hub.events.outbox import publish
from orders.actions import lock_parts
from orders.curbside.errors import NameMissing, PickupOver
from orders.curbside.pins import fresh_code
from orders.models import Delegate, FulfillmentOrder, PickupCode
from orders.states import LIVE
from orders.text import clean

NAME_CHARACTERS = 80


@transaction.atomic
def name_delegate(*, fulfillment: FulfillmentOrder, name: str) -> Delegate:
    """Let this person collect, with six digits of his own and five tries.

    Whoever was named before may no longer; the same name again keeps its code, so that what was
    passed on stays true. Publishes DelegateNamed. Raises NameMissing, TextTooLong or PickupOver.
    """
    said = clean(name, limit=NAME_CHARACTERS, what="the name")
    if not said:
        raise NameMissing
    _lock(fulfillment)
    known = delegate_of(fulfillment)
    if known is not None and known.name == said:
        return known
    pin = PickupCode.objects.filter(fulfillment=fulfillment).values_list("pin", flat=True).first()
    code = fresh_code(other_than=pin or "")
    delegate, _ = Delegate.objects.update_or_create(
        fulfillment=fulfillment, defaults={"name": said, "code": code, "failures": 0}
    )
    publish(DelegateNamed(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk))
    return delegate


@transaction.atomic
def revoke_delegate(*, fulfillment: FulfillmentOrder) -> bool:
    """Only the customer himself may collect; False when nobody was named. Raises PickupOver."""
    _lock(fulfillment)
    revoked = bool(Delegate.objects.filter(fulfillment=fulfillment).delete()[0])
    if revoked:
        ids = {"order_id": fulfillment.order_id, "fulfillment_id": fulfillment.pk}
        publish(DelegateNamed(**ids, revoked=True))
    return revoked


def delegate_of(fulfillment: FulfillmentOrder) -> Delegate | None:
    """Who may collect beside the customer."""
    return Delegate.objects.filter(fulfillment=fulfillment).first()


def _lock(fulfillment: FulfillmentOrder) -> None:
    lock_parts(fulfillment.order_id)
    fulfillment.refresh_from_db(fields=["status", "version"])
    if fulfillment.status not in LIVE:
        raise PickupOver(f"the order is {fulfillment.status}", present_status=fulfillment.status)
