"""Pickers, codes and places for tests of the pick."""

from django.contrib.auth.models import User

from hub.stores.models import StaffScope, Store
from orders.models import StagingLocation
from orders.picking.codes import check_digit
from tests.factories import make_person


def make_picker(store: Store, **values) -> User:
    """Somebody who works in the store."""
    person = make_person(**values)
    StaffScope.objects.create(user=person, store=store)
    return person


def make_gtin(body: int) -> str:
    """A GTIN-13 with its check digit, of a number with at most twelve digits."""
    digits = f"{body:012}"
    return digits + str(check_digit(digits))


def make_places(store: Store) -> dict[str, StagingLocation]:
    """A shelf, a cooler and a freezer for bags, by zone."""
    codes = {"ambient": "A1", "chilled": "COOL1", "frozen": "ICE1"}
    return {
        zone: StagingLocation.objects.create(store=store, code=code, zone=zone)
        for zone, code in codes.items()
    }
