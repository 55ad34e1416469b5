"""What becomes of claimed messages, written for any number of them by one statement."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from hub.crypto import encrypt
from hub.events.catalog import MessageAccepted, MessageNotSent
from hub.events.outbox import publish_all
from notifications.models import Message, Outcome
from notifications.services.folding import RANK

GO, DONE, WAIT, PARK = "go", "done", "wait", "park"

_TYPES = {
    "id": "bigint",
    "step": "text",
    "seconds": "float8",
    "counted": "boolean",
    "error": "text",
    "outcome": "text",
    "outcome_reason": "text",
    "only_if_better": "boolean",
    "channel": "text",
    "lane": "text",
    "template": "text",
    "template_version_id": "bigint",
    "title": "text",
    "body": "text",
    "segments": "int",
    "encoding": "text",
    "cost_micros": "bigint",
    "address_hash": "text",
    "decision": "jsonb",
    "unsure_tries": "int",
    "provider": "text",
    "provider_reference": "text",
    "provider_code": "text",
    "accepted_at": "timestamptz",
    "reach_by": "timestamptz",
}
_KEPT = (
    *("channel", "lane", "template", "template_version_id", "title", "segments", "encoding"),
    *("address_hash", "decision", "provider", "provider_reference", "provider_code"),
    *("accepted_at", "reach_by"),
)
_APPLY = f"""
UPDATE notifications_message AS mine SET
    state = CASE said.step WHEN 'done' THEN 'done' WHEN 'park' THEN 'parked' ELSE 'pending' END,
    lease = CASE said.step WHEN 'go' THEN mine.lease END,
    finished_at = CASE WHEN said.step IN ('done', 'park') THEN statement_timestamp() END,
    due_at = CASE said.step
        WHEN 'wait' THEN statement_timestamp() + make_interval(secs => said.seconds)
        ELSE mine.due_at END,
    submitted_at = CASE said.step WHEN 'go' THEN statement_timestamp()
        ELSE mine.submitted_at END,
    attempts = mine.attempts - CASE WHEN said.counted THEN 0 ELSE 1 END,
    last_error = coalesce(said.error, ''),
    outcome = CASE WHEN said.only_if_better AND mine.outcome <> ALL(%(lower)s) THEN mine.outcome
        ELSE coalesce(said.outcome, mine.outcome) END,
    outcome_reason = CASE
        WHEN said.only_if_better AND mine.outcome <> ALL(%(lower)s) THEN mine.outcome_reason
        ELSE coalesce(said.outcome_reason, '') END,
    body = coalesce(convert_to(said.body, 'UTF8'), mine.body),
    cost_micros = mine.cost_micros + coalesce(said.cost_micros, 0),
    unsure_tries = mine.unsure_tries + coalesce(said.unsure_tries, 0),
    {", ".join(f"{name} = coalesce(said.{name}, mine.{name})" for name in _KEPT)}
FROM json_to_recordset(%(said)s)
    AS said ({", ".join(f"{name} {kind}" for name, kind in _TYPES.items())})
WHERE mine.id = said.id AND mine.lease = %(lease)s
RETURNING mine.id, mine.outcome
"""  # noqa: S608  the names are those above


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What becomes of one claimed message.

    ``go``: it stays claimed and is handed over; ``done``; ``wait``: due again in ``seconds``,
    and an uncounted try uses up no attempt; ``park``: it waits for a person. What is None stays
    as it is, but ``cost_micros`` and ``unsure_tries`` are added. ``only_if_better``: the outcome
    stays when receipts have raised it higher already.
    """

    message: Message
    step: str
    seconds: float = 0.0
    counted: bool = True
    error: str = ""
    outcome: str | None = None
    outcome_reason: str | None = None
    only_if_better: bool = False
    channel: str | None = None
    lane: str | None = None
    template: str | None = None
    template_version_id: int | None = None
    title: str | None = None
    body: str | None = None
    segments: int | None = None
    encoding: str | None = None
    cost_micros: int = 0
    address_hash: str | None = None
    decision: dict[str, Any] | None = None
    unsure_tries: int = 0
    provider: str | None = None
    provider_reference: str | None = None
    provider_code: str | None = None
    accepted_at: datetime | None = None
    reach_by: datetime | None = None

    def as_row(self) -> dict[str, Any]:
        """Plain values for the statement, the words sealed."""
        said = {field.name: getattr(self, field.name) for field in fields(self)[1:]}
        said["id"] = self.message.pk
        if self.body is not None:
            said["body"] = encrypt(self.body).decode("ascii")
        return {name: value for name, value in said.items() if value is not None}


def apply(verdicts: Sequence[Verdict]) -> list[Message]:
    """Write the verdicts on messages of one claim; returns the messages that it still held.

    Publishes MessageAccepted and MessageNotSent for those that have come to that. Must run in a
    transaction.
    """
    if not verdicts:
        return []
    lease: UUID | None = verdicts[0].message.lease
    values = {
        "said": json.dumps([verdict.as_row() for verdict in verdicts], default=_plain),
        "lease": lease,
        "lower": [known for known, rank in RANK.items() if rank < RANK[Outcome.ACCEPTED]],
    }
    with connection.cursor() as cursor:
        cursor.execute(_APPLY, values)
        became = dict(cursor.fetchall())
    kept = [verdict for verdict in verdicts if verdict.message.pk in became]
    _publish(kept, became)
    return [verdict.message for verdict in kept]


def _publish(verdicts: Sequence[Verdict], became: Mapping[int, str]) -> None:
    told = [(verdict, _fact(verdict, became[verdict.message.pk])) for verdict in verdicts]
    facts = [fact for _, fact in told if fact]
    if facts:
        publish_all(facts, traces=[verdict.message.trace_id for verdict, fact in told if fact])


def _fact(verdict: Verdict, became: str) -> MessageAccepted | MessageNotSent | None:
    """What happened, if it is over; of a parked one in doubt, or that a receipt tells of, nothing
    is said here."""
    message = verdict.message
    if verdict.outcome == Outcome.ACCEPTED:
        return MessageAccepted(order_id=message.order_id, message_id=message.pk)
    is_over = verdict.step in (DONE, PARK) and verdict.outcome == became
    if not is_over or became == Outcome.AMBIGUOUS:
        return None
    return MessageNotSent(order_id=message.order_id, message_id=message.pk)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
