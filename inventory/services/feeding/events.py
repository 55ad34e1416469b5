"""Files of what happened (deltas): each line becomes a stock event of its sender's own id."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.db import connection

from inventory.feeds.rows import DELTA, Row, shown
from inventory.ledger import KINDS, REASONS, StockEvent, refusal_of
from inventory.models import RefusedLine, StockFile
from inventory.services.feeding import staging
from inventory.services.feeding.codes import Codes, Stores
from inventory.services.feeding.judging import TROUBLES
from inventory.services.feeding.looking import Chunk, Looked, fixed_store, table_of
from inventory.services.feeding.refusals import LONGEST_DETAIL, Refusals
from inventory.services.stock_events import record_stock_events

CHUNK_EVENTS = 1_000
LONGEST_ID = 120
_UNITS = re.compile(r"-?[0-9]{1,10}\Z", re.ASCII)
# a moment that no refusal is later than: the clock is asked when the event is recorded
_NEVER = datetime.max.replace(tzinfo=UTC)

_READ = """
SELECT line, event FROM pg_temp.feed_events
WHERE n > %s AND n <= %s ORDER BY n
"""


class _Refused(Exception):
    """A row cannot be an event: a code and what is wrong."""

    def __init__(self, code: str, detail: str, unmapped: str | None = None) -> None:
        super().__init__(code, detail)
        self.code, self.detail, self.unmapped = code, detail, unmapped


@dataclass
class EventLook:
    """One look through a file of events. Only its first ``limit`` rows, if given."""

    file: StockFile
    limit: int | None = None
    found: Looked = field(default_factory=Looked)

    def __post_init__(self) -> None:
        layout = self.file.layout
        self._table = table_of(self.file, DELTA)
        self._codes = Codes(layout.code_systems if layout else [])
        self._stores = Stores(self.file.reach).all()
        self._refusals = Refusals()

    def through(self) -> Looked:
        """Judge and stage every row. Raises UnreadableFeed."""
        rows = islice(self._table.rows(), self.limit)
        first = next(rows, None)
        self._fixed = fixed_store(self.file, has_stores=self._table.has_stores)
        batch = [first] if first else []
        while batch:
            batch += islice(rows, CHUNK_EVENTS - len(batch))
            self._judge_all(batch)
            batch = list(islice(rows, CHUNK_EVENTS))
        staging.make_ready()
        return self.found

    def _judge_all(self, rows: Sequence[Row]) -> None:
        begun, good = self.found.lines, []
        self._codes.learn({row.cells[1] for row in rows})
        for row in rows:
            self.found.lines += 1
            try:
                event = self._event(row)
            except _Refused as why:
                self.found.refused += 1
                self._refusals.add(
                    self.found.lines, row.line, why.code, why.detail, unmapped=why.unmapped
                )
                continue
            good.append((self.found.lines, row.line, json.dumps(asdict(event), default=str)))
        staging.put_rows(staging.EVENTS, good)
        self._refusals.put()
        self.found.chunks.append(Chunk(begun, self.found.lines))

    def _event(self, row: Row) -> StockEvent:
        """The event that the row tells of; raises _Refused."""
        store, code, number, kind, quantity, moment, reason, reference, state = row.cells
        if row.trouble:
            raise _Refused(row.trouble, TROUBLES[row.trouble])
        if not 0 < len(number) <= LONGEST_ID:
            raise _Refused("invalid_id", f"an event id has 1 to {LONGEST_ID} characters")
        if kind not in KINDS:
            raise _Refused("unknown_kind", f"a kind is one of {', '.join(KINDS)}")
        if reason and reason not in REASONS:
            raise _Refused("unknown_reason", f"a reason is one of {', '.join(REASONS)}")
        if len(reference) > LONGEST_ID:
            raise _Refused("invalid_reference", f"a reference has up to {LONGEST_ID} characters")
        place, (item, units) = self._place(store), self._goods(code)
        event = StockEvent(
            event_id=number,
            kind=kind,
            store_id=place,
            item_id=item,
            quantity=_units(quantity) * units,
            occurred_at=_moment(moment),
            reason=reason,
            reference=reference,
            state=state,
        )
        if refusal := refusal_of(event, latest=_NEVER):
            raise _Refused(refusal.code, refusal.detail)
        return event

    def _place(self, reference: str) -> int:
        place = self._fixed if self._fixed is not None else self._stores.get(reference)
        if place is None:
            raise _Refused("unknown_store", f"no store {shown(reference)}")
        return place

    def _goods(self, code: str) -> tuple[int, int]:
        meaning = self._codes.learn([code])[code]
        if meaning is None:
            raise _Refused("unknown_sku", f"no item {shown(code)}", unmapped=code)
        return meaning


def record_chunk(file: StockFile, chunk: Chunk) -> tuple[dict[str, int], list[RefusedLine]]:
    """Record a chunk's events; how many came to what, and the lines that were refused only now.
    Part of the caller's transaction."""
    outcomes: dict[str, int] = {}
    refused = []
    for rows in _slices(chunk):
        events = [event for _, event in rows]
        told = record_stock_events(source=file.source, events=events) if events else []
        for (line, _), outcome in zip(rows, told, strict=True):
            if outcome.status == "refused":
                detail = outcome.detail[:LONGEST_DETAIL]
                refused.append(RefusedLine(file=file, line=line, code=outcome.code, detail=detail))
            else:
                outcomes[outcome.status] = outcomes.get(outcome.status, 0) + 1
    return outcomes, refused


def _slices(chunk: Chunk) -> Iterator[list[tuple[int, StockEvent]]]:
    """The chunk's events with their lines, so many at a time."""
    for after in range(chunk.after, chunk.until, CHUNK_EVENTS):
        with connection.cursor() as cursor:
            cursor.execute(_READ, [after, min(chunk.until, after + CHUNK_EVENTS)])
            yield [(line, _restored(json.loads(event))) for line, event in cursor.fetchall()]


def _restored(values: dict[str, Any]) -> StockEvent:
    moment = datetime.fromisoformat(values.pop("occurred_at"))
    return StockEvent(occurred_at=moment, **values)


def _units(text: str) -> int:
    if not _UNITS.match(text):
        raise _Refused("invalid_quantity", f"{shown(text)} is no whole number of units")
    return int(text)


def _moment(text: str) -> datetime:
    """When it happened; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Refused("invalid_time", f"{shown(text)} is no ISO 8601 time") from None
