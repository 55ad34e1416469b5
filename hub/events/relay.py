"""The relay: claims due work of every queue and lane and carries it out on a bounded pool.

Any number of relays may run. Each lane has its own few threads, so a dead provider delays only
itself. A relay keeps nothing: kill it at any line and the leases hand its rows to another.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from django.db import Error, connection

from hub.errors import ConnectorError
from hub.events import leases
from hub.events.crew import Crew
from hub.events.deliveries import LeaseLost
from hub.events.health import beat
from hub.events.leases import Leased, State
from hub.events.outbox import WAKE_CHANNEL
from hub.events.queues import Queue, queues
from hub.logs import redact

logger = logging.getLogger("hub.relay")

POLL_SECONDS = 1.0
BEAT_SECONDS = 5.0
DB_THREADS, DB_BATCH = 2, 50
NETWORK_THREADS, NETWORK_BATCH = 8, 1
STRAGGLERS_SECONDS = 0.5  # a batch that takes longer lets others of its lane pass
BATCH_THREADS = 2  # of a lane whose rows are worked in batches: each makes many calls at a time
QUEUE_THREADS = 16  # of all network lanes of a queue: not one per dead lane, nor another queue's
ERROR_CHARACTERS = 4000

Slot = tuple[str, str]  # a queue's table and one of its lanes


class Relay:
    """One process's share of the work."""

    def __init__(self) -> None:
        self.instance = f"{socket.gethostname()}:{os.getpid()}"
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._crew = Crew()
        self._busy: dict[Slot, int] = {}
        self._full: dict[Slot, bool] = {}  # whether the last batch of a lane was a full one
        self._claimed: dict[Slot, float] = {}  # and when it was claimed (monotonic)
        self._rests: dict[Slot, float] = {}  # until when (monotonic) a lane is left alone
        self._guard = threading.Lock()

    def run(self, *, until: Callable[[], bool] = lambda: False) -> None:
        """Work until ``stop`` is called or ``until()`` turns true; then let running work end."""
        listener = threading.Thread(target=self._listen, name="listen", daemon=True)
        listener.start()
        beaten = 0.0
        while not self._stop.is_set() and not until():
            self._wake.clear()
            try:
                self._dispatch()
                if time.monotonic() - beaten > BEAT_SECONDS:
                    beat("relay", self.instance)
                    beaten = time.monotonic()
            except Error as error:
                logger.warning("database lost: %s", error)
                connection.close()
            self._wake.wait(POLL_SECONDS)
        self._stop.set()
        self._crew.end(seconds=leases.LEASE_SECONDS)
        listener.join(timeout=2)

    def stop(self) -> None:
        """Ask the relay to end; running handlers finish, claimed rows that wait are left."""
        self._stop.set()
        self._wake.set()

    def _dispatch(self) -> None:
        """Start a thread for each due lane that has room for one more."""
        for queue in queues():
            lanes = leases.due_lanes(queue.model)
            for lane in random.sample(lanes, len(lanes)):  # in turn, when not all find room
                self._start_worker(queue, lane)

    def _start_worker(self, queue: Queue, lane: str) -> None:
        slot = (queue.model._meta.db_table, lane)
        with self._guard:
            if self._rests.get(slot, 0.0) > time.monotonic() or not self._has_room(queue, slot):
                return
            self._busy[slot] = self._busy.get(slot, 0) + 1
        self._crew.take_on(partial(self._work, queue, lane, slot))

    def _has_room(self, queue: Queue, slot: Slot) -> bool:
        """Whether a lane may have one more thread; once half of its queue's are busy, its first.

        So lanes that hang leave room for others of their queue, and never touch another queue
        nor the work that needs no network.
        """
        table, lane = slot
        mine = self._busy.get(slot, 0)
        if lane == "db":
            return mine < DB_THREADS
        busy = self._busy_in(table)
        most = self._most_of_batches(slot) if queue.run_batch else NETWORK_THREADS
        return busy < QUEUE_THREADS and mine < (most if busy < QUEUE_THREADS / 2 else 1)

    def _most_of_batches(self, slot: Slot) -> int:
        """Several threads only where the work is more than one batch, or one waits for its
        stragglers: else what comes meanwhile makes the next batch, which costs as much as a row."""
        claimed = self._claimed.get(slot, 0.0)
        many = self._full.get(slot) or time.monotonic() - claimed > STRAGGLERS_SECONDS
        return BATCH_THREADS if many else 1

    def _busy_in(self, table: str) -> int:
        """How many threads the network lanes of a queue have."""
        return sum(n for (of, lane), n in self._busy.items() if of == table and lane != "db")

    def _work(self, queue: Queue, lane: str, slot: Slot) -> None:
        """Claim and run until the lane is empty, or has to let another one have the thread."""
        try:
            while not self._stop.is_set():
                rows = _claim(queue, lane)
                if not rows:
                    break
                self._full[slot] = queue.run_batch is not None and len(rows) >= queue.batch
                self._claimed[slot] = time.monotonic()
                if lane != "db":
                    self._wake.set()  # one more thread may take what still waits
                self._run_batch(queue, rows)
                with self._guard:
                    if lane != "db" and self._busy_in(slot[0]) >= QUEUE_THREADS:
                        break
        except leases.NotNow as rest:
            self._rests[slot] = time.monotonic() + rest.seconds
        except Error as error:
            logger.warning("database lost: %s", error)
            connection.close()
        finally:
            connection.close_if_unusable_or_obsolete()
            with self._guard:
                self._busy[slot] -= 1
                if not self._busy[slot]:
                    del self._busy[slot]
            self._wake.set()

    def _run_batch(self, queue: Queue, rows: list[Leased]) -> None:
        started = time.monotonic()
        if queue.run_batch:
            _run_together(queue.run_batch, rows)
            return
        queue.load(rows)
        for group in queue.groups(rows):
            if self._stop.is_set() or time.monotonic() - started > leases.LEASE_SECONDS / 2:
                for row in group:
                    leases.postpone(row, seconds=0, counted=False)
            else:
                _run_group(queue, group)

    def _listen(self) -> None:
        """Turn notifications into wake-ups; after a lost connection, try again."""
        while not self._stop.is_set():
            try:
                with connection.cursor() as cursor:
                    cursor.execute(f"LISTEN {WAKE_CHANNEL}")
                while not self._stop.is_set():
                    for _ in connection.connection.notifies(timeout=0.5, stop_after=1):
                        self._wake.set()
            except Exception as error:  # noqa: BLE001  whatever the driver raises, polling goes on
                logger.warning("listening stopped: %s", error)
                with suppress(Exception):
                    connection.close()
                self._stop.wait(1)
        connection.close()


