"""Goods called back: not sold from the commit on, pulled store by store, sold again at the end."""

from datetime import timedelta

import pytest

from hub import clock
from hub.errors import Invalid
from hub.events.models import Fact
from inventory.errors import (
    InsufficientStock,
    ItemsRecalled,
    NotThatMany,
    PullDone,
    RecallOver,
)
from inventory.ledger import StockEvent
from inventory.models import (
    Allocation,
    BundlePart,
    Hold,
    InventoryEvent,
    PullTask,
    Recall,
    SalesStop,
    ShortfallCase,
    StockLevel,
    UnavailableUnits,
)
from inventory.services.allocations import allocate, convert_hold
from inventory.services.availability import available
from inventory.services.holds import place_hold
from inventory.services.recalls import (
    close_recall,
    finish_pull,
    open_recall,
    reach,
    recalled_item_ids,
)
from inventory.services.stock_events import record_stock_events
from inventory.services.stops import stop_after_short_pick
from tests.factories import make_channel, make_item, make_store, stock
from tests.inventory.test_invariants import broken

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def mug():
    return make_item(sku="MUG")


@pytest.fixture
def here(mug):
    store = make_store()
    stock(store, {mug: 10})
    return store


@pytest.fixture
def there(mug):
    store = make_store()
    stock(store, {mug: 4})
    return store


@pytest.fixture
def empty():
    return make_store()


def left(channel, store, item):
    return available(channel=channel, store_ids=[store.pk], item_ids=[item.pk])[store.pk, item.pk]


def recall_of(item, **values):
    return open_recall(**{"item": item, "reason": "glass splinters", "by": "chief"} | values)


def task_of(recall, store):
    return PullTask.objects.get(recall=recall, store=store)


def test_a_product_is_sold_nowhere_and_every_store_with_units_has_a_task(
    channel, mug, here, there, empty
):
    recall = recall_of(mug)

    assert {left(channel, store, mug).atp for store in (here, there, empty)} == {0}
    assert "recalled" in left(channel, here, mug).reasons
    with pytest.raises(InsufficientStock):
        allocate(reference="ful_1", channel=channel, store=here, lines={mug.pk: 1})
    with pytest.raises(InsufficientStock):
        place_hold(channel=channel, store=there, lines={mug.pk: 1})
    told = list(recall.tasks.values_list("store_id", "units_expected"))
    assert told == [(here.pk, 10), (there.pk, 4)]
    assert Fact.objects.get(name="inventory.item_recalled").data == {"recall_id": recall.pk}
    assert SalesStop.objects.get().created_by == "chief"


def test_a_level_made_later_is_stopped_as_well(channel, mug, here, empty):
    recall_of(mug)

    stock(empty, {mug: 5})

    assert left(channel, empty, mug).atp == 0
    assert StockLevel.objects.get(store=empty).stopped
    with pytest.raises(InsufficientStock):
        allocate(reference="ful_1", channel=channel, store=empty, lines={mug.pk: 1})


def test_what_is_pulled_lies_there_and_is_not_for_sale(channel, mug, here):
    recall = recall_of(mug)

    task = finish_pull(task=task_of(recall, here), units=9, by="Pola")

    assert (task.units_pulled, task.done_by) == (9, "Pola")
    level = StockLevel.objects.get(store=here)
    assert (level.on_hand, level.unavailable) == (10, 9)
    line = InventoryEvent.objects.get(kind="move")
    assert (line.source, line.state, line.quantity, line.reference) == (
        "hub",
        "recalled",
        9,
        recall.public_id,
    )
    close_recall(recall=recall)
    assert left(channel, here, mug).atp == 1
    assert broken() == set()


def test_pulled_twice_is_pulled_once_and_another_number_is_refused(mug, here):
    recall = recall_of(mug)
    for _ in range(2):
        finish_pull(task=task_of(recall, here), units=9, by="Pola")

    with pytest.raises(PullDone) as refusal:
        finish_pull(task=task_of(recall, here), units=8, by="Olaf")

    assert refusal.value.extra["units_pulled"] == 9
    assert StockLevel.objects.get(store=here).unavailable == 9
    assert task_of(recall, here).done_by == "Pola"


