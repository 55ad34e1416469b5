"""What tests of returns start from."""

from __future__ import annotations

from django.contrib.auth.models import Permission, User

from hub.stores.models import StaffScope, Store
from orders.curbside.handing import hand_off
from orders.models import FulfillmentOrder
from orders.returns.services import Brought, take_back
from tests.factories import make_person, make_ready, pin_of


def make_collected(**values) -> FulfillmentOrder:
    """A part that the customer has; takes what ``make_order`` takes."""
    part = make_ready(**values)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    return part


def make_lead(*permissions: str) -> User:
    """Somebody of the staff with these permissions of orders, who works in every store."""
    person = make_person()
    rows = Permission.objects.filter(content_type__app_label="orders", codename__in=permissions)
    person.user_permissions.set(rows)
    StaffScope.objects.bulk_create(
        StaffScope(user=person, store=store) for store in Store.objects.all()
    )
    return User.objects.get(pk=person.pk)


def bring_back(part: FulfillmentOrder, units: int, disposition: str = "restock", **more):
    """So many units of the part's only line come back."""
    brought = Brought(line_id=part.lines.get().pk, units=units, disposition=disposition)
    return take_back(fulfillment=part, brought=[brought], **{"reason": "too many"} | more)