def _claim(queue: Queue, lane: str) -> list[Leased]:
    """As many due rows as are worked together; raises NotNow when the lane has to rest."""
    if lane == "db":
        return leases.claim(queue.model, lane=lane, limit=DB_BATCH)
    size = queue.batch if queue.run_batch else NETWORK_BATCH
    if queue.claim:
        return queue.claim(lane, size)
    return leases.claim(queue.model, lane=lane, limit=size)


def _run_together(work: Callable[[list[Leased]], None], rows: list[Leased]) -> None:
    """Work a batch; when it fails as a whole, the leases bring back what it has not settled."""
    try:
        work(rows)
    except Error:
        raise
    except Exception:
        logger.exception("a batch of %s failed", rows[0].lane)


def _run_group(queue: Queue, rows: list[Leased]) -> None:
    """Work rows in one transaction; when that fails, each alone, so that only the guilty pays."""
    if len(rows) > 1:
        try:
            queue.run_group(rows)
        except Exception as error:  # noqa: BLE001  whatever it was, it is met again alone
            logger.info("%d rows are tried one by one: %s", len(rows), redact(str(error)))
        else:
            return
    for row in rows:
        run_one(queue, row)


def run_one(queue: Queue, row: Leased) -> None:
    """Run one claimed row; whatever it raises is recorded on the row, and it alone pays."""
    try:
        queue.run(row)
    except LeaseLost:
        logger.info("lease lost", extra={"row": row.pk})
    except leases.NotNow as later:
        with suppress(Error):
            leases.postpone(row, seconds=later.seconds, error=str(later), counted=False)
    except ConnectorError as error:
        _record(row, str(error), permanent=error.permanent, wait=error.retry_after)
    except Exception as error:
        logger.exception("%s failed", row)
        text = "".join(traceback.format_exception(error))[-ERROR_CHARACTERS:]
        _record(row, redact(text.replace("\x00", "")))


def _record(row: Leased, error: str, *, permanent: bool = False, wait: float | None = None) -> None:
    with suppress(Error):
        state = leases.fail(row, error=error, permanent=permanent, wait=wait)
        if state == State.PARKED:
            logger.error("parked: %s", row, extra={"row": row.pk, "lane": row.lane})
