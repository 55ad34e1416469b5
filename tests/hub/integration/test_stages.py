"""Stores between setup and live: who may go where, and what the outside sees meanwhile."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from hub.events.models import Fact
from hub.history import reason
from hub.integration.checking import Check, Found, Result, readiness_of
from hub.integration.errors import NotReady, StageNeedsReason, StageRefused
from hub.integration.models import StageChange
from hub.integration.stages import MOVES, move_stage, moves_from
from hub.stores.errors import StoreNotLive
from hub.stores.models import HIDDEN_STAGES, Stage, Store
from orders.models import FulfillmentStatus
from tests.factories import make_item, make_order, make_store, stock
from tests.racing import at_once

pytestmark = pytest.mark.django_db

READY: list[Result] = []
LACKS = [Result(Check("pos", "POS answers", lambda _: {}), Found(False, "no POS"))]


def store_in(stage, **values):
    store = make_store(**values)
    Store.objects.filter(pk=store.pk).update(stage=stage, pickup_enabled=stage == Stage.LIVE)
    store.refresh_from_db()
    return store


def move(store, to, **values):
    values = {"by": "iga", "readiness": READY} | values
    return move_stage(store=store, to=to, **values)


def test_a_store_goes_live_offers_pickup_and_the_move_is_kept_and_told():
    store = store_in(Stage.SHADOW)

    change = move(store, Stage.LIVE, reason="second wave")

    assert (store.stage, store.pickup_enabled) == (Stage.LIVE, True)
    assert (change.before, change.after, change.by) == ("shadow", "live", "iga")
    fact = Fact.objects.get(name="store.stage_changed")
    assert fact.data == {"store_id": store.pk, "change_id": change.pk}
    last = store.history.first()
    assert (last.stage, last.history_change_reason) == ("live", "second wave")
    assert reason() == ""


def test_being_there_already_changes_nothing():
    store = store_in(Stage.LIVE)

    assert move(store, Stage.LIVE) is None
    assert not StageChange.objects.exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [(one, two) for one in Stage for two in Stage if one != two and two not in MOVES[one]],
)
def test_no_store_takes_a_way_that_there_is_not(before, after):
    store = store_in(before)

    with pytest.raises(StageRefused):
        move(store, after, reason="because")


def test_a_store_that_was_live_is_never_hidden_again():
    assert not any(set(moves_from(stage)) & set(HIDDEN_STAGES) for stage in ("live", "paused"))


def test_a_store_that_lacks_a_must_stays_until_somebody_says_why():
    store = store_in(Stage.SHADOW)

    with pytest.raises(NotReady) as refused:
        move(store, Stage.LIVE, readiness=LACKS)
    with pytest.raises(StageNeedsReason):
        move(store, Stage.LIVE, readiness=LACKS, override=True)
    change = move(store, Stage.LIVE, readiness=LACKS, override=True, reason="opens by hand")

    assert refused.value.extra == {"missing": ["pos"]}
    assert change.overridden == ["pos"]
    assert change.readiness["pos"] == {"done": False, "must": True, "said": "no POS"}


def test_pausing_needs_a_reason_and_orders_that_are_there_go_on():
    store = make_store()
    part = make_stocked_order(store).fulfillments.get()

    with pytest.raises(StageNeedsReason):
        move(store, Stage.PAUSED)
    move(store, Stage.PAUSED, reason="flooded")

    part.refresh_from_db()
    assert part.status == FulfillmentStatus.PROPOSED
    with pytest.raises(StoreNotLive):
        make_stocked_order(store)


def make_stocked_order(store, **values):
    item = make_item()
    stock(store, {item: 5})
    return make_order(store=store, lines={item: 1}, **values)


@pytest.mark.parametrize("stage", [Stage.SETUP, Stage.SHADOW, Stage.PAUSED])
def test_no_real_order_is_placed_where_no_store_is_live(stage):
    store = store_in(stage)

    with pytest.raises(StoreNotLive) as refused:
        make_stocked_order(store)

    assert refused.value.code == "store_not_live"


def test_test_orders_are_placed_in_shadow_only():
    order = make_stocked_order(store_in(Stage.SHADOW), is_test=True)

    assert order.is_test
    with pytest.raises(StoreNotLive):
        make_stocked_order(store_in(Stage.SETUP), is_test=True)


def test_the_database_lets_no_store_offer_pickup_that_is_not_live():
    store = store_in(Stage.SHADOW)

    with pytest.raises(IntegrityError), transaction.atomic():
        Store.objects.filter(pk=store.pk).update(pickup_enabled=True)


def test_readiness_of_many_stores_costs_as_many_queries_as_of_one(django_assert_num_queries):
    stores = [make_store() for _ in range(12)]
    readiness_of(stores[:1])
    with CaptureQueriesContext(connection) as of_one:
        readiness_of(stores[:1])
    with django_assert_num_queries(len(of_one)):
        found = readiness_of(stores)

    codes = {result.check.code for result in found[stores[11].pk]}
    assert {"place", "hours", "people", "pos", "drift", "counted", "codes", "texts"} <= codes


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_four_who_move_a_store_at_once_one_moves_it():
    store = store_in(Stage.SHADOW)

    def job(number):
        mine = Store.objects.get(pk=store.pk)
        try:
            return move(mine, Stage.LIVE, by=f"person {number}")
        except StageRefused:
            return None

    moved = [change for change in at_once(4, job) if change]

    assert len(moved) == StageChange.objects.count() == 1
    assert Fact.objects.filter(name="store.stage_changed").count() == 1
