"""Publishing: a fact and its deliveries are rows of the transaction that made it true."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from hub import clock
from hub.events.happening import Happening
from hub.events.registry import handlers_of
from hub.ids import new_id
from hub.trace import actor, trace_id

WAKE_CHANNEL = "curbhub_work"

# Facts and deliveries get their ids in the order in which they are given: the relay keeps to it.
_PUBLISH = """
WITH fact AS (
    INSERT INTO events_fact (public_id, name, v, subject, data, trace_id, actor, occurred_at)
    SELECT public_id, name, v, subject, data, trace, %(actor)s, %(at)s
    FROM json_to_recordset(%(facts)s) AS asked (
        number int, public_id text, name text, v int, subject text, data jsonb, trace text)
    ORDER BY number
    RETURNING id, public_id
)
INSERT INTO events_delivery
    (fact_id, handler, lane, ordering_key, state, attempts, last_error)
SELECT fact.id, reaction.handler, reaction.lane, reaction.key, 'pending', 0, ''
FROM json_to_recordset(%(reactions)s)
    AS reaction (number int, public_id text, handler text, lane text, key text)
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


def publish_all(
    facts: Sequence[Happening],
    *,
    occurred_at: datetime | None = None,
    traces: Sequence[str] | None = None,
) -> list[str]:
    """Write many facts in their order, as ``publish`` does each, still in one round trip.

    They belong to the trace in hand, or each to its own of ``traces``.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"{facts[0].name} published outside a transaction")
    ids = [new_id("evt") for _ in facts]
    of = traces or [trace_id()] * len(facts)
    rows = [_row(*entry) for entry in enumerate(zip(ids, facts, of, strict=True))]
    reactions: list[dict[str, Any]] = [
        {
            "public_id": public_id,
            "handler": handler.name,
            "lane": handler.lane(fact),
            "key": handler.key(fact),
        }
        for public_id, fact in zip(ids, facts, strict=True)
        for handler in handlers_of(fact)
    ]
    for number, reaction in enumerate(reactions):
        reaction["number"] = number
    values: dict[str, Any] = {
        "facts": json.dumps(rows),
        "reactions": json.dumps(reactions),
        "actor": actor(),
        "at": occurred_at or clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_PUBLISH, values)
    if reactions:
        wake_on_commit()
    return ids


def _row(number: int, entry: tuple[str, Happening, str]) -> dict[str, Any]:
    public_id, fact, trace = entry
    return {
        "number": number,
        "public_id": public_id,
        "name": fact.name,
        "v": fact.v,
        "subject": fact.subject,
        "data": vars(fact),
        "trace": trace,
    }


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
