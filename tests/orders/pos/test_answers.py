"""What a POS tells: once, late, early, in any order; nothing is lost and nothing is sold twice."""

import itertools
import json
from datetime import timedelta

import pytest
from django.db import transaction

from hub import clock
from hub.errors import ConnectorError
from hub.events.models import Fact
from inventory.models import InventoryEvent, StockLevel
from orders.models import FulfillmentOrder, PosList, PosReceipt, PosWaiting
from orders.picking.pos.answers import dismiss, match_all_waiting, match_waiting, take_answer
from orders.picking.services import accept
from tests.factories import make_pos
from tests.orders.pos.conftest import World, amend

pytestmark = pytest.mark.django_db

NUMBERS = itertools.count(1)


def tell(world, kind, pos=None, **data):
    with transaction.atomic():
        body = json.dumps({"type": kind, "data": data})
        take_answer(connection=pos or world.pos, body=body)


def receipt(world, **values):
    """A receipt over two milks, of an hour ago; returns its data."""
    told = {
        "receipt": f"R-{next(NUMBERS)}",
        "occurred_at": (clock.now() - timedelta(minutes=5)).isoformat(),
        "lines": [{"sku": world.milk.sku, "quantity": 2}],
    } | values
    tell(world, "receipt.recorded", **told)
    return told


def on_hand(world, item=None):
    return StockLevel.objects.get(store=world.store, item=item or world.milk).on_hand


def facts(part, name):
    return Fact.objects.filter(subject=f"order:{part.order_id}", name=name).count()


def test_an_answer_before_its_order_is_carried_out_when_it_is_there(world):
    part = world.part()
    FulfillmentOrder.objects.filter(pk=part.pk).update(public_id="ful_away")
    tell(world, "pick_list.acknowledged", fulfillment_id=part.public_id)
    FulfillmentOrder.objects.filter(pk=part.pk).update(public_id=part.public_id)

    world.work()  # the push hears what was told before

    part.refresh_from_db()
    assert part.pos_acknowledged_at
    assert facts(part, "fulfillment.acknowledged") == 1
    assert PosWaiting.objects.get().matched_at
    assert match_waiting(fulfillment_id=part.pk) == match_all_waiting() == 0


def test_an_answer_that_nothing_ever_matches_is_left_to_a_person_after_a_week(world):
    tell(world, "pick_list.acknowledged", fulfillment_id="ful_never")
    match_all_waiting()
    assert PosWaiting.objects.get().given_up_at is None

    with clock.turned_to(clock.now() + timedelta(days=7, minutes=1)):
        match_all_waiting()

    row = PosWaiting.objects.get()
    assert row.given_up_at
    assert dismiss(waiting=row, by="Ann")
    assert not dismiss(waiting=row, by="Eve")


def test_a_waiting_answer_of_another_stores_pos_is_not_carried_out(world):
    part = world.part()
    waiting = PosWaiting.objects.create(
        connection=make_pos(),
        type="pick_list.acknowledged",
        named=part.public_id,
        data={"fulfillment_id": part.public_id},
        received_at=clock.now(),
    )
    assert match_all_waiting() == 0
    waiting.refresh_from_db()
    assert (waiting.matched_at, waiting.given_up_at is None) == (None, False)


def test_a_pos_that_refuses_lets_the_store_reject_what_nobody_began(world):
    part = world.part()
    tell(world, "pick_list.refused", fulfillment_id=part.public_id, reason="no such\x07 article")
    part.refresh_from_db()
    assert (part.status, part.reason) == ("rejected", "no such article")


def test_a_refusal_comes_too_late_once_somebody_collects(world):
    part = world.part()
    accept(fulfillment=part)
    FulfillmentOrder.objects.filter(pk=part.pk).update(status="picking")
    for _ in range(2):
        tell(world, "pick_list.refused", fulfillment_id=part.public_id)
    part.refresh_from_db()
    assert part.status == "picking"
    assert PosList.objects.get().told == "refused"


@pytest.mark.parametrize("names", ["revision", "reference"])
def test_a_late_refusal_of_an_earlier_revision_rejects_nothing(world, names):
    part = world.part()
    world.work()
    amend(part)
    FulfillmentOrder.objects.filter(pk=part.pk).update(pos_reference=f"{part.public_id}.r2")
    first, second = {"revision": 1}, {"revision": 2}
    if names == "reference":
        first, second = ({"pos_reference": f"{part.public_id}.r{n}"} for n in (1, 2))

    tell(world, "pick_list.refused", fulfillment_id=part.public_id, **first)
    part.refresh_from_db()
    assert (part.status, PosList.objects.get().told) == ("proposed", "")

    tell(world, "pick_list.refused", fulfillment_id=part.public_id, **second)
    part.refresh_from_db()
    assert part.status == "rejected"


def test_a_refusal_of_somebody_elses_reference_is_a_contradiction(world):
    part = world.part()
    FulfillmentOrder.objects.filter(pk=part.pk).update(pos_reference="till-7")
    with pytest.raises(ConnectorError):
        tell(world, "pick_list.refused", fulfillment_id=part.public_id, pos_reference="till-8")


