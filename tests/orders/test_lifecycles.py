"""Whatever people do to their orders, in whatever order: the books agree and nothing is stuck."""

from contextlib import suppress

import pytest
from django.db import connection
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from hub.errors import HubError
from hub.invariants import shipped
from inventory.models import Item, StockLevel
from orders.blocks import lift_block, open_block
from orders.curbside.handing import hand_off
from orders.curbside.visits import arrive
from orders.models import Block, FulfillmentOrder, OrderLine, PickupCode
from orders.picking.rejecting import reject
from orders.picking.services import accept, finish_picking, mark_ready, start_picking
from orders.placing.cancel import cancel_order
from orders.states import allowed_actions
from tests.factories import make_channel, make_item, make_order, make_store, stock

INVARIANTS = [one for one in shipped() if one.app in ("orders", "inventory")]
UNITS = 6

ACTS = [
    *["place", "accept", "start", "picked", "ready", "arrive"],
    *["hand_off", "reject", "cancel", "block", "lift"],
]
# the usual next step more often than the others, so that many orders come to their end
acts = st.sampled_from([*ACTS, *["go_on"] * len(ACTS)])
NEXT = {"proposed": "accept", "accepted": "start", "picking": "picked", "picked": "ready"}
steps = st.lists(st.tuples(acts, st.integers(0, 2), st.integers(0, 2)), min_size=10, max_size=60)


class Shop:
    """One store, two items, and whoever orders, works and collects there."""

    def __init__(self):
        self.channel, self.store = make_channel(), make_store()
        self.items = [make_item(), make_item()]
        stock(self.store, dict.fromkeys(self.items, UNITS))
        self.orders = []
        self.act("place", 0, 1)
        self.act("place", 1, 0)

    def act(self, name, which, amount):
        """Do it, or be refused by a HubError; any other exception is a fault."""
        if name == "place":
            lines = {self.items[which % 2]: amount + 1, self.items[0]: 1}
            order = make_order(channel=self.channel, store=self.store, lines=lines)
            self.orders.append(order)
        else:
            order = self.orders[which % len(self.orders)]
            getattr(self, name)(order.fulfillments.select_related("order", "store").get(), amount)

    def go_on(self, part, amount):
        getattr(self, NEXT.get(part.status, "hand_off"))(part, amount)

    def accept(self, part, amount):
        accept(fulfillment=part)

    def start(self, part, amount):
        start_picking(fulfillment=part)

    def picked(self, part, amount):
        found = {line.pk: max(0, line.allocated - amount) for line in part.lines.all()}
        finish_picking(fulfillment=part, picked=found)

    def ready(self, part, amount):
        mark_ready(fulfillment=part, staging_location="A-1", bags=1 + amount)

    def arrive(self, part, amount):
        arrive(fulfillment=part, place="by the door")

    def hand_off(self, part, amount):
        code = PickupCode.objects.filter(fulfillment=part).first()
        hand_off(fulfillment=part, pin=code.pin if code else "000000", by=None)

    def reject(self, part, amount):
        reject(fulfillment=part, reason="no goods")

    def cancel(self, part, amount):
        cancel_order(order=part.order, reason="changed my mind")

    def block(self, part, amount):
        open_block(order=part.order, reason=Block.Reason.PAYMENT)

    def lift(self, part, amount):
        for block in part.order.blocks.filter(lifted_at=None, reason=Block.Reason.PAYMENT):
            lift_block(block=block)


def broken():
    found = set()
    with connection.cursor() as cursor:
        for invariant in INVARIANTS:
            cursor.execute(f"SELECT count(*) FROM ({invariant.sql}) AS broken")
            if cursor.fetchone()[0]:
                found.add(invariant.name)
    return found


def everything_is_accounted_for(shop):
    """On hand and handed off add up to what there was; free units are those nobody waits for."""
    for item in Item.objects.filter(pk__in=[item.pk for item in shop.items]):
        level = StockLevel.objects.get(item=item)
        parts = FulfillmentOrder.objects.filter(lines__item=item)
        given = sum(parts.values_list("lines__handed_off", flat=True))
        assert level.on_hand + given == UNITS
        assert 0 <= level.allocated <= level.on_hand
    assert not OrderLine.objects.filter(order__status="completed", canceled__gt=0).exists()


def nothing_is_stuck(shop):
    """Every order that is open has a step that somebody may take, were its blocks lifted."""
    for order in shop.orders:
        order.refresh_from_db()
        if order.status == "open":
            part = order.fulfillments.get()
            open_blocks = order.blocks.filter(lifted_at=None).exists()
            steps = [action for action in allowed_actions(part) if action.allowed]
            assert steps or open_blocks


@pytest.mark.django_db
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
def test_any_sequence_of_acts_keeps_every_invariant(sequence):
    shop = Shop()
    for name, which, amount in sequence:
        with suppress(HubError):
            shop.act(name, which, amount)
    assert broken() == set()
    everything_is_accounted_for(shop)
    nothing_is_stuck(shop)
    for order in shop.orders:
        event(f"an order {order.status}")
