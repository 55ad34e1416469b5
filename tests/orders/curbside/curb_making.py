"""Things that the tests of the hand-off need."""

from django.contrib.auth.models import Permission
from django.db import connection

from hub.invariants import shipped
from orders.models import Bag, StagingLocation
from orders.picking.bags import pack, stage
from tests.factories import make_item, make_person, make_picking, pick_all, pin_of

PLACES = {"ambient": "A1", "chilled": "COOL1", "frozen": "ICE1"}


def lead(*permissions):
    """Somebody who may override PINs, or do what the permissions say."""
    person = make_person()
    wanted = permissions or ("override_pin",)
    person.user_permissions.add(*Permission.objects.filter(codename__in=wanted))
    return person


def wrong_pin(part):
    return f"{(int(pin_of(part)) + 1) % 10**6:06}"


def make_basket(**values):
    """A ready part with three bags in three zones: bread, butter and peas, two of each."""
    goods = {
        make_item(name=name, zone=zone): 2
        for name, zone in [("Peas", "frozen"), ("Bread", "ambient"), ("Butter", "chilled")]
    }
    part = make_picking(lines=goods, **values)
    pick_all(part)
    return bagged(part)


def bagged(part):
    zones = {line.item.zone for line in part.lines.select_related("item")}
    for zone in zones:
        StagingLocation.objects.get_or_create(
            store=part.store, code=PLACES[zone], defaults={"zone": zone}
        )
    for bag in pack(fulfillment=part, bags=dict.fromkeys(zones, 1)):
        stage(store=part.store, barcode=bag.barcode, place=PLACES[bag.zone])
    part.refresh_from_db()
    return part


def line_of(part, name):
    return part.lines.get(item__name=name)


def broken():
    """The names of the invariants that do not hold."""
    found = set()
    with connection.cursor() as cursor:
        for one in shipped():
            cursor.execute(f"SELECT count(*) FROM ({one.sql}) AS broken")
            if cursor.fetchone()[0]:
                found.add(one.name)
    return found


def zones_of(part):
    return sorted(Bag.objects.filter(fulfillment=part).values_list("zone", flat=True))
