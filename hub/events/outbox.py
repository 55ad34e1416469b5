"""Publishing: a fact and its deliveries are rows of the transaction that made it true."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from hub import clock
from hub.events.catalog import Happening
from hub.events.registry import handlers_of
from hub.ids import new_id
from hub.trace import actor, trace_id

WAKE_CHANNEL = "curbhub_work"

# Facts and deliveries get their ids in the order in which they are given: the relay keeps to it.
_PUBLISH = """
WITH fact AS (
    INSERT INTO events_fact (public_id, name, v, subject, data, trace_id, actor, occurred_at)
    SELECT public_id, name, v, subject, data::jsonb, %(trace)s, %(actor)s, %(at)s
    FROM unnest(%(ids)s::text[], %(names)s::text[], %(versions)s::int[], %(subjects)s::text[],
        %(data)s::text[]) WITH ORDINALITY AS asked (public_id, name, v, subject, data, number)
    ORDER BY number
    RETURNING id, public_id
)
INSERT INTO events_delivery
    (fact_id, handler, lane, ordering_key, state, attempts, last_error)
SELECT fact.id, reaction.handler, reaction.lane, reaction.key, 'pending', 0, ''
FROM unnest(%(facts)s::text[], %(handlers)s::text[], %(lanes)s::text[], %(keys)s::text[])
    WITH ORDINALITY AS reaction (public_id, handler, lane, key, number)
JOIN fact USING (public_id)
ORDER BY number
"""


class OutsideTransaction(RuntimeError):
    """A fact must share the transaction of the change it tells of."""


def publish(fact: Happening, *, occurred_at: datetime | None = None) -> str:
    """Write the fact and one delivery per handler, in one round trip; return its public id.

    Nothing is visible, and no handler runs, unless the surrounding transaction commits. Raises
    OutsideTransaction when there is none.
    """
    return publish_all([fact], occurred_at=occurred_at)[0]


def publish_all(facts: Sequence[Happening], *, occurred_at: datetime | None = None) -> list[str]:
    """Write many facts in their order, as ``publish`` does each, still in one round trip."""
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"{facts[0].name} published outside a transaction")
    ids = [new_id("evt") for _ in facts]
    reactions = [
        (public_id, handler.name, handler.lane(fact), handler.key(fact))
        for public_id, fact in zip(ids, facts, strict=True)
        for handler in handlers_of(fact)
    ]
    values: dict[str, Any] = {
        "ids": ids,
        "names": [fact.name for fact in facts],
        "versions": [fact.v for fact in facts],
        "subjects": [fact.subject for fact in facts],
        "data": [json.dumps(vars(fact)) for fact in facts],
        "trace": trace_id(),
        "actor": actor(),
        "at": occurred_at or clock.now(),
    }
    for place, column in enumerate(("facts", "handlers", "lanes", "keys")):
        values[column] = [reaction[place] for reaction in reactions]
    with connection.cursor() as cursor:
        cursor.execute(_PUBLISH, values)
    if reactions:
        wake_on_commit()
    return ids


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