def test_no_more_is_pulled_than_is_on_hand(mug, here):
    recall = recall_of(mug)

    with pytest.raises(NotThatMany) as refusal:
        finish_pull(task=task_of(recall, here), units=11)

    assert refusal.value.extra["on_hand"] == 10
    assert task_of(recall, here).done_at is None
    finish_pull(task=task_of(recall, here), units=10)
    again = recall_of(mug, reason="wrong label")
    assert not again.tasks.exists()  # what is pulled needs no second pull


def test_units_that_were_aside_already_change_their_state(mug, here):
    for number, (state, units) in enumerate([("display", 2), ("damaged", 3)]):
        event = StockEvent(
            event_id=str(number),
            kind="move",
            store_id=here.pk,
            item_id=mug.pk,
            quantity=units,
            occurred_at=clock.now(),
            state=state,
        )
        record_stock_events(source="pos", events=[event])
    recall = recall_of(mug)

    finish_pull(task=task_of(recall, here), units=8)

    rows = UnavailableUnits.objects.order_by("state").values_list("state", "units")
    assert list(rows) == [("damaged", 2), ("display", 0), ("recalled", 8)]
    assert StockLevel.objects.get(store=here).unavailable == 10
    assert broken() == set()


def test_goods_of_orders_that_are_pulled_open_a_shortfall(channel, mug, here):
    allocate(reference="ful_1", channel=channel, store=here, lines={mug.pk: 3})
    recall = recall_of(mug)

    finish_pull(task=task_of(recall, here), units=10)

    assert ShortfallCase.objects.get().closed_at is None


def test_the_same_recall_asked_for_twice_is_opened_once(mug, here):
    first, again = recall_of(mug), recall_of(mug)

    assert first == again
    assert Fact.objects.filter(name="inventory.item_recalled").count() == 1
    close_recall(recall=first)
    assert recall_of(mug) != first


# --- lots --------------------------------------------------------------------------------------


def test_a_store_sells_the_rest_once_it_has_pulled_the_lot(channel, mug, here, there, empty):
    recall = recall_of(mug, lot="L-17")
    stopped = {left(channel, store, mug).atp for store in (here, there, empty)}

    finish_pull(task=task_of(recall, here), units=4)

    assert stopped == {0}
    assert left(channel, here, mug).atp == 6
    assert left(channel, there, mug).atp == 0
    stock(empty, {mug: 2})
    assert left(channel, empty, mug).atp == 0  # what comes later may be of the lot
    close_recall(recall=recall)
    assert left(channel, there, mug).atp == 4
    assert left(channel, empty, mug).atp == 2


def test_a_second_lot_keeps_the_stop_until_it_is_pulled_too(channel, mug, here):
    first, second = recall_of(mug, lot="L-17"), recall_of(mug, lot="L-18")

    finish_pull(task=task_of(first, here), units=1)
    after_first = left(channel, here, mug).atp
    close_recall(recall=first)
    after_closing = left(channel, here, mug).atp
    finish_pull(task=task_of(second, here), units=1)

    assert (after_first, after_closing, left(channel, here, mug).atp) == (0, 0, 8)


def test_a_product_stays_stopped_whatever_becomes_of_a_lot(channel, mug, here):
    lot, product = recall_of(mug, lot="L-17"), recall_of(mug)

    finish_pull(task=task_of(lot, here), units=1)
    close_recall(recall=lot)
    stopped = left(channel, here, mug).atp
    close_recall(recall=product)

    assert (stopped, left(channel, here, mug).atp) == (0, 9)
    assert not SalesStop.objects.exists()


# --- closing -----------------------------------------------------------------------------------


