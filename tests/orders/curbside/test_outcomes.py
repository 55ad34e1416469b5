"""What the customer does not get: refused, damaged, too young, or collected later."""

import pytest
from django.db import DatabaseError, connection, transaction

from hub.events.models import Fact
from inventory.models import StockLevel
from orders.curbside.errors import BagsDiffer, LinesUnaccounted, NothingGiven, PinLocked, WrongPin
from orders.curbside.handing import (
    LineOutcome,
    give,
    hand_off,
    hand_off_by_id,
    handling_order,
    identify,
    receipt_of,
    rest_of,
)
from orders.curbside.handing.giving import Known
from orders.curbside.visits import arrive
from orders.errors import IllegalMove
from orders.models import (
    FulfillmentOrder,
    HandOff,
    HandOffLine,
    Order,
    PickupCode,
    PutBack,
    Refund,
    Settlement,
    Visit,
)
from orders.placing.cancel import cancel_order
from orders.putting_back import BrokenGoods, put_back
from orders.waiting import extend_wait
from tests.factories import make_item, make_person, make_ready, make_spots, pin_of
from tests.orders.curbside.curb_making import (
    broken,
    line_of,
    make_basket,
    wrong_pin,
    zones_of,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def given(part, **told):
    return hand_off(fulfillment=part, pin=pin_of(part), by=None, **told)


def outcomes(proof):
    rows = proof.lines.order_by("line_id", "outcome")
    return [(row.line.item.name, row.outcome, row.units) for row in rows]


def facts(part):
    rows = Fact.objects.filter(subject=f"order:{part.order_id}").order_by("pk")
    return list(rows.values_list("name", flat=True))


def test_what_is_damaged_or_refused_goes_back_and_is_paid_back():
    part = make_basket()
    butter, peas = line_of(part, "Butter"), line_of(part, "Peas")
    proof = given(
        part,
        lines={
            butter.pk: LineOutcome(damaged=1, reason="lid open"),
            peas.pk: LineOutcome(refused=2),
        },
    )
    assert outcomes(proof) == [
        ("Peas", "refused", 2),
        ("Bread", "given", 2),
        ("Butter", "damaged", 1),
        ("Butter", "given", 1),
    ]
    assert sorted(PutBack.objects.values_list("units", "reason")) == [
        (1, "damaged at the curb"),
        (2, "refused at the curb"),
    ]
    owed = dict(Refund.objects.values_list("reason", "amount_minor"))
    assert owed == {"refused": 1000, "damaged": 500}
    assert [line.handed_off for line in part.lines.order_by("pk")] == [0, 2, 1]
    level = StockLevel.objects.get(store=part.store, item=butter.item)
    assert (level.on_hand, level.allocated) == (3, 1)
    assert "fulfillment.goods_refused" in facts(part)
    assert broken() == set()


def test_damaged_units_end_as_damaged_stock():
    part = make_basket()
    bread = line_of(part, "Bread")
    given(part, lines={bread.pk: LineOutcome(damaged=1)})
    with pytest.raises(BrokenGoods):
        put_back(task=PutBack.objects.get(), outcome="shelf", by="pola")
    put_back(task=PutBack.objects.get(), outcome="damaged", by="pola")
    level = StockLevel.objects.get(store=part.store, item=bread.item)
    assert (level.on_hand, level.unavailable, level.allocated) == (3, 1, 0)
    assert broken() == set()


def test_who_takes_nothing_leaves_a_canceled_part_with_its_proof():
    part = make_ready()
    line = part.lines.get()
    proof = given(part, lines={line.pk: LineOutcome(refused=2, reason="too ripe")})
    assert (part.status, proof.bags) == ("canceled", 0)
    assert Order.objects.get(pk=part.order_id).status == "canceled"
    assert Refund.objects.get().amount_minor == 1000
    assert StockLevel.objects.get(store=part.store, item=line.item).on_hand == 4
    assert broken() == set()


def test_what_is_collected_later_is_a_ready_part_of_its_own():
    part = make_basket()
    make_spots(part.store)
    arrive(fulfillment=part, spot="1")
    butter, peas = line_of(part, "Butter"), line_of(part, "Peas")
    given(part, lines={butter.pk: LineOutcome(later=1), peas.pk: LineOutcome(later=2)})
    rest = rest_of(part)
    assert (part.status, rest.status) == ("completed", "ready")
    assert Order.objects.get(pk=part.order_id).status == "open"
    assert sorted(rest.lines.values_list("item__name", "picked")) == [("Butter", 1), ("Peas", 2)]
    assert zones_of(rest) == ["chilled", "frozen"]
    assert zones_of(part) == ["ambient", "chilled"]
    assert (rest.bags, rest.staging_location) == (2, "COOL1, ICE1")
    assert pin_of(rest)
    assert rest.expires_at > rest.ready_at
    assert Visit.objects.get().status == "done"
    assert facts(part).count("fulfillment.ready_for_pickup") == 2
    assert broken() == set()


def test_the_rest_is_handed_over_with_its_own_pin_and_completes_the_order():
    part = make_basket()
    given(part, lines={line_of(part, "Peas").pk: LineOutcome(later=2)})
    rest = rest_of(part)
    given(rest)
    assert Order.objects.get(pk=part.order_id).status == "completed"
    assert rest.lines.get().handed_off == 2
    assert broken() == set()


def test_the_rest_takes_its_share_of_the_amount_with_it():
    part = make_basket()
    given(part, lines={line_of(part, "Peas").pk: LineOutcome(later=1)})
    amounts = Settlement.objects.order_by("pk").values_list("ordered_minor", "supplied_minor")
    assert list(amounts) == [(2500, 2500), (500, 500)]
    lines = Settlement.objects.get(fulfillment=part).lines
    assert sorted((line["number"], line["units"]) for line in lines) == [(1, 1), (2, 2), (3, 2)]


def test_a_rest_without_bags_on_record_has_those_that_were_not_given():
    item = make_item()
    part = make_ready(lines={item: 2})
    given(part, bags=1, lines={part.lines.get().pk: LineOutcome(later=1)})
    rest = rest_of(part)
    assert (rest.bags, rest.staging_location, HandOff.objects.get().bags) == (1, "A-1", 1)


@pytest.mark.parametrize(
    "wrong",
    [
        LineOutcome(refused=3),
        LineOutcome(refused=-1),
        LineOutcome(later=1, damaged=2),
        LineOutcome(age_refused=1),
    ],
)
def test_units_that_are_not_there_are_not_told_away(wrong):
    part = make_ready()
    with pytest.raises(LinesUnaccounted):
        given(part, lines={part.lines.get().pk: wrong})
    part.refresh_from_db()
    assert part.status == "ready"


def test_a_line_of_another_part_is_refused():
    part, other = make_ready(), make_ready()
    with pytest.raises(LinesUnaccounted):
        given(part, lines={other.lines.get().pk: LineOutcome()})


def test_all_of_it_later_is_no_hand_off():
    part = make_ready()
    with pytest.raises(NothingGiven):
        given(part, lines={part.lines.get().pk: LineOutcome(later=2)})


def test_another_number_of_bags_needs_a_reason():
    part = make_ready()
    with pytest.raises(BagsDiffer) as refusal:
        given(part, bags=3)
    assert refusal.value.extra == {"packed": 2, "counted": 3}
    proof = given(part, bags=3, bags_reason="repacked in the car park")
    assert (proof.bags, proof.bags_reason) == (3, "repacked in the car park")


def test_an_id_with_the_right_name_is_enough_unless_the_pin_is_locked():
    part, other = make_ready(), make_ready()
    person = make_person()
    proof = hand_off_by_id(fulfillment=part, by=person)
    assert (proof.method, proof.by) == ("id", person)
    for _ in range(5):
        with pytest.raises(WrongPin):
            hand_off(fulfillment=other, pin=wrong_pin(other), by=None)
    with pytest.raises(PinLocked):
        hand_off_by_id(fulfillment=other, by=person)


def test_the_same_token_again_gives_the_first_proof_whatever_it_says():
    part = make_ready()
    first = given(part, token="tap", lines={part.lines.get().pk: LineOutcome(refused=1)})
    again = hand_off(fulfillment=part, pin="1", by=None, token="tap", bags=99)
    assert again.pk == first.pk
    assert HandOffLine.objects.count() == 2


def test_frozen_and_chilled_bags_are_fetched_last():
    order = handling_order(make_basket())
    assert [(one.place, one.zone, one.bags, one.cold) for one in order] == [
        ("A1", "ambient", 1, False),
        ("COOL1", "chilled", 1, True),
        ("ICE1", "frozen", 1, True),
    ]


def test_bags_without_labels_stand_in_one_place():
    (one,) = handling_order(make_ready(lines={make_item(zone="frozen"): 1, make_item(): 1}))
    assert (one.place, one.zone, one.bags, one.numbers) == ("A-1", "frozen", 2, ())


def test_the_receipt_says_what_was_given_and_what_was_not():
    part = make_basket()
    given(
        part,
        lines={
            line_of(part, "Peas").pk: LineOutcome(later=2),
            line_of(part, "Butter").pk: LineOutcome(damaged=1),
        },
    )
    receipt = receipt_of(part)
    told = {
        line["name"]: (line["given"], line["damaged"], line["later"]) for line in receipt["lines"]
    }
    assert told == {"Peas": (0, 0, 2), "Bread": (2, 0, 0), "Butter": (1, 1, 0)}
    assert receipt["amount_minor"] == 1500
    assert [refund["amount_minor"] for refund in receipt["refunds"]] == [500]
    assert receipt["rest_id"] == rest_of(part).public_id
    assert "Ann" not in str(receipt)


@pytest.mark.parametrize("table", ["orders_handoff", "orders_handoffline"])
@pytest.mark.parametrize("words", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_a_proof(table, words):
    given(make_ready())
    with (
        pytest.raises(DatabaseError, match="immutable"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(words.format(table))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_taking_all_and_refusing_all_at_once_leave_one_of_them():
    for _ in range(4):
        part = make_ready()
        line = part.lines.get()

        def race(number, part=part, line=line):
            mine = FulfillmentOrder.objects.get(pk=part.pk)
            try:
                if number:
                    give(
                        fulfillment=mine,
                        known=Known(method="pin"),
                        by=None,
                        lines={line.pk: LineOutcome(refused=2)},
                    )
                else:
                    give(fulfillment=mine, known=Known(method="pin"), by=None)
            except IllegalMove:
                return False
            return True

        assert sum(at_once(2, race)) == 1
    assert broken() == set()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_partial_hand_offs_at_once_make_one_rest():
    part = make_ready(lines={make_item(): 3})
    line = part.lines.get()

    def split(number):
        mine = FulfillmentOrder.objects.get(pk=part.pk)
        try:
            known = Known(method="pin")
            told = {line.pk: LineOutcome(later=1 + number % 2)}
            give(fulfillment=mine, known=known, by=None, lines=told)
        except IllegalMove:
            return False
        return True

    assert sum(at_once(6, split)) == 1
    assert part.order.fulfillments.count() == 2
    assert PickupCode.objects.count() == 2
    assert broken() == set()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_partial_hand_off_and_more_time_at_once_both_hold():
    for _ in range(3):
        part = make_ready(lines={make_item(): 3})
        line = part.lines.get()

        def race(number, part=part, line=line):
            mine = FulfillmentOrder.objects.get(pk=part.pk)
            try:
                if number:
                    extend_wait(fulfillment=mine, days=1)
                else:
                    known = Known(method="pin")
                    lines = {line.pk: LineOutcome(later=1)}
                    give(fulfillment=mine, known=known, by=None, lines=lines)
            except IllegalMove:
                return

        at_once(2, race)
        part.refresh_from_db()
        assert (part.status, rest_of(part).status) == ("completed", "ready")
    assert broken() == set()


def test_an_order_with_a_rest_can_no_longer_be_canceled():
    part = make_ready(lines={make_item(): 2})
    given(part, lines={part.lines.get().pk: LineOutcome(later=1)})
    with pytest.raises(Exception, match="completed and ready"):
        cancel_order(order=part.order, reason="")


def test_who_is_known_already_needs_no_second_look():
    part = make_ready()
    known = identify(fulfillment=part, pin=pin_of(part))
    assert give(fulfillment=part, known=known, by=None).method == "pin"
