"""Random days of two stores: whatever is done in whatever order, nothing contradicts anything.

A machine plays sites, stores, customers and the clock against the services. After each act a
part's status has moved only along allowed edges, a refused act has changed nothing, and no
invariant of orders or stock is broken; at the end nobody is stuck.
"""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hub import clock
from hub.errors import HubError
from hub.invariants import shipped
from inventory.models import Hold
from inventory.services.counts import record_counts
from inventory.services.holds import place_hold, release_hold
from orders.blocks import lift_block, open_block
from orders.clocks.collecting import expire_due
from orders.curbside.handing import hand_off
from orders.curbside.visits import arrive
from orders.models import (
    Block,
    FulfillmentOrder,
    MoveOffer,
    Order,
    PutBack,
    RejectReason,
    SubstitutionRound,
)
from orders.picking.rejecting import reject
from orders.picking.services import accept, finish_picking, mark_ready, start_picking
from orders.placing.amending import amend_order
from orders.placing.cancel import cancel_order
from orders.placing.drafts import Desk
from orders.placing.moving import answer_move
from orders.placing.services import place_order
from orders.putting_back import put_back
from orders.states import LIVE, MOVES, allowed_actions
from orders.substitution.answering import answer_offers
from orders.substitution.offering import Proposal, missing_of, offer_substitutes
from tests.factories import CUSTOMER, make_channel, make_item, make_store, pin_of, stock

pytestmark = pytest.mark.django_db
_CHECKED = [one for one in shipped() if one.app in ("orders", "inventory")]
NEAR = {"latitude": 52.2, "longitude": 21.0, "radius_metres": 50_000}


def steps_between(old, new):
    """Whether a status may have become the other one, by one step or by several."""
    reached, edge = {old}, {old}
    while edge:
        edge = {target for status in edge for target in MOVES.get(status, ())} - reached
        reached |= edge
    return new in reached


