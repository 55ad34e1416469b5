"""A store whose POS lives in memory, and the hub's own deliveries to it."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F

from hub.connectors.pos.memory import MemoryPos, Till
from hub.events import leases
from hub.events.catalog import FulfillmentAmended
from hub.events.models import Breaker, Delivery
from hub.events.outbox import publish
from hub.events.queues import queues
from hub.events.relay import run_one
from inventory.services.allocations import release
from orders.models import FulfillmentLine
from tests.factories import make_fulfillment, make_item, make_pos, make_store, stock


class World:
    """One store with its till; ``work`` does what is due for the POS, as a relay does."""

    def __init__(self, *, timezone="Europe/Warsaw", **values):
        self.store = make_store(timezone=timezone)
        self.pos = make_pos(self.store, **{"connector": "memory"} | values)
        self.milk, self.bread = make_item(name="Milk"), make_item(name="Bread")
        stock(self.store, {self.milk: 50, self.bread: 50})

    @property
    def till(self) -> Till:
        return MemoryPos.tills.setdefault(self.pos.public_id, Till())

    def part(self, **values):
        lines = {self.milk: 2, self.bread: 1}
        return make_fulfillment(store=self.store, **{"lines": lines} | values)

    def work(self, *, lane=None, seconds=0):
        """Let time pass, then do what is due; in the POS's lane unless another is named."""
        passed = timedelta(seconds=seconds)
        Delivery.objects.update(due_at=F("due_at") - passed)
        Breaker.objects.update(due_at=F("due_at") - passed, opened_at=F("opened_at") - passed)
        queue = next(queue for queue in queues() if queue.model is Delivery)
        for _ in range(200):
            rows = leases.claim(Delivery, lane=lane or f"pos:{self.store.pk}", limit=1)
            if not rows:
                return
            queue.load(rows)
            run_one(queue, rows[0])

    def left(self):
        """States and attempts of the deliveries to the POS that are not done."""
        rows = Delivery.objects.filter(lane=f"pos:{self.store.pk}").exclude(state="done")
        return list(rows.order_by("pk").values_list("state", "attempts"))


@pytest.fixture(autouse=True)
def no_tills():
    MemoryPos.tills.clear()


@pytest.fixture
def world(db):
    return World()


def amend(part, *, less=1):
    """Take units off the first line, as an amendment downward does, and publish it."""
    line = part.lines.order_by("pk").first()
    with transaction.atomic():
        FulfillmentLine.objects.filter(pk=line.pk).update(allocated=F("allocated") - less)
        release(reference=part.public_id, lines={line.item_id: less})
        publish(FulfillmentAmended(order_id=part.order_id, fulfillment_id=part.pk))
