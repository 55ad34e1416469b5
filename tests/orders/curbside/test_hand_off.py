"""The hand-off: the PIN, its tries, the override, and everything that follows from it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction

from hub import clock
from hub.events.models import Fact
from hub.links.models import Link
from hub.links.services import make_link, may_act
from inventory.models import Allocation, StockLevel
from orders.blocks import lift_block
from orders.curbside.errors import (
    LeadRequired,
    PinLocked,
    PinMalformed,
    ReasonMissing,
    WrongPin,
)
from orders.curbside.handing import hand_off, override_hand_off
from orders.curbside.visits import arrive, say_on_my_way
from orders.errors import Blocked, IllegalMove
from orders.models import Block, FulfillmentOrder, HandOff, Order, PickupCode, Visit
from orders.picking.services import finish_picking, mark_ready
from tests.factories import (
    make_fulfillment,
    make_item,
    make_person,
    make_picking,
    make_ready,
    make_spots,
    pin_of,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def wrong_pin(fulfillment):
    return f"{(int(pin_of(fulfillment)) + 1) % 10**6:06}"


def facts(fulfillment):
    rows = Fact.objects.filter(subject=f"order:{fulfillment.order_id}").order_by("pk")
    return list(rows.values_list("name", flat=True))


def lead():
    person = make_person()
    person.user_permissions.add(Permission.objects.get(codename="override_pin"))
    return person


def lock(fulfillment):
    for _ in range(5):
        with pytest.raises(WrongPin):
            hand_off(fulfillment=fulfillment, pin=wrong_pin(fulfillment), by=None)


def test_the_right_pin_hands_everything_over():
    item, person = make_item(), make_person()
    fulfillment = make_ready(lines={item: 2})
    make_spots(fulfillment.store)
    arrive(fulfillment=fulfillment, spot="1")
    pin = pin_of(fulfillment)
    proof = hand_off(fulfillment=fulfillment, pin=f"{pin[:3]} {pin[3:]}", by=person)
    assert (proof.method, proof.by, proof.bags) == ("pin", person, 2)
    assert fulfillment.status == "completed"
    assert Order.objects.get(pk=fulfillment.order_id).status == "completed"
    assert fulfillment.lines.get().handed_off == 2
    level = StockLevel.objects.get(store=fulfillment.store, item=item)
    assert (level.on_hand, level.allocated) == (2, 0)
    visit = Visit.objects.get()
    assert (visit.status, visit.pickups.filter(active=True).count()) == ("done", 0)
    assert facts(fulfillment)[-3:] == ["fulfillment.handed_off", "visit.ended", "order.completed"]


def test_short_units_stay_in_the_store():
    item = make_item()
    fulfillment = make_picking(lines={item: 3})
    finish_picking(fulfillment=fulfillment, picked={fulfillment.lines.get().pk: 2})
    mark_ready(fulfillment=fulfillment, staging_location="A", bags=1)
    lift_block(block=Block.objects.get())  # the site has settled the smaller amount
    hand_off(fulfillment=fulfillment, pin=pin_of(fulfillment), by=None)
    level = StockLevel.objects.get(store=fulfillment.store, item=item)
    assert (level.on_hand, level.allocated) == (4, 0)
    row = Allocation.objects.get(reference=fulfillment.public_id)
    assert (row.quantity, row.released, row.handed_off) == (3, 1, 2)


def test_a_customer_at_the_counter_needs_no_visit():
    fulfillment = make_ready()
    hand_off(fulfillment=fulfillment, pin=pin_of(fulfillment), by=None)
    assert "visit.ended" not in facts(fulfillment)


def test_who_walks_in_while_expected_is_done_too():
    fulfillment = make_ready()
    say_on_my_way(fulfillment=fulfillment, minutes=5)
    hand_off(fulfillment=fulfillment, pin=pin_of(fulfillment), by=None)
    assert Visit.objects.get().status == "done"


def test_a_wrong_pin_says_how_many_tries_are_left():
    fulfillment = make_ready()
    left = []
    for _ in range(5):
        with pytest.raises(WrongPin) as refusal:
            hand_off(fulfillment=fulfillment, pin=wrong_pin(fulfillment), by=None)
        left.append(refusal.value.extra["tries_left"])
    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(PinLocked):
        hand_off(fulfillment=fulfillment, pin=pin_of(fulfillment), by=None)
    fulfillment.refresh_from_db()
    assert fulfillment.status == "ready"


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12\x003456"])
def test_what_is_no_pin_costs_no_try(pin):
    fulfillment = make_ready()
    with pytest.raises(PinMalformed):
        hand_off(fulfillment=fulfillment, pin=pin, by=None)
    assert PickupCode.objects.get().failures == 0


def test_a_right_pin_costs_no_try_even_when_a_block_stops_the_hand_off():
    fulfillment = make_ready()
    Block.objects.create(order=fulfillment.order, reason=Block.Reason.AGE_CHECK)
    with pytest.raises(Blocked):
        hand_off(fulfillment=fulfillment, pin=pin_of(fulfillment), by=None)
    assert PickupCode.objects.get().failures == 0


def test_only_a_lead_with_a_reason_overrides_the_lock():
    fulfillment = make_ready()
    lock(fulfillment)
    with pytest.raises(LeadRequired):
        override_hand_off(fulfillment=fulfillment, reason="knows her", by=make_person())
    with pytest.raises(ReasonMissing):
        override_hand_off(fulfillment=fulfillment, reason=" ", by=lead())
    proof = override_hand_off(fulfillment=fulfillment, reason="ID seen", by=lead())
    assert (proof.method, proof.reason) == ("override", "ID seen")


def test_what_is_not_ready_is_not_handed_over():
    fulfillment = make_fulfillment()
    with pytest.raises(IllegalMove):
        hand_off(fulfillment=fulfillment, pin="000000", by=None)


def test_the_same_token_again_returns_the_first_proof():
    fulfillment = make_ready()
    pin = pin_of(fulfillment)
    first = hand_off(fulfillment=fulfillment, pin=pin, by=None, token="tap")
    again = hand_off(fulfillment=fulfillment, pin="999999", by=None, token="tap")
    assert again.pk == first.pk
    with pytest.raises(IllegalMove):
        hand_off(fulfillment=fulfillment, pin=pin, by=None, token="another")


def test_links_turn_read_only_for_seven_days():
    fulfillment = make_ready()
    make_link(purpose="pickup", subject=f"fulfillment:{fulfillment.pk}")
    hand_off(fulfillment=fulfillment, pin=pin_of(fulfillment), by=None)
    link = Link.objects.get()
    assert not may_act(link)
    assert link.expires_at
    assert timedelta(days=6, hours=23) < link.expires_at - clock.now() <= timedelta(days=7)


def test_an_order_of_two_parts_is_complete_with_the_last():
    fulfillment = make_ready()
    other = make_ready()
    FulfillmentOrder.objects.filter(pk=other.pk).update(order=fulfillment.order)
    other.refresh_from_db()
    hand_off(fulfillment=fulfillment, pin=pin_of(fulfillment), by=None)
    assert Order.objects.get(pk=fulfillment.order_id).status == "open"
    hand_off(fulfillment=other, pin=pin_of(other), by=None)
    assert Order.objects.get(pk=fulfillment.order_id).status == "completed"


@pytest.mark.django_db(transaction=True)
def test_a_hand_off_inside_a_transaction_could_forget_a_wrong_pin_so_it_is_refused():
    fulfillment = make_ready()
    with pytest.raises(RuntimeError), transaction.atomic():
        hand_off(fulfillment=fulfillment, pin=pin_of(fulfillment), by=None)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_hundred_guesses_at_once_are_five_guesses():
    fulfillment = make_ready()
    wrong = wrong_pin(fulfillment)

    def guess(_number):
        mine = FulfillmentOrder.objects.get(pk=fulfillment.pk)
        outcomes = []
        for _ in range(5):
            try:
                hand_off(fulfillment=mine, pin=wrong, by=None)
            except (WrongPin, PinLocked) as refusal:
                outcomes.append(refusal.code)
        return outcomes

    outcomes = [code for codes in at_once(20, guess) for code in codes]
    assert (outcomes.count("wrong_pin"), outcomes.count("pin_locked")) == (5, 95)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_hand_offs_at_once_give_the_goods_once():
    item = make_item()
    fulfillment = make_ready(lines={item: 2})
    pin = pin_of(fulfillment)

    def give(number):
        mine = FulfillmentOrder.objects.get(pk=fulfillment.pk)
        try:
            hand_off(fulfillment=mine, pin=pin, by=None, token=f"tap-{number}")
        except (IllegalMove, PinLocked):
            return False
        return True

    assert sum(at_once(12, give)) == 1
    assert HandOff.objects.count() == 1
    assert StockLevel.objects.get(store=fulfillment.store, item=item).on_hand == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_parts_handed_over_at_once_complete_the_order_once():
    for _ in range(5):
        fulfillment, other = make_ready(), make_ready()
        FulfillmentOrder.objects.filter(pk=other.pk).update(order=fulfillment.order)
        parts = [fulfillment, other]
        pins = [pin_of(part) for part in parts]

        def give(number, parts=parts, pins=pins):
            mine = FulfillmentOrder.objects.get(pk=parts[number].pk)
            hand_off(fulfillment=mine, pin=pins[number], by=None)

        at_once(2, give)
        assert facts(fulfillment).count("order.completed") == 1
