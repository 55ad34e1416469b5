"""Who picks which zone: one at a time, kept by working, given up by waiting or on demand."""

from datetime import timedelta

import pytest

from hub import clock
from orders.errors import Blocked, IllegalMove
from orders.models import Block, FulfillmentOrder, ZonePick
from orders.picking.claims import claim, claims_of, give_up
from orders.picking.errors import ClaimedElsewhere, NothingToClaim
from orders.picking.scanning import scan
from tests.factories import make_fulfillment, make_item, make_ready, make_store, stock
from tests.orders.picking.making import make_gtin, make_picker
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def part_of_zones(*zones):
    items = {make_item(zone=zone, gtin=make_gtin(place)): 1 for place, zone in enumerate(zones, 1)}
    store = make_store()
    stock(store, dict.fromkeys(items, 5))
    return make_fulfillment(store=store, lines=items)


def someone(part, **values):
    return make_picker(part.store, **values)


def zones(claims):
    return [one.zone for one in claims]


def test_a_claim_accepts_and_starts_the_part():
    part = part_of_zones("ambient", "frozen", "chilled")
    ann = someone(part)
    assert zones(claim(fulfillment=part, by=ann)) == ["ambient", "chilled", "frozen"]
    assert part.status == "picking"


def test_zones_of_one_part_may_be_picked_by_different_people():
    part = part_of_zones("ambient", "frozen")
    ann, ben = someone(part), someone(part)
    claim(fulfillment=part, by=ann, zones=["ambient"])
    assert zones(claim(fulfillment=part, by=ben)) == ["frozen"]


def test_a_claimed_zone_is_refused_naming_who_has_it():
    part = part_of_zones("ambient", "frozen")
    ann, ben = someone(part, first_name="Ann", last_name="Lee"), someone(part)
    claim(fulfillment=part, by=ann)
    with pytest.raises(ClaimedElsewhere) as refusal:
        claim(fulfillment=part, by=ben)
    assert refusal.value.extra["picker"] == "Ann Lee"
    with pytest.raises(ClaimedElsewhere):
        claim(fulfillment=part, by=ben, zones=["frozen"])


def test_a_claim_can_be_taken_over_from_the_person_who_was_named():
    part = part_of_zones("ambient")
    ann, ben, eve = someone(part), someone(part), someone(part)
    claim(fulfillment=part, by=ann)
    with pytest.raises(ClaimedElsewhere):
        claim(fulfillment=part, by=ben, taken_from=eve)
    claim(fulfillment=part, by=ben, taken_from=ann)
    assert claims_of(part, ann) == []
    assert zones(claims_of(part, ben)) == ["ambient"]


def test_a_claim_lapses_and_work_prolongs_it():
    part = part_of_zones("ambient")
    ann, ben = someone(part), someone(part)
    start = clock.now()
    claim(fulfillment=part, by=ann)
    item = part.lines.get().item
    with clock.turned_to(start + timedelta(minutes=14)):
        scan(fulfillment=part, code=item.gtin, by=ann)
    with clock.turned_to(start + timedelta(minutes=28)), pytest.raises(ClaimedElsewhere):
        claim(fulfillment=part, by=ben)
    with clock.turned_to(start + timedelta(minutes=30)):
        assert zones(claim(fulfillment=part, by=ben)) == ["ambient"]


def test_what_was_given_up_is_free():
    part = part_of_zones("ambient")
    ann, ben = someone(part), someone(part)
    claim(fulfillment=part, by=ann)
    assert give_up(fulfillment=part, by=ann) == 1
    assert zones(claim(fulfillment=part, by=ben)) == ["ambient"]


def test_a_zone_without_goods_cannot_be_claimed():
    part = part_of_zones("ambient")
    with pytest.raises(NothingToClaim):
        claim(fulfillment=part, by=someone(part), zones=["frozen"])


def test_what_is_ready_cannot_be_claimed():
    part = make_ready()
    with pytest.raises(IllegalMove):
        claim(fulfillment=part, by=someone(part))


def test_a_block_keeps_a_part_from_being_started():
    part = part_of_zones("ambient")
    Block.objects.create(order=part.order, reason="fraud")
    with pytest.raises(Blocked):
        claim(fulfillment=part, by=someone(part))
    assert not ZonePick.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_people_one_gets_the_zone():
    part = part_of_zones("ambient")
    people = [someone(part) for _ in range(10)]

    def tap(number):
        row = FulfillmentOrder.objects.select_related("store").get(pk=part.pk)
        try:
            return len(claim(fulfillment=row, by=people[number]))
        except ClaimedElsewhere:
            return 0

    assert sum(at_once(10, tap)) == 1
    assert ZonePick.objects.count() == 1
