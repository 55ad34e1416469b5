"""A POS and the hub have drifted apart; one check lists it, one decision each mends it."""

from datetime import timedelta

import pytest

from hub.connectors.signing import sign
from hub.simulators.models import SimulatedPickList, SimulatedReceipt, SimulatedStock
from inventory.models import StockLevel
from orders.models import PosDrift, PosReceipt
from orders.picking.pos.checking import ask_check, run_check
from orders.picking.pos.repairing import repair
from orders.placing.cancel import cancel_order
from tests.flows.simulated import Day

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def day(live_server, settings):
    settings.PUBLIC_BASE_URL = live_server.url
    one = Day(live_server.url, delay=1.0, duplicates=0.0, rejects=0.0, sales_per_minute=0.0)
    yield one
    one.close()


def check(day):
    done = run_check(ask_check(connection=day.world.pos, by="Ann").pk)
    assert (done.phase, done.problem) == ("done", "")
    day.work()
    return {row.kind: row for row in PosDrift.objects.filter(settled_at=None)}


def test_everything_that_drifted_is_found_mended_and_gone(day):
    world = day.world
    lost, changed, over = (world.part() for _ in range(3))
    day.go_on(minutes=15)
    pos = world.pos.public_id
    tickets = SimulatedPickList.objects.filter(connection=pos)
    # the till forgets one, gets another wrong, keeps one that is over, and invents one
    tickets.filter(reference=lost.public_id).delete()
    wrong = tickets.get(reference=changed.public_id)
    wrong.body["lines"][0]["quantity"] = 7
    wrong.save()
    cancel_order(order=over.order, reason="changed my mind")
    day.go_on(minutes=1)
    tickets.filter(reference=over.public_id).update(canceled_at=None)
    SimulatedPickList.objects.create(connection=pos, reference="ful_stray", body={"lines": []})
    # it miscounts, and prints a receipt that it never told of
    SimulatedStock.objects.filter(connection=pos, sku=world.milk.sku).update(on_hand=41)
    SimulatedReceipt.objects.create(
        connection=pos,
        number="R-1",
        body={
            "receipt": "R-1",
            "occurred_at": day.now.isoformat(),
            "lines": [{"sku": world.bread.sku, "quantity": 5}],
        },
    )
    SimulatedStock.objects.filter(connection=pos, sku=world.bread.sku).update(on_hand=45)
    day.now += timedelta(minutes=20)

    found = check(day)
    # what the untold receipt sold was told by the check itself
    assert PosReceipt.objects.get().number == "R-1"
    assert set(found) == {"list_missing", "list_stale", "list_left", "list_unknown", "stock"}
    assert PosDrift.objects.filter(settled_at=None, kind="stock").count() == 2
    found = check(day)
    assert PosDrift.objects.filter(settled_at=None, kind="stock").get().key == world.milk.sku

    for row in PosDrift.objects.filter(settled_at=None):
        assert repair(drift=row, by="Ann")
    day.go_on(minutes=15)

    assert check(day) == {}
    live = set(tickets.filter(canceled_at=None).values_list("reference", flat=True))
    assert live == {lost.public_id, changed.public_id}
    assert tickets.get(reference=changed.public_id).body["lines"][0]["quantity"] == 2
    on_hand = StockLevel.objects.get(store=world.store, item=world.milk).on_hand
    assert on_hand == 41


def test_questions_are_answered_to_the_hub_only(day, client):
    pos = day.world.pos
    for path in ("pick-lists?open=1", "receipts?since=1", "stock?cursor=1"):
        address = f"/sim/pos/{pos.public_id}/{path}"
        assert client.get(address).status_code == 401
        forged = sign(secrets=[pos.secret], message_id="m", body=b"/another?question")
        assert client.get(address, headers=forged).status_code == 401
