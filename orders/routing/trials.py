"""Simulations that run in the background, and tell how far they are."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django_q.tasks import async_task

from hub import clock
from hub.errors import Invalid
from orders.models import RoutingRuleSet, RoutingSimulation
from orders.routing.fingerprint import fingerprint
from orders.routing.loading import rules_of
from orders.routing.simulating import MOST_ORDERS, Trial, past_orders, try_rules

TELL_EVERY = 20
SECONDS = 480.0  # a job of the queue has ten minutes
# The queue gives a job whose worker died to another one after Q_CLUSTER's ``retry``, 22 minutes.
DEAD_AFTER = timedelta(minutes=20)
GIVEN_UP_AFTER = timedelta(hours=2)


def start_simulation(
    *, rule_set: RoutingRuleSet, since: datetime, most_orders: int, by: str
) -> RoutingSimulation:
    """Have past orders tried against these rules in the background; look at its row for news.

    Where no such order is, there is nothing to wait for: the row is done at once.
    Raises Invalid for a moment to come or for no or too many orders.
    """
    if since > clock.now():
        raise Invalid("the orders of the past are tried: choose an earlier day")
    if not 1 <= most_orders <= MOST_ORDERS:
        raise Invalid(f"1 to {MOST_ORDERS} orders can be tried")
    simulation = RoutingSimulation.objects.create(
        rule_set=rule_set, since=since, most_orders=most_orders, asked_by=by
    )
    if not past_orders(since=since, most=1, rule_set=rule_set):
        run_simulation(key=simulation.pk)
        simulation.refresh_from_db()
        return simulation
    transaction.on_commit(
        lambda: async_task("orders.tasks.run_routing_simulation", simulation.pk, save=False)
    )
    return simulation


def run_simulation(*, key: int) -> None:
    """Run a waiting simulation to its end, eight minutes at most; a second call does nothing.

    One whose worker must have died, because it was asked for long ago, is run from the beginning.
    """
    state = RoutingSimulation.State
    rows = RoutingSimulation.objects.filter(pk=key)
    dead = Q(state=state.RUNNING, asked_at__lt=clock.now() - DEAD_AFTER)
    if not rows.filter(Q(state=state.WAITING) | dead).update(state=state.RUNNING):
        return
    simulation = rows.select_related("rule_set").get()
    end = state.FAILED
    try:
        _run(simulation)
        end = state.DONE
    finally:
        rows.update(state=end, ended_at=clock.now())


def _run(simulation: RoutingSimulation) -> None:
    """Try the rules, and keep the mark of what was compared; none when the rules in force were
    replaced meanwhile."""
    rows, rule_set = RoutingSimulation.objects.filter(pk=simulation.pk), simulation.rule_set
    orders = past_orders(since=simulation.since, most=simulation.most_orders, rule_set=rule_set)
    rows.update(total=len(orders))
    rules = rules_of(rule_set)
    mark = fingerprint(rule_set, rules)
    trial = try_rules(rules, orders, step=_Teller(simulation.pk))
    same = fingerprint(rule_set, rules) == mark
    rows.update(done=trial.orders, result=trial.told(), fingerprint=mark if same else "")


def give_up_simulations() -> int:
    """End as failed those that were asked for two hours ago and still run: nobody is at them any
    more. Returns how many."""
    state = RoutingSimulation.State
    left = RoutingSimulation.objects.filter(
        state__in=[state.WAITING, state.RUNNING], asked_at__lt=clock.now() - GIVEN_UP_AFTER
    )
    return left.update(state=state.FAILED, ended_at=clock.now())


class _Teller:
    """Writes now and then how far a simulation is; stops it when its time is over."""

    def __init__(self, key: int) -> None:
        self.rows = RoutingSimulation.objects.filter(pk=key)
        self.until = time.monotonic() + SECONDS

    def __call__(self, trial: Trial) -> bool:
        if trial.orders % TELL_EVERY == 0:
            self.rows.update(done=trial.orders, result=trial.told())
        return time.monotonic() < self.until
