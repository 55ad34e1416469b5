"""Past orders tried against a draft: nothing moves, and what would change is told."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from hub import clock
from hub.errors import Invalid
from inventory.models import Allocation
from orders.clocks.services import run_clocks
from orders.models import FulfillmentOrder, Order, RoutingSimulation
from orders.routing.loading import rules_of
from orders.routing.simulating import past_orders, try_rules
from orders.routing.trials import run_simulation, start_simulation
from tests.factories import make_channel, make_item, make_order
from tests.orders.routing.doing import make_rules, store_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def past():
    """Three orders that went to the nearer of two stores, and one for a named store."""
    item, channel = make_item(), make_channel()
    near, far = store_at(1, item, units=50), store_at(2, item, units=50)
    pickup = {"near": {"latitude": 52.0, "longitude": 21.0}}
    for _ in range(3):
        order = make_order(pickup=pickup, lines={item: 1}, channel=channel)
        Order.objects.filter(pk=order.pk).update(near_latitude=52.0, near_longitude=21.0)
    make_order(store=far, lines={item: 1}, channel=channel)
    return near, far


def a_day_ago():
    return clock.now() - timedelta(days=1)


def try_draft(draft):
    orders = past_orders(since=a_day_ago(), most=100, rule_set=draft)
    return try_rules(rules_of(draft), orders).told()


def test_a_draft_is_held_against_the_rules_in_force_and_takes_nothing(past):
    near, far = past
    draft = make_rules({"sorters": ["ranked_list"], "ranked": [far.code]}, active=False)
    before = list(Allocation.objects.order_by("pk").values())
    told = try_rules(
        rules_of(draft), past_orders(since=a_day_ago(), most=100, rule_set=draft)
    ).told()
    assert (told["orders"], told["moved"]) == (3, 3)
    assert told["now"]["mean_metres"] == pytest.approx(1000, abs=2)
    assert told["draft"]["mean_metres"] == pytest.approx(2000, abs=2)
    assert {(load["store"], load["now"], load["draft"]) for load in told["loads"]} == {
        (near.code, 3, 0),
        (far.code, 0, 3),
    }
    assert told["examples"][0]["draft"] == far.code
    assert list(Allocation.objects.order_by("pk").values()) == before
    assert FulfillmentOrder.objects.count() == 4


def test_refusals_and_their_reasons_are_counted(past):
    draft = make_rules({"radius_metres": 500}, active=False)
    told = try_rules(
        rules_of(draft), past_orders(since=a_day_ago(), most=100, rule_set=draft)
    ).told()
    assert told["draft"]["refused"] == 3
    assert told["draft"]["reasons"] == {"too far": 3}


def test_splits_are_counted(past):
    draft = make_rules({"whole_basket": False}, active=False, most_parts=2)
    told = try_rules(
        rules_of(draft), past_orders(since=a_day_ago(), most=100, rule_set=draft)
    ).told()
    assert told["draft"]["split"] == 0
    assert told["moved"] == 0


def test_the_command_prints_both_sides(past):
    _, far = past
    draft = make_rules({"sorters": ["ranked_list"], "ranked": [far.code]}, active=False)
    out = StringIO()
    since = f"{a_day_ago():%Y-%m-%d}"
    call_command("simulate_routing", rules=str(draft.pk), since=since, limit=10, stdout=out)
    assert "3 of 3 orders would go to other stores" in out.getvalue()
    assert "stock, queues and switches as of now" in out.getvalue()


@pytest.mark.parametrize(
    "wrong",
    [
        {"rules": "none", "since": "2026-01-01", "limit": 10},
        {"since": "yesterday", "limit": 10},
        {"since": "2026-01-01", "limit": 0},
        {"since": "2026-01-01", "limit": 100_000},
    ],
)
def test_the_command_says_what_it_does_not_understand(wrong):
    draft = make_rules({}, active=False)
    with pytest.raises(CommandError):
        call_command("simulate_routing", **{"rules": str(draft.pk)} | wrong)


def test_a_simulation_runs_once_and_keeps_its_result(past):
    draft = make_rules({}, active=False)
    simulation = start_simulation(rule_set=draft, since=a_day_ago(), most_orders=2, by="ann")
    run_simulation(key=simulation.pk)
    run_simulation(key=simulation.pk)
    simulation.refresh_from_db()
    assert (simulation.state, simulation.done, simulation.total) == ("done", 2, 2)
    assert simulation.result["orders"] == 2


def test_only_orders_that_the_rules_would_choose_for_are_tried(past):
    theirs = Order.objects.filter(near_latitude__isnull=False).first().channel
    other = make_channel()
    own, others, general = (
        make_rules({}, active=False, channel=theirs),
        make_rules({}, active=False, channel=other),
        make_rules({}, active=False),
    )

    def tried(rule_set):
        return len(past_orders(since=a_day_ago(), most=100, rule_set=rule_set))

    assert [tried(one) for one in (own, others, general)] == [3, 0, 3]
    make_rules({}, channel=theirs)
    assert tried(general) == 0


def test_where_no_order_can_be_tried_the_trial_is_done_at_once():
    draft = make_rules({}, active=False)
    simulation = start_simulation(rule_set=draft, since=a_day_ago(), most_orders=5, by="ann")
    assert (simulation.state, simulation.total) == ("done", 0)
    assert simulation.result["orders"] == 0


@pytest.fixture
def killed(past):
    """A simulation whose worker was killed in the middle: nobody could write that it ended."""
    draft = make_rules({}, active=False)
    simulation = start_simulation(rule_set=draft, since=a_day_ago(), most_orders=2, by="ann")
    RoutingSimulation.objects.filter(pk=simulation.pk).update(state="running", done=1)
    return simulation


def test_a_simulation_whose_worker_died_is_run_again_when_the_queue_gives_it_back(killed):
    run_simulation(key=killed.pk)
    killed.refresh_from_db()
    assert killed.state == "running"
    with clock.turned_to(clock.now() + timedelta(minutes=21)):
        run_simulation(key=killed.pk)
    killed.refresh_from_db()
    assert (killed.state, killed.done) == ("done", 2)


def test_a_simulation_that_nobody_runs_any_more_is_given_up(killed):
    assert run_clocks()["simulations given up"] == 0
    with clock.turned_to(clock.now() + timedelta(hours=3)):
        assert run_clocks()["simulations given up"] == 1
    killed.refresh_from_db()
    assert (killed.state, killed.ended_at is None) == ("failed", False)


def test_a_simulation_of_the_future_or_of_too_many_orders_is_refused():
    draft = make_rules({}, active=False)
    with pytest.raises(Invalid):
        start_simulation(
            rule_set=draft, since=clock.now() + timedelta(days=1), most_orders=1, by=""
        )
    with pytest.raises(Invalid):
        start_simulation(rule_set=draft, since=a_day_ago(), most_orders=10**6, by="")
    assert not RoutingSimulation.objects.exists()
