"""Publishing: a fact and its deliveries are rows of the transaction that made it true."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime

from django.db import connection, transaction

from hub import clock
from hub.events.catalog import Happening
from hub.events.registry import handlers_of
from hub.ids import new_id
from hub.trace import actor, trace_id

WAKE_CHANNEL = "curbhub_work"

_PUBLISH = """
WITH fact AS (
    INSERT INTO events_fact (public_id, name, v, subject, data, trace_id, actor, occurred_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    RETURNING id
)
INSERT INTO events_delivery
    (fact_id, handler, lane, ordering_key, state, attempts, last_error)
SELECT fact.id, reaction.handler, reaction.lane, reaction.key, 'pending', 0, ''
FROM fact, unnest(%s::text[], %s::text[], %s::text[]) AS reaction (handler, lane, key)
"""


class OutsideTransaction(RuntimeError):
    """A fact must share the transaction of the change it tells of."""


def publish(fact: Happening, *, occurred_at: datetime | None = None) -> str:
    """Write the fact and one delivery per handler, in one round trip; return its public id.

    Nothing is visible, and no handler runs, unless the surrounding transaction commits. Raises
    OutsideTransaction when there is none.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"{fact.name} published outside a transaction")
    public_id = new_id("evt")
    reactions = handlers_of(fact)
    row = (
        public_id,
        fact.name,
        fact.v,
        fact.subject,
        json.dumps(dataclasses.asdict(fact)),
        trace_id(),
        actor(),
        occurred_at or clock.now(),
        [reaction.name for reaction in reactions],
        [reaction.lane(fact) for reaction in reactions],
        [reaction.key(fact) for reaction in reactions],
    )
    with connection.cursor() as cursor:
        cursor.execute(_PUBLISH, row)
    if reactions:
        wake_on_commit()
    return public_id


def wake_on_commit() -> None:
    """Wake the relays once the transaction has committed.

    NOTIFY inside the transaction would take PostgreSQL's one notification lock through its
    commit, so that all commits queue up; afterwards it holds it for microseconds. A process that
    dies in between loses only the wake-up: relays also poll.
    """
    if not any(entry[1] is _wake for entry in connection.run_on_commit):
        transaction.on_commit(_wake)


def _wake() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [WAKE_CHANNEL])
