"""Days of reports: what they say is what a plain count of what happened says."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from hub import clock
from hub.events.catalog import FulfillmentExpired
from hub.events.outbox import publish
from inventory.models import ShortfallCase
from orders.models import (
    DayFigures,
    DayReason,
    DayTimes,
    FulfillmentOrder,
    RollupMark,
)
from orders.reporting import rollup
from orders.reporting.buckets import percentile
from orders.reporting.rollup import ORDERS, days_of_stores, make_up_last, roll_up
from tests.factories import make_order, make_ready
from tests.orders.reporting.world import NOW, Plain, World, local_day

pytestmark = pytest.mark.django_db


def rolled_up() -> tuple[Counter, dict, Counter]:
    """The same out of the reports' tables; of times the rows."""
    names = [field.name for field in DayFigures._meta.fields[3:]]
    figures = Counter(
        {
            (row.store_id, row.day, name): getattr(row, name)
            for row in DayFigures.objects.all()
            for name in names
        }
    )
    times = {(row.store_id, row.day, row.stretch): row for row in DayTimes.objects.all()}
    reasons = Counter(
        {
            (row.store_id, row.day, row.kind, row.reason, row.item_id): row.count
            for row in DayReason.objects.all()
        }
    )
    return +figures, times, reasons


def assert_true():
    """The tables say what a plain count says; percentiles are within 5 %, or half a second."""
    plain = Plain()
    times = plain.times
    told, told_times, told_reasons = rolled_up()
    assert told == +plain.figures
    assert told_reasons == +plain.reasons
    assert told_times.keys() == times.keys()
    for key, seconds in times.items():
        row = told_times[key]
        assert row.count == sum(row.counts) == len(seconds)
        assert row.seconds == pytest.approx(sum(seconds), abs=len(seconds)), (key, seconds)
        buckets = dict(zip(row.buckets, row.counts, strict=True))
        for share in (0.5, 0.9):
            rank = max(1, -(-len(seconds) * share // 1))
            exact = sorted(seconds)[int(rank) - 1]
            assert percentile(share, buckets) == pytest.approx(exact, rel=0.05, abs=0.51)


@pytest.mark.parametrize("seed", range(4))
def test_a_day_made_up_is_what_a_plain_count_says(seed):
    world = World(seed)
    for _number in range(40):
        world.part()
    world.shortfall()

    ORDERS.make_up(days_of_stores(date(2025, 12, 30), NOW.date()), as_of=NOW)

    assert_true()


def test_runs_after_changes_come_to_the_same_as_making_up_all():
    world = World(7)
    with clock.turned_to(NOW):
        for _number in range(10):
            world.part()
        roll_up()
        for _round in range(4):
            for _number in range(3):
                world.part()
            late = world.dice.choice(FulfillmentOrder.objects.filter(status="ready"))
            FulfillmentOrder.objects.filter(pk=late.pk).update(status="expired")
            world.shortfall()
            for part in FulfillmentOrder.objects.all():
                publish(FulfillmentExpired(order_id=part.order_id, fulfillment_id=part.pk))
            ShortfallCase.objects.update(opened_at=NOW - timedelta(minutes=5))
            roll_up()

        assert_true()


def test_only_days_of_which_something_is_told_are_made_up_again():
    part = make_ready()
    roll_up()
    RollupMark.objects.update(fact_id=2**40)  # as if everything had settled

    assert roll_up() == 0

    RollupMark.objects.update(fact_id=0)
    day = local_day(part.created_at, part.store)
    assert roll_up() == 1
    assert DayFigures.objects.get(store=part.store, day=day).ready == 1


def test_an_order_whose_promise_passes_without_a_word_is_late():
    part = make_order().fulfillments.get()
    roll_up()
    assert DayFigures.objects.get(store=part.store).due == 0
    RollupMark.objects.update(fact_id=2**40)

    with clock.turned_to(part.promised_at + timedelta(seconds=1)):
        roll_up()

    assert DayFigures.objects.get(store=part.store).due == 1


def test_the_night_mends_what_no_fact_told():
    part = make_ready()
    roll_up()
    FulfillmentOrder.objects.filter(pk=part.pk).update(status="expired")
    RollupMark.objects.update(fact_id=2**40)

    make_up_last()

    assert DayFigures.objects.get(store=part.store).expired == 1


def test_a_run_that_dies_leaves_the_days_as_they_were(monkeypatch):
    part = make_ready()
    roll_up()
    before = list(DayFigures.objects.order_by("pk").values())
    FulfillmentOrder.objects.filter(pk=part.pk).update(status="expired")
    broken = (*ORDERS.statements[:-1], "SELECT 1 / 0")
    monkeypatch.setattr(rollup, "ORDERS", rollup.Table(statements=broken))

    with pytest.raises(Exception, match="division by zero"):
        roll_up()

    assert list(DayFigures.objects.order_by("pk").values()) == before


def test_the_time_of_picking_begins_when_somebody_says_that_he_starts():
    start = datetime(2026, 7, 15, 9, tzinfo=UTC)
    with clock.turned_to(start):
        part = make_ready()
    FulfillmentOrder.objects.filter(pk=part.pk).update(
        created_at=start - timedelta(hours=2),
        accepted_at=start - timedelta(hours=1),
        picked_at=start + timedelta(minutes=10),
    )

    roll_up()

    row = DayTimes.objects.get(store=part.store, stretch="pick")
    assert row.seconds == 600


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_make_each_day_up_once():
    part = make_ready()
    gate, done, errors = threading.Barrier(4), [], []

    def run():
        try:
            gate.wait(timeout=10)
            done.append(roll_up())
        except Exception as error:  # noqa: BLE001  shown by the assertion
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert not errors
    assert DayFigures.objects.filter(store=part.store).count() == 1
    assert RollupMark.objects.count() == 1
