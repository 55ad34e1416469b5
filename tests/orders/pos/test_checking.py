"""A POS is compared with the hub: what differs is listed once, mended by one decision, and gone."""

from datetime import UTC, datetime, timedelta

import pytest
from django_q.models import OrmQ

from hub import clock
from hub.connectors.pos.base import PickLine, PickList
from hub.errors import ConnectorError
from hub.inbox.models import InboundCall
from inventory.models import InventoryEvent, StockLevel
from orders.curbside.handing import hand_off
from orders.models import (
    FulfillmentOrder,
    PosCheck,
    PosDrift,
    PosFeed,
    PosReceipt,
    Settlement,
)
from orders.picking.pos import checking
from orders.picking.pos.checking import CheckRunning, ask_check, ask_nightly, run_check
from orders.picking.pos.repairing import NoRepair, dismiss, repair
from orders.placing.cancel import cancel_order
from tests.factories import make_ready, pin_of
from tests.orders.pos.conftest import World

pytestmark = pytest.mark.django_db


def check(world):
    """Compare the POS, twenty minutes from now: nothing is on its way any more."""
    with clock.turned_to(clock.now() + timedelta(minutes=20)):
        return run_check(ask_check(connection=world.pos).pk)


def drifts():
    rows = PosDrift.objects.filter(settled_at__isnull=True).order_by("kind", "key")
    return [(row.kind, row.key) for row in rows]


def agree(world):
    """The till's stock is the hub's."""
    world.till.stock = {world.milk.sku: 50, world.bread.sku: 50}


def test_where_they_agree_nothing_is_listed(world):
    world.part()
    world.work()
    agree(world)
    done = check(world)
    assert (done.phase, done.problem, done.drifts) == ("done", "", 0)
    assert (done.lists_seen, done.items_seen) == (1, 2)
    assert drifts() == []


def test_a_list_that_the_pos_lost_is_sent_again(world):
    part = world.part()
    world.work()
    world.till.pick_lists.clear()
    check(world)
    assert drifts() == [("list_missing", part.public_id)]

    assert repair(drift=PosDrift.objects.get(), by="Ann")
    world.work()

    assert list(world.till.pick_lists) == [part.public_id]
    assert not repair(drift=PosDrift.objects.get(), by="Eve")
    assert PosDrift.objects.get().settled_by == "Ann"


def test_a_list_with_other_quantities_is_sent_anew(world):
    part = world.part()
    world.work()
    sent = world.till.pick_lists[part.public_id]
    wrong = tuple(
        PickLine(line_id=line.line_id, sku=line.sku, name=line.name, quantity=9)
        for line in sent.lines
    )
    world.till.pick_lists[part.public_id] = PickList(**sent.__dict__ | {"lines": wrong})
    check(world)
    assert drifts() == [("list_stale", part.public_id)]

    repair(drift=PosDrift.objects.get(), by="Ann")
    world.work()

    lines = world.till.pick_lists[part.public_id].lines
    assert [line.quantity for line in lines] == [2, 1]
    check(world)
    assert drifts() == []


def test_a_list_of_what_is_over_is_withdrawn(world):
    part = world.part()
    world.work()
    cancel_order(order=part.order, reason="changed my mind")
    world.work()
    world.till.canceled.clear()
    check(world)
    assert drifts() == [("list_left", part.public_id)]
    repair(drift=PosDrift.objects.get(), by="Ann")
    world.work()
    assert world.till.canceled == {part.public_id}


def test_a_list_of_nothing_we_know_is_withdrawn(world):
    world.part()
    world.work()
    (known,) = world.till.pick_lists.values()
    stray = PickList(**known.__dict__ | {"fulfillment_id": "ful_stray"})
    world.till.pick_lists["ful_stray"] = stray
    check(world)
    assert drifts() == [("list_unknown", "ful_stray")]
    repair(drift=PosDrift.objects.get(), by="Ann")
    world.work()
    assert world.till.canceled == {"ful_stray"}


def test_what_is_still_on_its_way_is_no_drift(world):
    world.part()
    check(world)
    assert drifts() == []


def test_another_stores_list_is_nothing_this_pos_should_have(world):
    other = World()
    part = other.part()
    other.work()
    world.till.pick_lists = dict(other.till.pick_lists)
    check(world)
    assert drifts() == [("list_unknown", part.public_id)]


# --- stock ----------------------------------------------------------------------------------------


def test_a_count_of_the_pos_is_taken_over_by_one_decision(world):
    agree(world)
    world.till.stock[world.milk.sku] = 44
    check(world)
    drift = PosDrift.objects.get()
    assert (drift.kind, drift.ours, drift.theirs) == ("stock", "50 on hand", "44 on hand")

    with clock.turned_to(clock.now() + timedelta(minutes=21)):
        repair(drift=drift, by="Ann")

    assert StockLevel.objects.get(store=world.store, item=world.milk).on_hand == 44
    assert InventoryEvent.objects.filter(source=world.pos.public_id, kind="count").count() == 1
    check(world)
    assert drifts() == []


def test_a_pos_whose_counts_lack_what_orders_have_is_expected_to_say_less():
    world = World(counts_include_orders=True)
    world.part()
    world.work()
    world.till.stock = {world.milk.sku: 48, world.bread.sku: 49}
    check(world)
    assert drifts() == []


def test_an_item_that_the_pos_does_not_list_counts_as_none(world):
    world.till.stock = {world.milk.sku: 50, "UNKNOWN": 7}
    check(world)
    assert drifts() == [("stock", world.bread.sku)]


