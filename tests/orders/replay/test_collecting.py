"""Orders of a replay that are collected, so that their goods can be brought back."""

import pytest

from inventory.models import StockLevel
from orders.models import HandOff
from orders.replay.client import Answer
from orders.replay.collecting import collect
from orders.replay.plan import PlannedCut
from orders.replay.run import Outcome, Replay
from tests.factories import make_item, make_order, make_store, stock
from tests.orders.test_invariants import broken

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    item, store = make_item(), make_store()
    stock(store, {item: 5})
    return make_order(store=store, lines={item: 3})


def test_an_order_is_picked_whole_and_handed_over(order):
    collect(order.public_id)

    order.refresh_from_db()
    assert order.status == "completed"
    assert HandOff.objects.count() == 1
    assert StockLevel.objects.get().on_hand == 2
    assert not broken()


class Site:
    """Answers that it created what was posted, and keeps it."""

    def __init__(self):
        self.posted = []

    def post(self, path, body, *, key):
        self.posted.append((path, body["lines"]))
        return Answer(201, {}, 1)


def test_what_comes_back_is_told_once_the_order_is_collected(order, tmp_path):
    replay = Replay(lines=tmp_path, stores=tmp_path, day="2010-12", run_id="r")
    outcome, site = Outcome(placed={"1": order.public_id}), Site()
    cuts = [PlannedCut("1", {}, {1: 2}), PlannedCut("2", {}, {1: 1})]

    collected = replay._collect(cuts, outcome)
    for number, cut in enumerate(cuts):
        replay._bring_back(site, cut, outcome, collected, number)

    lines = [{"number": 1, "quantity": 2, "disposition": "restock"}]
    assert site.posted == [(f"/v1/orders/{order.public_id}/returns", lines)]
    assert (outcome.returned, outcome.refused) == (1, {"cancellation_of_a_refused_order": 1})
