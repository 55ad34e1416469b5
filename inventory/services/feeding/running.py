"""Running a stock file: one runner at a time, from where the last one stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DatabaseError, connection, reset_queries, transaction

from hub import clock
from hub.errors import HubError
from hub.events.catalog import StockFileParked
from hub.events.outbox import publish
from hub.stores.models import Store
from inventory.models import RefusedLine, StockFile
from inventory.services.feeding import refusals, staging, weighing
from inventory.services.feeding.applying import RowsRefused, apply_chunk, persistently
from inventory.services.feeding.codes import Codes
from inventory.services.feeding.events import EventLook
from inventory.services.feeding.looking import Chunk, Look, Looked

Status = StockFile.Status
RUNNABLE = (Status.WAITING, Status.RUNNING)
SHOWN_STORES = 100

_LOCK = "hashtextextended('inventory.file:' || %s::text, 0)"


@contextmanager
def claimed(file: StockFile) -> Iterator[bool]:
    """Whether the file is ours until the block ends; if the process dies, it is nobody's."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock({_LOCK})", [file.pk])
        (ours,) = cursor.fetchone() or (False,)
    try:
        yield bool(ours)
    finally:
        if ours and not connection.needs_rollback and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT pg_advisory_unlock({_LOCK})", [file.pk])


def is_claimed(file: StockFile) -> bool:
    """Whether somebody runs the file at this moment."""
    with claimed(file) as ours:
        return not ours


def look(file: StockFile, *, limit: int | None = None) -> Looked:
    """Look the file through and stage its rows. Raises UnreadableFeed."""
    kind = Look if file.mode == "snapshot" else EventLook
    return kind(file, limit=limit).through()


class Run:
    """One run over one file that is claimed. ``refuse`` is told each line left out that is kept,
    ``advance`` how many rows of how many are done."""

    def __init__(
        self,
        file: StockFile,
        refuse: Callable[[RefusedLine], object],
        advance: Callable[[int, int], object],
    ) -> None:
        self.file, self.refuse, self.advance = file, refuse, advance
        self.moment: datetime = min(file.as_of, clock.now())

    def through(self) -> None:
        """The file is DONE, PARKED or REFUSED afterwards; chunks that were applied stay so."""
        try:
            with staging.staged():
                looked = look(self.file)
                self._save(lines=looked.lines)
                if self.file.lines_done == 0 and not self._may_begin(looked):
                    return
                self._apply(looked)
        except HubError as error:
            self._end(Status.REFUSED, problem_code=error.code, problem=error.detail[:500])

    def _may_begin(self, looked: Looked) -> bool:
        """Whether the file may take effect; if not, it is refused or parked."""
        if self.file.policy == "reject_file" and looked.refused:
            self._refuse_all(looked)
            return False
        if self.file.mode != "snapshot" or self.file.approved_by:
            return True
        if not weighing.cuts_too_deep(self.file, looked, self.moment):
            return True
        self._park(weighing.preview(self.file, looked, self.moment))
        return False

    @transaction.atomic
    def _park(self, preview: dict[str, Any]) -> None:
        self._save(
            status=Status.PARKED,
            preview=preview,
            problem_code="cuts_too_deep",
            problem=f"it cuts the stock of {preview['stores_cut']} stores by more than is usual",
        )
        publish(StockFileParked(file_id=self.file.pk))

    def _refuse_all(self, looked: Looked) -> None:
        with transaction.atomic():
            count, lines = refusals.keep(self.file, after=0, until=looked.lines)
            self._end_refused_rows(count, lines)

    def _end_refused_rows(self, count: int, lines: list[RefusedLine]) -> None:
        first = f", the first is line {lines[0].line}: {lines[0].detail}" if lines else ""
        self._end(
            Status.REFUSED,
            lines_refused=count,
            problem_code="rows_refused",
            problem=f"{count} rows are refused{first}"[:500],
        )
        self._tell(lines)

    def _apply(self, looked: Looked) -> None:
        chunks = looked.chunks
        if self.file.mode == "delta" and self.file.policy == "reject_file":
            chunks = [Chunk(0, looked.lines)] if chunks else []
        for chunk in chunks:
            if chunk.until <= self.file.lines_done:
                continue
            try:
                lines = persistently(partial(apply_chunk, self.file, chunk, looked, self.moment))
            except RowsRefused as refused:
                with transaction.atomic():
                    RefusedLine.objects.bulk_create(refused.lines)
                    self._end_refused_rows(len(refused.lines), refused.lines)
                return
            self._tell(lines)
            self.advance(self.file.lines_done, looked.lines)
            reset_queries()  # with DEBUG on, Django keeps every statement
        self._finish(looked)

    def _finish(self, looked: Looked) -> None:
        layout = self.file.layout
        refusals.forget_mapped(self.file.source, Codes(layout.code_systems if layout else []))
        result = dict(self.file.result)
        if self.file.complete and looked.spoilt:
            spoilt = Store.objects.filter(pk__in=looked.spoilt).order_by("code")
            result["partial_stores"] = list(spoilt.values_list("code", flat=True)[:SHOWN_STORES])
        self._end(Status.DONE, result=result, problem_code="", problem="")

    def _tell(self, lines: list[RefusedLine]) -> None:
        for line in lines:
            self.refuse(line)

    def _end(self, status: str, **values: Any) -> None:
        self._save(status=status, finished_at=clock.now(), **values)

    def _save(self, **values: Any) -> None:
        StockFile.objects.filter(pk=self.file.pk, status=Status.RUNNING).update(**values)
        vars(self.file).update(values)


def run(
    file: StockFile,
    refuse: Callable[[RefusedLine], object],
    advance: Callable[[int, int], object],
) -> bool:
    """Claim the file and run it through; False when somebody else is at it."""
    with claimed(file) as ours:
        if not ours:
            return False
        rows = StockFile.objects.filter(pk=file.pk, status__in=RUNNABLE)
        if rows.update(status=Status.RUNNING):
            file.refresh_from_db()
            try:
                Run(file, refuse, advance).through()
            except DatabaseError:
                raise
            except Exception as error:
                told = f"the last run failed: {type(error).__name__}"
                rows.update(problem_code="run_failed", problem=told)
                raise
        file.refresh_from_db()
    return True