def test_what_is_found_no_more_is_settled_by_itself(world):
    agree(world)
    world.till.stock[world.milk.sku] = 44
    check(world)
    check(world)
    assert PosDrift.objects.count() == 1
    agree(world)
    check(world)
    assert PosDrift.objects.get().settled_how == "found no more"


def test_a_drift_can_be_dismissed_once(world):
    world.till.stock = {world.milk.sku: 44, world.bread.sku: 50}
    check(world)
    assert dismiss(drift=PosDrift.objects.get(), by="Ann")
    assert not dismiss(drift=PosDrift.objects.get(), by="Eve")


# --- receipts -------------------------------------------------------------------------------------


def collected(world):
    part = make_ready(store=world.store, lines={world.milk: 2})
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    Settlement.objects.get_or_create(
        fulfillment=part, defaults={"ordered_minor": 1000, "supplied_minor": 1000, "lines": []}
    )
    return part


def test_goods_without_receipt_are_listed_where_the_pos_prints_them():
    world = World(sales_include_orders=True)
    part = collected(world)
    check(world)
    drift = PosDrift.objects.get(kind="receipt_missing")
    assert drift.key == part.public_id
    with pytest.raises(NoRepair):
        repair(drift=drift, by="Ann")


def test_a_receipt_with_another_amount_is_listed(world):
    part = collected(world)
    PosReceipt.objects.create(
        connection=world.pos,
        number="R1",
        fulfillment=part,
        total_minor=900,
        lines=[],
        occurred_at=clock.now(),
    )
    check(world)
    drift = PosDrift.objects.get(kind="receipt_amount")
    assert (drift.ours, drift.theirs) == (
        "1000 minor units supplied",
        "900 minor units on receipts",
    )


def test_a_receipt_that_cannot_be_kept_keeps_nothing_from_being_compared(world):
    told = {"occurred_at": clock.now().isoformat(), "lines": [{"sku": "A", "quantity": 1}]}
    world.till.receipts = [told | {"receipt": number} for number in ("R1", "R\ud800", "R3")]
    agree(world)
    world.till.stock[world.milk.sku] = 44

    done = check(world)

    refused = "receipts refused: 1, first 'R\\ud800': invalid_text"
    assert (done.phase, done.problem, done.receipts_seen) == ("done", refused, 3)
    assert InboundCall.objects.filter(source=world.pos.public_id).count() == 2
    assert drifts() == [("stock", world.milk.sku)]
    assert check(world).problem == ""


def test_receipts_are_asked_for_from_where_the_last_check_ended(world):
    told = {"occurred_at": clock.now().isoformat(), "lines": [{"sku": "A", "quantity": 1}]}
    world.till.receipts = [told | {"receipt": f"R{number}"} for number in range(3)]
    check(world)
    world.till.receipts.append(told | {"receipt": "R3"})
    done = check(world)
    assert InboundCall.objects.filter(source=world.pos.public_id).count() == 4
    assert done.receipts_seen == 1
    assert PosFeed.objects.get().receipts_cursor == "4"


# --- when, and what if ----------------------------------------------------------------------------


def test_one_check_of_a_pos_at_a_time(world):
    first = ask_check(connection=world.pos, by="Ann")
    with pytest.raises(CheckRunning):
        ask_check(connection=world.pos, by="Eve")
    assert OrmQ.objects.count() == 1
    run_check(first.pk)
    assert run_check(first.pk).phase == "done"
    ask_check(connection=world.pos)


def test_a_check_of_a_pos_out_of_reach_ends_with_the_reason(world):
    world.till.fail_with = [ConnectorError("no connection: NewConnectionError")]
    done = check(world)
    assert (done.phase, done.problem) == ("failed", "no connection: NewConnectionError")
    assert done.finished_at


def test_a_pos_that_never_comes_to_an_end_is_given_up(world, monkeypatch):
    monkeypatch.setattr(checking, "MOST_PAGES", 3)
    world.till.stock = {f"SKU-{number}": 1 for number in range(20)}
    assert check(world).phase == "failed"


def test_so_many_drifts_are_listed_and_no_more(world, monkeypatch):
    monkeypatch.setattr(checking, "MOST_DRIFTS", 1)
    world.till.stock = {world.milk.sku: 1, world.bread.sku: 1}
    assert check(world).drifts == 2
    assert PosDrift.objects.count() == 1


def test_checks_are_asked_for_once_a_night_by_the_stores_own_clock(world):
    warsaw_at_three = datetime(2026, 11, 23, 2, tzinfo=UTC)
    with clock.turned_to(warsaw_at_three - timedelta(hours=3)):
        assert ask_nightly() == 0
    with clock.turned_to(warsaw_at_three):
        assert ask_nightly() == 1
        assert ask_nightly() == 0
        run_check(PosCheck.objects.get().pk)
        assert ask_nightly() == 0
    with clock.turned_to(warsaw_at_three + timedelta(days=1)):
        assert ask_nightly() == 1


def test_a_check_whose_worker_died_makes_room_for_the_next(world):
    ask_check(connection=world.pos)
    with clock.turned_to(clock.now() + timedelta(hours=1)):
        ask_nightly()
    assert PosCheck.objects.filter(phase="failed", problem="its worker died").count() == 1


def test_a_store_that_is_closed_for_good_is_not_checked(world):
    world.store.active = False
    world.store.save(update_fields=["active"])
    with clock.turned_to(datetime(2026, 11, 23, 2, tzinfo=UTC)):
        assert ask_nightly() == 0
    assert FulfillmentOrder.objects.count() == 0
