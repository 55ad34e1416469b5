"""Stock files from the moment they come in: kept, run, parked, approved, refused.

A file is taken once: the same content from the same source for the same moment, store and mode
is the row that is there already. Whoever brings it (upload, command, drop folder) receives it
here and lets it run.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django_q.tasks import async_task

from hub import clock
from hub.errors import Conflict, Invalid
from hub.stores.models import Store
from inventory.feeds import keeping
from inventory.models import FeedLayout, RefusedLine, StockFile
from inventory.services.counts import CLOCK_TOLERANCE
from inventory.services.feeding import running, staging, weighing

MODES = ("snapshot", "delta")
POLICIES = ("reject_rows", "reject_file")
LONGEST_SOURCE = 60
KEPT = timedelta(days=30)
LEFTOVER_HOURS = 24
DROPPED_AT_ONCE = 500
REFUSED_BY_PERSON = "refused_by_person"
# what a spreadsheet takes for the beginning of a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class FromTheFuture(Invalid):
    """Counts cannot be true at a moment that has not come."""

    code = "in_the_future"
    title = "The moment lies in the future"


class NotInThatState(Conflict):
    """The file is not in the state that this needs."""

    code = "file_not_in_that_state"
    title = "The file is not in a state for this"


def receive_file(
    *,
    content: Iterable[bytes],
    name: str,
    source: str,
    as_of: datetime,
    mode: str | None = None,
    complete: bool | None = None,
    policy: str | None = None,
    store: Store | None = None,
    layout: FeedLayout | None = None,
    reach: Collection[int] | None = None,
    by: str = "",
) -> tuple[StockFile, bool]:
    """Keep a stock file, ready to run; False when it was there already, and is left as it is.

    ``as_of`` is when it was true. What is None follows the layout, or else is a partial snapshot
    whose bad rows are left out. ``store`` is of a file without a column store; ``reach`` are the
    ids of the only stores that the sender may speak for. The content is streamed; the file is on
    disk before its row is. Raises Invalid, FromTheFuture, FileTooLarge or FeedsUnwritable.
    """
    file = StockFile(
        name=_shown_name(name),
        layout=layout,
        source=source,
        store=store,
        **_ways(layout, mode, complete, policy),
        as_of=as_of,
        reach=None if reach is None else sorted(reach),
        received_by=by[:150],
    )
    _check(file)
    kept = keeping.keep(content, root=settings.FEEDS_DIR, name=file.public_id)
    file.path, file.size = kept.path, kept.size
    file.digest = _digest_within(kept.digest, file.reach)
    earlier = _earlier(file) or _insert(file)
    if earlier:
        keeping.drop(kept.path, root=settings.FEEDS_DIR)
    return earlier or file, earlier is None


def _ways(
    layout: FeedLayout | None, mode: str | None, complete: bool | None, policy: str | None
) -> dict[str, Any]:
    """How the file is to be read: as it was said, else as its layout says."""
    return {
        "mode": mode or (layout.mode if layout else "snapshot"),
        "complete": (layout.complete if layout else False) if complete is None else complete,
        "policy": policy or (layout.policy if layout else "reject_rows"),
    }


def queue_file(*, file: StockFile) -> None:
    """Let a worker run the file soon; part of the caller's transaction."""
    async_task("inventory.tasks.run_stock_file", file.pk, task_name=file.public_id, save=False)


def approve_file(*, file: StockFile, by: str) -> StockFile:
    """A parked file may run, whatever it cuts; a worker takes it. Raises NotInThatState."""
    return _move(file, [StockFile.Status.PARKED], StockFile.Status.WAITING, approved_by=by[:150])


def refuse_file(*, file: StockFile, by: str) -> StockFile:
    """A parked or waiting file never runs. Raises NotInThatState for any other."""
    return _move(
        file,
        [StockFile.Status.PARKED, StockFile.Status.WAITING],
        StockFile.Status.REFUSED,
        lines_done=0,
        problem_code=REFUSED_BY_PERSON,
        problem=f"refused by {by}"[:500],
        finished_at=clock.now(),
    )


def retry_file(*, file: StockFile, by: str) -> StockFile:
    """A refused file, of which nothing was applied, runs again: what stood in its way may be
    mended (a code mapped, a store made). Raises NotInThatState when it was not refused."""
    with transaction.atomic():
        moved = _move(
            file,
            [StockFile.Status.REFUSED],
            StockFile.Status.WAITING,
            problem_code="",
            problem="",
            lines_refused=0,
            finished_at=None,
            received_by=by[:150],
        )
        RefusedLine.objects.filter(file=file).delete()
    return moved