def test_a_clock_that_goes_ahead_silences_no_later_word(world):
    part = world.part()
    told = {"fulfillment_id": part.public_id}
    tell(world, "pick_list.status", status="printed", at="2999-01-01T00:00:00Z", **told)
    tell(world, "pick_list.status", status="bagged", at=clock.now().isoformat(), **told)
    assert PosList.objects.get().told == "bagged"


def test_an_older_word_never_replaces_a_younger_one(world):
    part = world.part()
    told = {"fulfillment_id": part.public_id}
    tell(world, "pick_list.status", status="bagged", at="2026-11-22T10:10:00Z", **told)
    tell(world, "pick_list.status", status="printed", at="2026-11-22T10:00:00Z", **told)
    assert PosList.objects.get().told == "bagged"


@pytest.mark.parametrize(
    "data", [{}, {"status": "x"}, {"status": "x", "at": "10:00"}, {"status": 1, "at": "2026-01-01"}]
)
def test_a_status_of_another_shape_is_refused(world, data):
    part = world.part()
    with pytest.raises(ConnectorError):
        tell(world, "pick_list.status", fulfillment_id=part.public_id, **data)


def test_a_late_answer_about_an_older_revision_is_no_contradiction(world):
    part = world.part()
    FulfillmentOrder.objects.filter(pk=part.pk).update(pos_reference=f"{part.public_id}.r2")
    tell(
        world,
        "pick_list.acknowledged",
        fulfillment_id=part.public_id,
        pos_reference=f"{part.public_id}.r1",
    )
    part.refresh_from_db()
    assert part.pos_acknowledged_at


# --- receipts -------------------------------------------------------------------------------------


def test_a_sale_over_the_counter_leaves_the_stock_once(world):
    told = receipt(world)
    tell(world, "receipt.recorded", **told)
    assert on_hand(world) == 48
    assert PosReceipt.objects.count() == 1


def test_a_receipt_that_names_our_order_takes_no_stock(world):
    part = world.part()
    told = receipt(world, fulfillment_id=part.public_id, total_minor=1500, currency="EUR")
    assert on_hand(world) == 50
    assert PosReceipt.objects.get().fulfillment == part
    assert facts(part, "pos.receipt_taken") == 1
    tell(world, "receipt.recorded", **told)
    assert facts(part, "pos.receipt_taken") == 1


def test_what_was_bought_beside_the_order_does(world):
    part = world.part(lines={world.milk: 2})
    lines = [{"sku": world.milk.sku, "quantity": 2}, {"sku": world.bread.sku, "quantity": 3}]
    receipt(world, fulfillment_id=part.public_id, lines=lines)
    assert (on_hand(world), on_hand(world, world.bread)) == (50, 47)


def test_goods_brought_back_come_onto_the_stock(world):
    receipt(world, lines=[{"sku": world.milk.sku, "quantity": -3}])
    assert on_hand(world) == 53


def test_a_receipt_before_its_order_takes_no_stock_until_it_is_clear_whose_it_is(world):
    part = world.part()
    FulfillmentOrder.objects.filter(pk=part.pk).update(public_id="ful_away")
    receipt(world, fulfillment_id=part.public_id)
    assert not InventoryEvent.objects.filter(source=world.pos.public_id).exists()
    FulfillmentOrder.objects.filter(pk=part.pk).update(public_id=part.public_id)
    assert match_all_waiting() == 1
    assert on_hand(world) == 50
    assert PosReceipt.objects.get().fulfillment == part


def test_a_number_that_told_something_else_before_is_refused(world):
    told = receipt(world)
    other = told | {"lines": [{"sku": world.milk.sku, "quantity": 9}]}
    with pytest.raises(ConnectorError, match="something else"):
        tell(world, "receipt.recorded", **other)
    assert on_hand(world) == 48


def test_two_stores_may_print_the_same_number(world):
    told = receipt(world)
    other = World()
    receipt(other, receipt=told["receipt"])
    assert PosReceipt.objects.count() == 2


def test_an_item_that_nobody_knows_refuses_the_whole_receipt(world):
    lines = [{"sku": world.milk.sku, "quantity": 1}, {"sku": "NO-SUCH", "quantity": 1}]
    with pytest.raises(ConnectorError, match="unknown_sku"):
        receipt(world, lines=lines)
    assert on_hand(world) == 50
    assert not PosReceipt.objects.exists()


@pytest.mark.parametrize(
    "odd",
    [
        {"receipt": ""},
        {"receipt": "x" * 41},
        {"receipt": "a\x00"},
        {"occurred_at": "yesterday"},
        {"occurred_at": "2026-11-22T10:00:00"},
        {"lines": []},
        {"lines": [{"sku": "A", "quantity": 0}]},
        {"lines": [{"sku": "A", "quantity": True}]},
        {"lines": [{"sku": "A", "quantity": 2**40}]},
        {"lines": [{"sku": 7, "quantity": 1}]},
        {"lines": ["x"]},
        {"total_minor": 1.5},
        {"currency": "EURO"},
        {"fulfillment_id": 7},
        {"fulfillment_id": ""},
    ],
)
def test_a_receipt_that_cannot_be_is_refused(world, odd):
    with pytest.raises(ConnectorError) as caught:
        receipt(world, **odd)
    assert caught.value.permanent
    assert on_hand(world) == 50