def test_closing_lifts_the_stop_once_and_tells_of_it(channel, mug, here):
    recall = recall_of(mug)

    assert close_recall(recall=recall, by="chief")
    assert not close_recall(recall=recall, by="somebody else")

    assert left(channel, here, mug).atp == 10
    assert recall.closed_by == "chief"
    assert Fact.objects.filter(name="inventory.recall_closed").count() == 1
    with pytest.raises(RecallOver):
        finish_pull(task=task_of(recall, here), units=1)


def test_of_two_recalls_the_last_one_closed_lifts_the_stop(channel, mug, here):
    first, second = recall_of(mug), recall_of(mug, reason="wrong label")

    close_recall(recall=first)
    still = left(channel, here, mug).atp
    close_recall(recall=second)

    assert (still, left(channel, here, mug).atp) == (0, 10)


def test_other_stops_stay_when_a_recall_is_closed(channel, mug, here):
    stop_after_short_pick(store_id=here.pk, item_ids=[mug.pk])
    recall = recall_of(mug, lot="L-17")

    close_recall(recall=recall)

    assert left(channel, here, mug).stops == ["short_pick"]
    assert StockLevel.objects.get(store=here).stopped


# --- holds -------------------------------------------------------------------------------------


def test_a_hold_on_recalled_goods_becomes_no_order_and_lapses(channel, mug, here):
    tea = make_item(sku="TEA")
    stock(here, {tea: 3})
    hold = place_hold(channel=channel, store=here, lines={mug.pk: 2, tea.pk: 1})
    recall = recall_of(mug)

    with pytest.raises(ItemsRecalled) as refusal:
        convert_hold(hold=hold, reference="ful_1", lines={mug.pk: 2, tea.pk: 1})

    assert (refusal.value.code, refusal.value.extra) == ("recalled", {"skus": ["MUG"]})
    assert Hold.objects.get().status == Hold.Status.ACTIVE
    assert not Allocation.objects.exists()
    close_recall(recall=recall)
    convert_hold(hold=hold, reference="ful_1", lines={mug.pk: 2, tea.pk: 1})


def test_the_rest_of_a_hold_with_recalled_goods_can_be_ordered(channel, mug, here):
    tea = make_item()
    stock(here, {tea: 3})
    hold = place_hold(channel=channel, store=here, lines={mug.pk: 2, tea.pk: 1})
    recall_of(mug)

    convert_hold(hold=hold, reference="ful_1", lines={tea.pk: 1})

    assert Allocation.objects.get().item == tea


def test_a_hold_stands_although_a_picker_found_too_few(channel, mug, here):
    hold = place_hold(channel=channel, store=here, lines={mug.pk: 2})
    stop_after_short_pick(store_id=here.pk, item_ids=[mug.pk])

    convert_hold(hold=hold, reference="ful_1", lines={mug.pk: 2})

    assert Allocation.objects.get().quantity == 2


# --- what is asked for -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"reason": " "},
        {"reason": "x" * 201},
        {"reason": "a\0b"},
        {"lot": "y" * 61},
        {"lot": "\u202e"},
        {"sold_since": clock.now() + timedelta(days=1)},
    ],
)
def test_a_senseless_recall_is_refused(mug, here, values):
    with pytest.raises(Invalid):
        open_recall(**{"item": mug, "reason": "glass"} | values)

    assert not Recall.objects.exists()


@pytest.mark.parametrize("units", [-1, 10**10])
def test_senseless_units_are_refused(mug, here, units):
    with pytest.raises(Invalid):
        finish_pull(task=task_of(recall_of(mug), here), units=units)


def test_the_reach_is_known_before(mug, here, there, empty):
    closed = make_store(active=False)
    stock(closed, {mug: 7})

    assert reach(item=mug) == (2, 14)
    assert reach(item=make_item()) == (0, 0)


def test_bundles_with_the_item_are_concerned(mug):
    basket = make_item()
    BundlePart.objects.create(bundle=basket, part=mug)

    assert recalled_item_ids(mug.pk) == [mug.pk, basket.pk]
    with pytest.raises(Invalid):
        recall_of(basket)