def refused_csv(file: StockFile) -> Iterator[str]:
    """The refused lines as CSV, line by line: line, code, detail. No cell is a formula."""
    yield "line,code,detail\r\n"
    rows = RefusedLine.objects.filter(file=file).order_by("line")
    for line, code, detail in rows.values_list("line", "code", "detail").iterator(2_000):
        text = io.StringIO()
        csv.writer(text).writerow([line, code, _plain(detail)])
        yield text.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _shown_name(name: str) -> str:
    """The last part of a path, in printable characters."""
    text = PurePath(name.replace("\\", "/")).name
    return "".join(letter for letter in text if letter.isprintable())[:200] or "stock"


def _check(file: StockFile) -> None:
    if not 0 < len(file.source) <= LONGEST_SOURCE or "\x00" in file.source:
        raise Invalid(f"a source has 1 to {LONGEST_SOURCE} characters")
    if file.mode not in MODES:
        raise Invalid(f"a mode is one of {', '.join(MODES)}")
    if file.policy not in POLICIES:
        raise Invalid(f"a policy is one of {', '.join(POLICIES)}")
    if file.complete and file.mode != "snapshot":
        raise Invalid("only a snapshot can be complete")
    if file.as_of.tzinfo is None:
        raise Invalid("the moment needs an offset from UTC")
    if file.as_of > clock.now() + CLOCK_TOLERANCE:
        raise FromTheFuture("a count cannot come from the future")


def _digest_within(digest: str, reach: list[int] | None) -> str:
    """What tells files apart: from senders of different reach, the same content means less or
    more."""
    if reach is None:
        return digest
    return hashlib.sha256(f"{digest} {reach}".encode()).hexdigest()


def _earlier(file: StockFile) -> StockFile | None:
    return StockFile.objects.filter(
        source=file.source,
        digest=file.digest,
        mode=file.mode,
        store=file.store,
        as_of=file.as_of,
    ).first()


def _insert(file: StockFile) -> StockFile | None:
    """Add the row; the one that somebody else added in the same moment, if there is one."""
    try:
        with transaction.atomic():
            file.save(force_insert=True)
    except IntegrityError:
        return _earlier(file)
    file.refresh_from_db()
    return None


def _move(
    file: StockFile, sources: list[StockFile.Status], to: StockFile.Status, **changes: Any
) -> StockFile:
    rows = StockFile.objects.filter(pk=file.pk, status__in=sources)
    if not rows.update(status=to, **changes):
        raise NotInThatState(f"the file is not {' or '.join(sources)}")
    file.refresh_from_db()
    return file


def run_file(
    *,
    file: StockFile,
    refuse: Callable[[RefusedLine], object] | None = None,
    advance: Callable[[int, int], object] | None = None,
) -> StockFile:
    """Apply the file, from where an earlier run stopped; it ends DONE, PARKED or REFUSED.

    ``refuse`` is told each line left out (at most 100,000 of a file), ``advance`` how many rows
    of how many are done. A file that somebody else is running, or that is not to run, is left
    alone. Rows already applied stay when this is interrupted, and the next run goes on.
    """
    running.run(file, refuse or _nothing, advance or _nothing)
    file.refresh_from_db()
    return file


def preview_file(*, file: StockFile, limit: int | None = None) -> dict[str, Any]:
    """What the file would do, without doing it; see ``feeding.weighing.preview`` for its members.

    Only the first ``limit`` rows are read, if given. The file need not be saved. Raises
    UnreadableFeed.
    """
    with staging.staged():
        looked = running.look(file, limit=limit)
        return weighing.preview(file, looked, min(file.as_of, clock.now()))


def waiting_files(*, most: int) -> list[StockFile]:
    """Files that nobody runs although they should, those that never began first."""
    rows = StockFile.objects.filter(status__in=running.RUNNABLE).order_by("-status", "pk")
    return [file for file in rows[:most] if not running.is_claimed(file)]


def drop_old_contents() -> None:
    """Contents of files that ended 30 days ago are gone, and so is what no row knows of."""
    root = settings.FEEDS_DIR
    old = StockFile.objects.filter(
        status__in=[StockFile.Status.DONE, StockFile.Status.REFUSED],
        finished_at__lt=clock.now() - KEPT,
    ).exclude(path="")
    for file in old[:DROPPED_AT_ONCE]:
        keeping.drop(file.path, root=root)
        StockFile.objects.filter(pk=file.pk).update(path="")
    paths = keeping.leftovers(root=root, hours=LEFTOVER_HOURS)
    known = set(StockFile.objects.filter(path__in=paths).values_list("path", flat=True))
    for path in set(paths) - known:
        keeping.drop(path, root=root)


def _nothing(*_: object) -> None:
    """Nobody listens."""
