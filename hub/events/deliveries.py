"""Carrying out one delivery: decode its fact, run its handler, settle it."""

from __future__ import annotations

import random
from collections.abc import Sequence

from django.db import transaction
from django.db.models import prefetch_related_objects

from hub.errors import ConnectorError
from hub.events import leases, registry
from hub.events.models import Delivery
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
        data = fact_row.data if delivery.edited is None else delivery.edited
        fact = registry.decode(name=fact_row.name, v=fact_row.v, data=data)
    except registry.UnknownFact as error:
        leases.fail(delivery, error=str(error), wait=UNKNOWN_RETRY_SECONDS)
        return
    arguments = (fact, fact_row) if handler.envelope else (fact,)
    with tracing(fact_row.trace_id), acting("system"):
        if handler.network:
            _react(handler, arguments, attempt=delivery.attempts)
            leases.settle(delivery)
        else:
            with transaction.atomic():
                handler.react(*arguments)
                if not leases.settle(delivery):
                    raise LeaseLost(delivery.pk)


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


register(Queue(model=Delivery, run=run, load=load))