class Day(RuleBasedStateMachine):
    """Two stores, three items, and everything that may happen to an order."""

    def __init__(self):
        super().__init__()
        self.undo = transaction.atomic()
        self.undo._from_testcase = True  # as in Django's own tests: services see no transaction
        self.undo.__enter__()
        self.channel = make_channel()
        self.items = [make_item(category="tea", price_minor=300, fresh=n == 2) for n in range(3)]
        self.stores = [make_store(latitude=52.2, longitude=21.0 + n / 10) for n in range(2)]
        for store in self.stores:
            stock(store, dict.fromkeys(self.items, 6))
        self.number = 0
        self.seen = {}
        self.ahead = timedelta()
        self.time = clock.turned_to(lambda: clock._system() + self.ahead)
        self.time.__enter__()

    def teardown(self):
        try:
            self.nobody_is_stuck()
        finally:
            self.time.__exit__(None, None, None)
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    # --- what is looked at ---------------------------------------------------------------------

    def statuses(self):
        rows = FulfillmentOrder.objects.values_list("pk", "status", "version")
        return {pk: (status, version) for pk, status, version in rows}

    def act(self, service, **values):
        """Call a service; a refusal by code must have changed nothing."""
        before = self.statuses()
        try:
            with transaction.atomic():
                return service(**values)
        except HubError:
            assert self.statuses() == before
            return None

    @invariant()
    def statuses_moved_along_allowed_edges(self):
        now = {pk: status for pk, (status, _) in self.statuses().items()}
        for pk, status in now.items():
            assert steps_between(self.seen.get(pk, "proposed"), status)
        self.seen = now

    @invariant()
    def no_invariant_is_broken(self):
        broken = []
        with connection.cursor() as cursor:
            for one in _CHECKED:
                cursor.execute(f"SELECT count(*) FROM ({one.sql}) AS broken")
                if cursor.fetchone()[0]:
                    broken.append(one.name)
        assert not broken

    def nobody_is_stuck(self):
        """Each part under way can take a step, or a block says who must speak first."""
        for part in self.parts(LIVE):
            if part.order.blocks.filter(lifted_at__isnull=True).exists():
                continue
            assert any(a.allowed for a in allowed_actions(part) if a.name not in ("cancel",))

    def parts(self, statuses):
        rows = FulfillmentOrder.objects.filter(status__in=statuses).select_related("order", "store")
        return list(rows.order_by("pk"))

    def pick(self, rows, number):
        return rows[number % len(rows)] if rows else None

    # --- the site ------------------------------------------------------------------------------

    @initialize(data=st.data())
    def open_with_orders(self, data):
        for where in ("one", "two", "near"):
            self.place(data, where)

    @rule(data=st.data(), where=st.sampled_from(["one", "two", "near", "hold"]))
    def order(self, data, where):
        self.place(data, where)

    def place(self, data, where):
        counts = data.draw(st.lists(st.integers(0, 3), min_size=3, max_size=3))
        lines = {item: n for item, n in zip(self.items, counts, strict=True) if n}
        if not lines:
            return
        self.number += 1
        allow = data.draw(st.sampled_from(["no", "ask", "yes"]))
        asked = {
            "external_id": f"W-{self.number}",
            "pickup": {"near": NEAR}
            if where == "near"
            else {"store": self.stores[where == "two"].code},
            "customer": CUSTOMER,
            "currency": self.channel.currency,
            "total_minor": 1000,
            "lines": [
                {
                    "sku": item.sku,
                    "quantity": n,
                    "unit_price_minor": 300,
                    "substitution": {"allow": allow},
                }
                for item, n in lines.items()
            ],
        }
        if where == "hold":
            units = {item.pk: n for item, n in lines.items()}
            hold = self.act(place_hold, channel=self.channel, store=self.stores[0], lines=units)
            if hold is None:
                return
            asked |= {"hold_id": hold.public_id}
        self.act(place_order, desk=Desk(self.channel), asked=asked)

    @rule(number=st.integers(0, 9), line=st.integers(1, 3), left=st.integers(0, 3))
    def amend(self, number, line, left):
        order = self.pick(list(Order.objects.order_by("pk")), number)
        if order:
            self.act(amend_order, order=order, quantities={line: left})

    @rule(number=st.integers(0, 9))
    def cancel(self, number):
        order = self.pick(list(Order.objects.order_by("pk")), number)
        if order:
            self.act(cancel_order, order=order, reason="changed my mind")

    @rule(number=st.integers(0, 9))
    def block_or_lift(self, number):
        block = Block.objects.filter(lifted_at=None, reason="payment").first()
        if block:
            lift_block(block=block)
            return
        order = self.pick(list(Order.objects.filter(status="open").order_by("pk")), number)
        if order:
            open_block(order=order, reason=Block.Reason.PAYMENT)

    @rule(item=st.integers(0, 2), units=st.integers(1, 3))
    def hold_a_cart(self, item, units):
        lines = {self.items[item].pk: units}
        self.act(place_hold, channel=self.channel, store=self.stores[0], lines=lines)

    @rule()
    def let_a_cart_go(self):
        hold = Hold.objects.filter(status="active").first()
        if hold:
            release_hold(hold=hold)

    # --- the store -----------------------------------------------------------------------------

    def take_on(self, part):
        step = accept if part.status == "proposed" else start_picking
        self.act(step, fulfillment=part)

    def finish(self, part, missing):
        found = {line.pk: max(0, line.allocated - missing) for line in part.lines.all()}
        self.act(finish_picking, fulfillment=part, picked=found)

    def set_ready(self, part):
        self.act(mark_ready, fulfillment=part, staging_location="A-1", bags=1)

    def collect(self, part):
        self.act(arrive, fulfillment=part, place="by the door")
        with suppress(HubError):  # it keeps the count of wrong PINs, so it may not be nested
            hand_off(fulfillment=part, pin=pin_of(part), by=None)

    def go_on(self, number, missing):
        """Take the next step of some part."""
        part = self.pick(self.parts(LIVE), number)
        if part is None:
            return
        steps = {
            "proposed": self.take_on,
            "accepted": self.take_on,
            "picking": lambda part: self.finish(part, missing),
            "picked": self.set_ready,
            "ready": self.collect,
        }
        steps[part.status](part)

    # named several times, so that parts get somewhere before something else happens to them
    work = rule(number=st.integers(0, 9), missing=st.sampled_from([0, 0, 0, 1, 2]))
    early, midday, late, night = work(go_on), work(go_on), work(go_on), work(go_on)

    @rule(number=st.integers(0, 9), why=st.sampled_from(list(RejectReason)))
    def turn_down(self, number, why):
        if part := self.pick(self.parts(["proposed", "accepted", "picking"]), number):
            self.act(reject, fulfillment=part, reason=why)

    @rule(number=st.integers(0, 9), instead=st.integers(0, 2))
    def offer_something_else(self, number, instead):
        part = self.pick(self.parts(["picking"]), number)
        line = part and part.lines.filter(stands_for=None).first()
        if line and line.item_id != self.items[instead].pk:
            units = max(1, missing_of(line))
            proposal = Proposal(line_id=line.pk, item_id=self.items[instead].pk, units=units)
            self.act(offer_substitutes, fulfillment=part, proposals=[proposal])

    @rule(number=st.integers(0, 9))
    def put_away(self, number):
        task = self.pick(list(PutBack.objects.filter(done_at=None).order_by("pk")), number)
        if task:
            outcome = PutBack.Outcome.values[number % 3]
            self.act(put_back, task=task, outcome=outcome, by="somebody")

    @rule(store=st.integers(0, 1), item=st.integers(0, 2), units=st.integers(0, 8))
    def count(self, store, item, units):
        self.number += 1
        record_counts(
            store=self.stores[store],
            source="count",
            as_of=clock.now(),
            counts={self.items[item].sku: units},
            event_prefix=f"recount-{self.number}",
        )

    # --- the customer --------------------------------------------------------------------------

    @rule(yes=st.booleans())
    def answer_about_substitutes(self, yes):
        asked = SubstitutionRound.objects.filter(closed_at=None).first()
        if asked:
            answers = dict.fromkeys(asked.offers.values_list("number", flat=True), yes)
            self.act(answer_offers, asked=asked, answers=answers, by="customer")

    @rule(yes=st.booleans())
    def answer_about_another_store(self, yes):
        offer = MoveOffer.objects.filter(state="open").first()
        if offer:
            self.act(answer_move, offer=offer, yes=yes, by="customer")

    # --- the clock -----------------------------------------------------------------------------

    @precondition(lambda self: self.ahead < timedelta(days=30))
    @rule(days=st.sampled_from([1, 5]))
    def days_go_by(self, days):
        self.ahead += timedelta(days=days)
        expire_due()


def test_random_days_break_nothing():
    run_state_machine_as_test(
        Day,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
