"""Many at once about one thing of a POS: one effect, and everybody sees it."""

import json

import pytest

from hub import clock
from hub.events.models import Fact
from inventory.models import InventoryEvent, StockLevel
from orders.models import PosCheck, PosDrift, PosReceipt, PosWaiting
from orders.picking.pos.answers import match_waiting, take_answer
from orders.picking.pos.checking import CheckRunning, ask_check, run_check
from orders.picking.pos.repairing import repair
from orders.picking.pos.watching import tell_unacknowledged
from tests.orders.pos.conftest import World
from tests.racing import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

MANY = 8


@pytest.fixture
def world():
    return World()


def tell(world, kind, data):
    take_answer(connection=world.pos, body=json.dumps({"type": kind, "data": data}))


def facts(name):
    return Fact.objects.filter(name=name).count()


def test_one_receipt_told_at_once_leaves_the_stock_once(world):
    told = {
        "receipt": "R-1",
        "occurred_at": clock.now().isoformat(),
        "lines": [{"sku": world.milk.sku, "quantity": 3}],
    }
    at_once(MANY, lambda _: tell(world, "receipt.recorded", told))
    assert PosReceipt.objects.count() == 1
    assert StockLevel.objects.get(store=world.store, item=world.milk).on_hand == 47


def test_one_acknowledgement_told_at_once_is_one_fact(world):
    part = world.part()
    data = {"fulfillment_id": part.public_id}
    at_once(MANY, lambda _: tell(world, "pick_list.acknowledged", data))
    assert facts("fulfillment.acknowledged") == 1


def test_an_answer_that_waited_is_matched_once(world):
    part = world.part()
    PosWaiting.objects.create(
        connection=world.pos,
        type="pick_list.acknowledged",
        named=part.public_id,
        data={"fulfillment_id": part.public_id},
        received_at=clock.now(),
    )
    assert sum(at_once(MANY, lambda _: match_waiting(fulfillment_id=part.pk))) == 1
    assert facts("fulfillment.acknowledged") == 1


def test_drift_is_mended_by_one_of_many_taps(world):
    drift = PosDrift.objects.create(
        connection=world.pos,
        kind="stock",
        key=world.milk.sku,
        item=world.milk,
        ours="50 on hand",
        theirs="44 on hand",
        units=44,
        as_of=clock.now(),
        found_at=clock.now(),
    )
    assert sum(at_once(MANY, lambda n: repair(drift=drift, by=f"person {n}"))) == 1
    counts = InventoryEvent.objects.filter(source=world.pos.public_id, kind="count")
    assert counts.count() == 1


def test_a_pos_is_compared_by_one_at_a_time(world):
    def ask(_):
        try:
            return ask_check(connection=world.pos)
        except CheckRunning:
            return None

    (check,) = [one for one in at_once(MANY, ask) if one]
    at_once(MANY, lambda _: run_check(check.pk))
    assert PosCheck.objects.get().phase == "done"
    assert world.till.calls.count("stock") == 1


def test_silence_is_told_of_by_one(world):
    part = world.part()
    type(part).objects.update(created_at="2026-11-20T11:00Z")
    assert sum(at_once(MANY, lambda _: tell_unacknowledged())) == 1
    assert facts("pos.unacknowledged") == 1
