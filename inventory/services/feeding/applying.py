"""A chunk of a staged file takes effect, in one transaction with the record of how far it got."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from django.db import OperationalError, connection, transaction

from inventory.models import RefusedLine, StockFile
from inventory.services.counting import Counting, CountResult
from inventory.services.feeding import events, refusals, staging
from inventory.services.feeding.looking import Chunk, Looked

R = TypeVar("R")

TRIES = 6
PAUSE_SECONDS = 0.05
PREFIX = 32
# deadlock, serialization failure, a lock that did not come: another try may well succeed
_PASSING = {"40P01", "40001", "55P03"}

# A chunk that a power cut takes back is applied again: it went together with the count of lines.
# That the file is done waits for the disk, and for all that came before.
_LATER_ON_DISK = "SET LOCAL synchronous_commit = off"

_STORES_OF_CHUNK = """
SELECT DISTINCT store_id FROM pg_temp.feed_counts
WHERE n > %(after)s AND n <= %(until)s ORDER BY store_id
"""


class RowsRefused(Exception):
    """Rows of a file of which all or none count were refused only when they were applied."""

    def __init__(self, lines: list[RefusedLine]) -> None:
        super().__init__(lines)
        self.lines = lines


def event_prefix(file: StockFile) -> str:
    """What the ledger calls the file: the same whenever it comes again."""
    parts = (file.digest, file.mode, file.store_id, file.as_of.isoformat())
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:PREFIX]


def persistently(job: Callable[[], R]) -> R:
    """What the job returns; it is tried again when somebody else's locks were in its way."""
    for tried in range(1, TRIES + 1):
        try:
            return job()
        except OperationalError as error:
            if tried == TRIES or getattr(error.__cause__, "sqlstate", None) not in _PASSING:
                raise
            time.sleep(PAUSE_SECONDS * 2**tried)
    raise AssertionError("unreachable")


def apply_chunk(
    file: StockFile, chunk: Chunk, looked: Looked, moment: datetime
) -> list[RefusedLine]:
    """The chunk's rows are in force, and the file's row says so; returns its refused lines.

    Raises RowsRefused, with nothing changed, where all rows of the file count or none.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LATER_ON_DISK)
        count, lines = refusals.keep(file, after=chunk.after, until=chunk.until)
        if file.mode == "snapshot":
            told = vars(_count(file, chunk, looked, moment))
        else:
            told, late = _tell(file, chunk)
            lines += late
            count += len(late)
        values = {
            "lines_done": chunk.until,
            "lines_refused": file.lines_refused + count,
            "result": _sum(file.result, told),
        }
        if not StockFile.objects.filter(pk=file.pk, lines_done=file.lines_done).update(**values):
            raise AssertionError(f"{file.public_id} was run twice at once")
    vars(file).update(values)
    return lines


def _sum(before: dict[str, int], told: dict[str, int]) -> dict[str, int]:
    return before | {name: before.get(name, 0) + number for name, number in told.items()}


def _tell(file: StockFile, chunk: Chunk) -> tuple[dict[str, int], list[RefusedLine]]:
    told, late = events.record_chunk(file, chunk)
    if late and file.policy == "reject_file":
        raise RowsRefused(late)
    return told, RefusedLine.objects.bulk_create(late)


def _count(file: StockFile, chunk: Chunk, looked: Looked, moment: datetime) -> CountResult:
    within = {"after": max(chunk.after, file.lines_done), "until": chunk.until}
    complete = sorted(chunk.named.keys() - looked.spoilt) if file.complete else []
    stores = sorted(chunk.named) or _stores_of(within)
    counting = Counting.begin(
        source=file.source, as_of=moment, prefix=event_prefix(file), store_ids=stores
    )
    others = staging.COUNTED_OTHERS if set(stores) > set(complete) else None
    changed = counting.keep_changes(staging.COUNTED_COMPLETE, others, within, complete=complete)
    result = counting.record_kept()
    counting.stamp(complete)
    return replace(result, unchanged=sum(chunk.named[store] for store in complete) - changed)


def _stores_of(within: dict[str, int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_STORES_OF_CHUNK, within)
        return [store for (store,) in cursor]
