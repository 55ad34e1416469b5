"""Whatever happens, in whatever order: the books agree and nothing is promised twice."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import clock
from hub.errors import HubError
from inventory.ledger import StockEvent
from inventory.models import Allocation, Hold, StockLevel
from inventory.services.allocations import allocate, convert_hold, hand_off, release
from inventory.services.availability import available
from inventory.services.counts import record_counts
from inventory.services.holds import place_hold, release_hold, sweep_holds
from inventory.services.stock_events import record_stock_events
from tests.factories import make_channel, make_item, make_store
from tests.inventory.test_invariants import broken

pytestmark = pytest.mark.django_db
NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
PER_EXAMPLE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Shop:
    """Two items in one store, and every verb of the stock core."""

    def __init__(self):
        self.store, self.channel = make_store(), make_channel()
        self.items = [make_item(), make_item()]
        self.steps = 0

    def lines(self, units):
        wanted = zip(self.items, units, strict=True)
        return {item.pk: quantity for item, quantity in wanted if quantity}

    def hold(self, units, _number):
        place_hold(channel=self.channel, store=self.store, lines=self.lines(units))

    def allocate(self, units, _number):
        self._allocate(f"ful_{self.steps}", self.lines(units))

    def convert(self, units, number):
        for hold in Hold.objects.order_by("pk")[number : number + 1]:
            convert_hold(hold=hold, reference=f"ful_{self.steps}", lines=self.lines(units))

    def drop_hold(self, _units, number):
        for hold in Hold.objects.order_by("pk")[number : number + 1]:
            release_hold(hold=hold)

    def sweep(self, _units, _number):
        sweep_holds()

    def release(self, units, number):
        release(reference=self._reference(number), lines=self.lines(units))

    def release_all(self, _units, number):
        release(reference=self._reference(number))

    def hand_off(self, units, number):
        hand_off(reference=self._reference(number), lines=self.lines(units))

    def count(self, units, number):
        record_counts(
            store=self.store,
            source="test",
            as_of=clock.now() - timedelta(minutes=4 * number),
            counts={item.sku: quantity for item, quantity in zip(self.items, units, strict=True)},
            event_prefix=f"count-{self.steps // 2}",  # so that some come twice
            complete=number == 3,
        )

    def tell(self, units, number):
        record_stock_events(source="test", events=list(self._events(units, number)))

    def _events(self, units, number):
        kinds = ["sale", "return", "transfer", "move", "adjustment"]
        for item, quantity in zip(self.items, units, strict=True):
            yield StockEvent(
                event_id=f"event-{self.steps // 2}-{item.pk}",
                kind=kinds[number],
                store_id=self.store.pk,
                item_id=item.pk,
                quantity=quantity,
                occurred_at=clock.now() - timedelta(minutes=2 * number),
                reason="other",
                state="damaged" if number > 2 else "",
            )

    def _allocate(self, reference, lines):
        allocate(reference=reference, channel=self.channel, store=self.store, lines=lines)

    def _reference(self, number):
        references = Allocation.objects.order_by("pk").values_list("reference", flat=True)
        return references[number : number + 1].first() or "ful_none"


VERBS = [name for name in vars(Shop) if not name.startswith("_") and name != "lines"]
step = st.tuples(
    st.sampled_from(VERBS),
    st.tuples(st.integers(0, 6), st.integers(0, 6)),
    st.integers(0, 4),
)


@given(steps=st.lists(step, max_size=30))
@PER_EXAMPLE
def test_any_sequence_of_operations_keeps_the_books_in_order(steps):
    with transaction.atomic():
        shop = Shop()
        shop.count((5, 5), 0)
        for verb, units, number in steps:
            shop.steps += 1
            with clock.turned_to(clock.now() + timedelta(minutes=3 * shop.steps)):
                attempt(shop, verb, units, number)
            assert broken() - {"holds_end_in_time"} == set(), verb
            assert_promises_are_honest(shop)
        transaction.set_rollback(True)


def attempt(shop, verb, units, number):
    """A refusal is fine, and leaves no trace."""
    before = list(StockLevel.objects.order_by("pk").values())
    try:
        getattr(shop, verb)(units, number)
    except HubError:
        assert list(StockLevel.objects.order_by("pk").values()) == before


def assert_promises_are_honest(shop):
    terms = available(
        channel=shop.channel,
        store_ids=[shop.store.pk],
        item_ids=[item.pk for item in shop.items],
    )
    for row in terms.values():
        assert 0 <= row.atp <= max(0, row.on_hand - row.allocated - row.held)


count = st.tuples(st.integers(0, 5), st.integers(0, 9))


@given(counts=st.lists(count, min_size=1, max_size=6), data=st.data())
@PER_EXAMPLE
def test_counts_in_any_order_and_number_end_in_the_same_stock(counts, data):
    once = list(enumerate(counts))
    again = data.draw(st.lists(st.sampled_from(once), max_size=4))
    mixed = data.draw(st.permutations(once + again))

    with transaction.atomic():
        item = make_item()
        ends = [after(item, once), after(item, mixed)]
        transaction.set_rollback(True)

    assert ends[0] == ends[1]


def after(item, counts):
    """The stock of a new store after these counts, each (event, (minutes after noon, units))."""
    store = make_store()
    for event, (minutes, units) in counts:
        record_counts(
            store=store,
            source="test",
            as_of=NOON + timedelta(minutes=minutes),
            counts={item.sku: units},
            event_prefix=f"count-{event}",
        )
    return StockLevel.objects.values_list("on_hand", "counted_at").get(store=store, item=item)
