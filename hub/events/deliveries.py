"""Carrying out one delivery: decode its fact, run its handler, settle it."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction
from django.db.models import prefetch_related_objects

from hub.errors import ConnectorError
from hub.events import leases, registry
from hub.events.happening import Happening
from hub.events.models import Delivery, Fact
from hub.events.queues import Queue, register
from hub.trace import acting, tracing

UNKNOWN_RETRY_SECONDS = 30.0


class LeaseLost(Exception):
    """Another worker has the row now; whatever was done here is rolled back."""


def run(delivery: Delivery) -> None:
    """Do the handler's work for a claimed delivery.

    A handler of the lane ``db`` commits together with its delivery, or not at all. What the
    handler raises is left to the relay, which records and retries it.
    """
    fact_row = delivery.fact
    try:
        handler = registry.handler_named(delivery.handler)
        fact = _decoded(delivery)
    except registry.UnknownFact as error:
        leases.fail(delivery, error=str(error), wait=UNKNOWN_RETRY_SECONDS)
        return
    arguments = _arguments(handler, fact, fact_row)
    with tracing(fact_row.trace_id), acting("system"):
        if handler.network:
            _react(handler, arguments, attempt=delivery.attempts)
            leases.settle(delivery)
        else:
            with transaction.atomic():
                handler.react(*arguments)
                if not leases.settle(delivery):
                    raise LeaseLost(delivery.pk)


def groups(deliveries: Sequence[Delivery]) -> list[list[Delivery]]:
    """Deliveries of a claim with those of the same handler that are worked together, oldest first;
    any other stands alone."""
    found: dict[object, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        found[delivery.handler if _works_together(delivery) else delivery.pk].append(delivery)
    return list(found.values())


def run_group(deliveries: Sequence[Delivery]) -> None:
    """Do the work of one handler for several claimed deliveries, which commit together or not at
    all. Raises whatever the handler raises, UnknownFact, or LeaseLost when one of them is another
    worker's by now."""
    rows = [delivery.fact for delivery in deliveries]
    facts = [_decoded(delivery) for delivery in deliveries]
    with acting("system"), transaction.atomic():
        registry.handler_named(deliveries[0].handler).react(facts, rows)
        if leases.settle_all(deliveries) < len(deliveries):
            raise LeaseLost([delivery.pk for delivery in deliveries])


def _works_together(delivery: Delivery) -> bool:
    try:
        return registry.handler_named(delivery.handler).together
    except registry.UnknownFact:
        return False


def _decoded(delivery: Delivery) -> Happening:
    """What a person put in the place of the fact's data is that of this delivery alone."""
    row = delivery.fact
    data = row.data if delivery.edited is None else delivery.edited
    return registry.decode(name=row.name, v=row.v, data=data)


def _arguments(handler: registry.Handler, fact: Happening, row: Fact) -> tuple[object, ...]:
    if handler.together:
        return ([fact], [row])
    return (fact, row) if handler.envelope else (fact,)


def _react(handler: registry.Handler, arguments: Sequence[object], *, attempt: int) -> None:
    """Run a network handler; what fails waits as long as its own schedule says, if it has one."""
    try:
        handler.react(*arguments)
    except ConnectorError as error:
        if handler.waits and error.retry_after is None:
            wait = handler.waits[min(attempt, len(handler.waits)) - 1]
            error.retry_after = wait * random.uniform(0.5, 1)  # noqa: S311  jitter, not a secret
        raise


def load(deliveries: Sequence[Delivery]) -> None:
    """Fetch the facts of a batch in one query."""
    prefetch_related_objects(list(deliveries), "fact")


register(Queue(model=Delivery, run=run, load=load, groups=groups, run_group=run_group))
