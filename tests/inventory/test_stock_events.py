"""Stock events: each changes the shelf as its kind says, once, whatever order they come in."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import clock
from hub.events.models import Fact
from inventory.ledger import REASONS, StockEvent
from inventory.lines import MOST_UNITS
from inventory.models import (
    IncomingUnits,
    InventoryEvent,
    ShortfallCase,
    StockLevel,
    UnavailableUnits,
)
from inventory.services.allocations import allocate, hand_off
from inventory.services.availability import available
from inventory.services.counts import record_counts
from inventory.services.incoming import expect
from inventory.services.stock_events import record_stock_events
from tests.factories import make_channel, make_item, make_store
from tests.inventory.test_invariants import broken

pytestmark = pytest.mark.django_db
NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")


@pytest.fixture(autouse=True)
def _afternoon():
    with clock.turned_to(NOON + timedelta(hours=3)):
        yield


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def mug():
    return make_item(sku="MUG")


def count(store, item, units, *, minutes=0, event="count"):
    record_counts(
        store=store,
        source="pos",
        as_of=NOON + timedelta(minutes=minutes),
        counts={item.sku: units},
        event_prefix=event,
    )


def event(store, item, kind, quantity, *, minutes=10, number="e1", **values):
    return StockEvent(
        event_id=number,
        kind=kind,
        store_id=store.pk,
        item_id=item.pk,
        quantity=quantity,
        occurred_at=NOON + timedelta(minutes=minutes),
        **values,
    )


def tell(*events, source="pos"):
    return [row.status for row in record_stock_events(source=source, events=events)]


def level(store, item):
    row = StockLevel.objects.get(store=store, item=item)
    return row.on_hand, row.deficit, row.unavailable


@pytest.mark.parametrize(
    ("kind", "quantity", "values", "left"),
    [
        ("sale", 3, {}, (7, 0, 0)),
        ("return", 3, {}, (13, 0, 0)),
        ("return", 3, {"state": "damaged"}, (13, 0, 3)),
        ("adjustment", -4, {"reason": "theft"}, (6, 0, 0)),
        ("adjustment", 4, {"reason": "received"}, (14, 0, 0)),
        ("transfer", -5, {"reference": "T-1"}, (5, 0, 0)),
        ("transfer", 5, {"reference": "T-1"}, (15, 0, 0)),
        ("move", 2, {"state": "quality_check"}, (10, 0, 2)),
        ("sale", 12, {}, (0, 2, 0)),
    ],
)
def test_each_kind_changes_the_shelf_in_its_way(kind, quantity, values, left):
    store, mug = make_store(), make_item()
    count(store, mug, 10)

    assert tell(event(store, mug, kind, quantity, **values)) == ["applied"]

    assert level(store, mug) == left
    assert broken() == set()


def test_units_set_aside_are_not_sold_until_they_come_back(store, mug):
    channel = make_channel()
    count(store, mug, 10)

    def left():
        found = available(channel=channel, store_ids=[store.pk], item_ids=[mug.pk])
        return found[store.pk, mug.pk].atp

    tell(event(store, mug, "move", 4, number="1", state="display"))
    aside = left()
    tell(event(store, mug, "move", -3, number="2", state="display"))
    back = left()
    tell(event(store, mug, "adjustment", -1, number="3", reason="spoilage", state="display"))

    assert (aside, back, left()) == (6, 9, 9)
    assert level(store, mug) == (9, 0, 0)
    assert UnavailableUnits.objects.get().units == 0
    assert broken() == set()


def test_the_same_event_twice_changes_nothing_not_even_in_one_call(store, mug):
    count(store, mug, 10)
    sale = event(store, mug, "sale", 3)

    assert tell(sale, sale) == ["applied", "duplicate"]
    assert tell(sale) == ["duplicate"]

    assert level(store, mug)[0] == 7


def test_an_event_id_that_tells_something_else_is_refused(store, mug):
    tell(event(store, mug, "return", 3))

    (outcome,) = record_stock_events(source="pos", events=[event(store, mug, "return", 4)])

    assert (outcome.status, outcome.code) == ("refused", "event_conflict")
    assert tell(event(store, mug, "return", 4), source="another till") == ["applied"]
    assert level(store, mug)[0] == 7


@pytest.mark.parametrize("minutes", [-1, 0])
def test_what_happened_before_the_count_is_on_record_and_changes_nothing(store, mug, minutes):
    count(store, mug, 10)

    assert tell(event(store, mug, "sale", 3, minutes=minutes)) == ["superseded"]

    assert level(store, mug) == (10, 0, 0)
    row = InventoryEvent.objects.get(kind="sale")
    assert (row.superseded, row.quantity, row.on_hand_change) == (True, -3, 0)


def test_a_complete_count_that_found_a_row_as_it_was_still_replaces_what_was_before(store, mug):
    count(store, mug, 10)
    record_counts(
        store=store,
        source="pos",
        as_of=NOON + timedelta(minutes=60),
        counts={"MUG": 10},
        event_prefix="full",
        complete=True,
    )

    assert tell(event(store, mug, "sale", 3, minutes=30)) == ["superseded"]


def test_what_happened_after_the_count_is_applied_on_top_of_a_late_count(store, mug):
    tell(event(store, mug, "sale", 3, minutes=10), event(store, mug, "sale", 1, number="e2"))

    count(store, mug, 10)

    assert level(store, mug) == (6, 0, 0)


def test_what_is_missing_on_the_books_comes_off_the_next_delivery(store, mug):
    count(store, mug, 2)
    tell(event(store, mug, "sale", 5, number="sold"))
    owed = level(store, mug)

    tell(event(store, mug, "adjustment", 10, number="truck", reason="received"))

    assert owed == (0, 3, 0)
    assert level(store, mug) == (7, 0, 0)


def test_a_complete_count_settles_what_a_shelf_owes(store, mug):
    tell(event(store, mug, "sale", 5))
    record_counts(
        store=store,
        source="pos",
        as_of=NOON + timedelta(minutes=60),
        counts={},
        event_prefix="full",
        complete=True,
    )

    tell(event(store, mug, "return", 1, minutes=90, number="late"))

    assert level(store, mug) == (1, 0, 0)


def test_a_receipt_that_names_our_order_never_takes_stock_twice(store, mug):
    count(store, mug, 10)
    allocate(reference="ful_1", channel=make_channel(), store=store, lines={mug.pk: 4})
    receipt = event(store, mug, "sale", 4, reference="ful_1")

    assert tell(receipt) == ["repeats_order"]
    hand_off(reference="ful_1", lines={mug.pk: 4})

    assert level(store, mug)[0] == 6
    count(store, mug, 10, minutes=5, event="later")  # re-applies what came after it
    assert level(store, mug)[0] == 6
    assert broken() == set()


def test_a_sale_below_what_is_promised_opens_a_case_and_a_delivery_closes_it(store, mug):
    count(store, mug, 5)
    allocate(reference="ful_1", channel=make_channel(), store=store, lines={mug.pk: 4})

    tell(event(store, mug, "sale", 2, number="1"), event(store, mug, "sale", 1, number="2"))
    opened = ShortfallCase.objects.get()
    tell(event(store, mug, "adjustment", 2, number="3", reason="found"))

    assert opened.closed_at is None
    assert Fact.objects.get(name="inventory.shortfall_opened").data == {"case_id": opened.pk}
    assert ShortfallCase.objects.get().closed_at is not None


def test_unavailable_units_without_any_promise_are_no_shortfall(store, mug):
    count(store, mug, 5)
    tell(event(store, mug, "move", 4, state="display"), event(store, mug, "sale", 3, number="2"))

    assert level(store, mug) == (2, 0, 4)
    assert not ShortfallCase.objects.exists()


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"kind": "gift"}, "unknown_kind"),
        ({"kind": "sale", "quantity": 0}, "invalid_quantity"),
        ({"kind": "sale", "quantity": -1}, "invalid_quantity"),
        ({"kind": "return", "quantity": -1}, "invalid_quantity"),
        ({"kind": "return", "quantity": MOST_UNITS + 1}, "invalid_quantity"),
        ({"kind": "sale", "minutes": 186}, "in_the_future"),
        ({"kind": "adjustment"}, "unknown_reason"),
        ({"kind": "adjustment", "reason": "theft"}, "wrong_direction"),
        ({"kind": "adjustment", "reason": "found", "quantity": -1}, "wrong_direction"),
        ({"kind": "move"}, "state_needed"),
        ({"kind": "move", "state": "lost"}, "unknown_state"),
        ({"kind": "sale", "state": "damaged"}, "state_not_allowed"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_the_others_alone(store, mug, values, code):
    bad = event(store, mug, values.pop("kind"), values.pop("quantity", 1), number="bad", **values)
    good = event(store, mug, "return", 2, number="good")

    outcomes = record_stock_events(source="pos", events=[bad, good])

    assert [(row.status, row.code) for row in outcomes] == [("refused", code), ("applied", "")]
    assert InventoryEvent.objects.count() == 1


def test_no_shelf_holds_more_than_any_quantity_can_be(store, mug):
    most = [
        event(store, mug, "return", MOST_UNITS, number=str(number), state="damaged")
        for number in range(2)
    ]

    outcomes = record_stock_events(source="pos", events=most)

    assert [row.code for row in outcomes] == ["", "beyond_reason"]
    assert level(store, mug) == (MOST_UNITS, 0, MOST_UNITS)


def test_a_fast_clock_counts_as_now(store, mug):
    assert tell(event(store, mug, "return", 1, minutes=184)) == ["applied"]

    assert InventoryEvent.objects.get().occurred_at == clock.now()


def test_a_thousand_events_of_two_stores_take_a_handful_of_statements(
    store, django_assert_max_num_queries
):
    other = make_store()
    items = [make_item() for _ in range(50)]
    events = [
        event(place, item, "return", 1, number=f"{place.pk}:{item.pk}:{number}")
        for number in range(10)
        for place in (other, store)
        for item in items
    ]

    with django_assert_max_num_queries(26):
        outcomes = record_stock_events(source="pos", events=events)

    assert {row.status for row in outcomes} == {"applied"}
    assert [row.event_id for row in outcomes] == [row.event_id for row in events]
    assert set(StockLevel.objects.values_list("on_hand", flat=True)) == {10}


def test_a_delivery_that_came_is_not_awaited_any_more(store, mug):
    due = NOON + timedelta(days=1)
    expect(source="depot", reference="T-1", store=store, expected_at=due, units={mug.pk: 10})
    count(store, mug, 2, minutes=30)
    tell(
        event(store, mug, "transfer", 3, number="1", reference="T-1"),
        event(store, mug, "adjustment", 4, number="2", reason="received", reference="T-1"),
        event(store, mug, "adjustment", 1, number="3", reason="found", reference="T-1"),
        event(store, mug, "return", 1, number="4", reference="T-1"),
    )
    told_again = event(store, mug, "transfer", 3, number="1", reference="T-1")

    assert tell(told_again) == ["duplicate"]

    assert IncomingUnits.objects.get().units == 3


# --- any order, any number --------------------------------------------------------------------

moment = st.integers(0, 8)
happening = st.one_of(
    st.tuples(st.just("count"), moment, st.integers(0, 6), st.just("")),
    st.tuples(st.just("sale"), moment, st.integers(1, 5), st.just("")),
    st.tuples(st.just("return"), moment, st.integers(1, 4), st.sampled_from(["", "damaged"])),
    st.tuples(st.just("transfer"), moment, st.sampled_from([-4, -1, 2, 5]), st.just("")),
    st.tuples(
        st.just("adjustment"),
        moment,
        st.sampled_from([-3, -1, 1, 3]),
        st.sampled_from(["", "damaged", "display"]),
    ),
    st.tuples(st.just("move"), moment, st.sampled_from([-2, 1, 3]), st.sampled_from(["damaged"])),
)


@given(happenings=st.lists(happening, min_size=1, max_size=8), data=st.data())
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_permutation_with_any_duplicates_ends_in_the_same_stock(happenings, data):
    once = list(enumerate(happenings))
    again = data.draw(st.lists(st.sampled_from(once), max_size=4))
    mixed = data.draw(st.permutations(once + again))

    with transaction.atomic():
        item = make_item()
        ends = [after(item, once, one_by_one=True), after(item, mixed, one_by_one=True)]
        ends.append(after(item, mixed, one_by_one=False))
        transaction.set_rollback(True)

    assert ends[0] == ends[1] == ends[2]


def after(item, happenings, *, one_by_one):
    """The stock of a new store after these happenings, told singly or together between counts."""
    store = make_store()
    waiting: list[StockEvent] = []
    for number, (kind, minutes, quantity, state) in happenings:
        if kind == "count":
            record_stock_events(source="pos", events=waiting)
            waiting = []
            count(store, item, quantity, minutes=minutes, event=f"count-{number}")
            continue
        reason = "other" if kind == "adjustment" else ""
        values = {"minutes": minutes, "number": f"{store.pk}-{number}"}
        waiting.append(event(store, item, kind, quantity, state=state, reason=reason, **values))
        if one_by_one:
            record_stock_events(source="pos", events=waiting)
            waiting = []
    record_stock_events(source="pos", events=waiting)
    assert broken() == set()
    aside = UnavailableUnits.objects.filter(store=store).exclude(units=0)
    states = sorted(aside.values_list("state", "units"))
    return *level(store, item), states


def test_every_reason_has_a_direction_that_is_kept():
    assert set(REASONS.values()) == {-1, 0, 1}
