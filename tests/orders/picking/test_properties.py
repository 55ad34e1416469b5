"""Whatever pickers do in whatever order, lines, stock and invariants agree."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from hub.errors import HubError
from inventory.models import Allocation
from orders.models import FulfillmentOrder, FulfillmentStatus, PutBack
from orders.picking.bags import pack
from orders.picking.scanning import count, pick_later, scan, take_out
from orders.picking.services import finish_picking
from orders.picking.shorts import report_short
from orders.picking.splitting import complete_picking
from orders.placing.cancel import cancel_order
from orders.putting_back import put_back
from orders.states import LIVE
from tests.factories import make_item, make_picking, make_store, stock
from tests.orders.picking.making import make_gtin, make_picker
from tests.orders.test_invariants import broken

UNITS = {"each": 3, "gram": 400}


class Picking(RuleBasedStateMachine):
    """One order of three lines, picked by one person; refusals are as good as successes."""

    def __init__(self) -> None:
        super().__init__()
        self.point = transaction.savepoint()
        store = make_store()
        self.items = [
            make_item(gtin=make_gtin(store.pk * 10 + 1)),
            make_item(gtin=make_gtin(store.pk * 10 + 2), zone="frozen"),
            make_item(unit="gram", zone="chilled", fresh=True),
        ]
        stock(store, {item: UNITS[item.unit] * 4 for item in self.items})
        lines = {item: UNITS[item.unit] for item in self.items}
        self.order = make_picking(store=store, lines=lines).order
        self.by = make_picker(store)

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.point)

    def act(self, job, *args, **values) -> None:
        """Do it to a part of the order as it is now; what is refused must change nothing."""
        before = self.seen()
        try:
            with transaction.atomic():
                job(*args, **values)
        except HubError:
            assert self.seen() == before

    def part(self, place: int) -> FulfillmentOrder:
        parts = list(self.order.fulfillments.select_related("store", "order").order_by("pk"))
        return parts[place % len(parts)]

    def line(self, place: int, number: int):
        lines = list(self.part(place).lines.select_related("item", "fulfillment", "order_line"))
        return lines[number % len(lines)]

    def seen(self):
        lines = [
            (line.pk, line.allocated, line.picked, line.short, line.to_put_back)
            for part in self.order.fulfillments.order_by("pk")
            for line in part.lines.order_by("pk")
        ]
        owned = Allocation.objects.order_by("pk")
        return lines, list(owned.values_list("pk", "quantity", "released", "handed_off"))

    places, numbers, amounts = st.integers(0, 2), st.integers(0, 2), st.integers(1, 450)

    @rule(place=places, number=numbers, grams=amounts, times=st.integers(1, 3))
    def scan_some(self, place, number, grams, times):
        item = self.items[number]
        for _ in range(times):
            part, code = self.part(place), item.gtin or item.sku
            self.act(scan, fulfillment=part, code=code, by=self.by, grams=grams)

    @rule(place=places, number=numbers, units=amounts)
    def count_some(self, place, number, units):
        line = self.line(place, number)
        self.act(count, line=line, units=units, by=self.by, reason="torn")

    @rule(place=places, number=numbers, units=st.integers(1, 3))
    def take_some_out(self, place, number, units):
        self.act(take_out, line=self.line(place, number), units=units, by=self.by)

    @rule(place=places, number=numbers, reason=st.sampled_from(["shortage", "damaged"]))
    def miss_some(self, place, number, reason):
        self.act(report_short, line=self.line(place, number), reason=reason, by=self.by)

    @rule(place=places, number=numbers)
    def put_off(self, place, number):
        self.act(pick_later, line=self.line(place, number), by=self.by)

    @rule(place=places)
    def complete(self, place):
        self.act(complete_picking, fulfillment=self.part(place))

    @rule(place=places, share=st.integers(0, 110))
    def finish_by_counts(self, place, share):
        part = self.part(place)
        picked = {line.pk: line.allocated * share // 100 for line in part.lines.all()}
        self.act(finish_picking, fulfillment=part, picked=picked)

    @rule(place=places, bags=st.dictionaries(st.sampled_from(["ambient", "frozen"]), places))
    def bag(self, place, bags):
        self.act(pack, fulfillment=self.part(place), bags=bags)

    @rule()
    def cancel(self):
        self.order.refresh_from_db()
        self.act(cancel_order, order=self.order, reason="changed my mind")

    @rule(outcome=st.sampled_from(PutBack.Outcome.values))
    def put_one_back(self, outcome):
        task = PutBack.objects.filter(done_at__isnull=True).order_by("pk").first()
        if task:
            self.act(put_back, task=task, outcome=outcome, by="Ann")

    @invariant()
    def nothing_is_broken(self):
        assert broken() == set()

    @invariant()
    def what_was_ordered_is_somewhere(self):
        for order_line in self.order.lines.all():
            lines = order_line.work.filter(fulfillment__status__in=LIVE)
            there = sum(line.allocated for line in lines)
            closed = self.order.fulfillments.exclude(status__in=LIVE).exists()
            assert closed or there >= order_line.quantity

    @invariant()
    def a_picked_part_has_something_to_give(self):
        for part in self.order.fulfillments.filter(status=FulfillmentStatus.PICKED):
            assert any(line.picked for line in part.lines.all())


@pytest.mark.django_db
def test_pickers_may_do_as_they_like():
    with transaction.atomic():
        run_state_machine_as_test(
            Picking,
            settings=settings(
                max_examples=10,
                stateful_step_count=12,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
