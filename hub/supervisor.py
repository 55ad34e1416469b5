"""The hub's processes under one roof: web server, relay and django-q2 cluster.

Whatever dies or stands still is ended with all its descendants and started again. The embedded
database server, when there is one, is brought back as well. Nothing survives the supervisor.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django_q.conf import Conf

from hub import devpg
from hub.admission import THREADS
from hub.startup import StartError, one_line
from hub.supervise.checks import ClusterCheck, RelayCheck, WebCheck, web_answers
from hub.supervise.keeper import Keeper, Process
from hub.supervise.leftovers import Note
from hub.supervise.output import Output

logger = logging.getLogger("hub.supervisor")

KINDS = ("web", "relay", "cluster")
TICK_SECONDS = 1.0
GRACE_SECONDS = 10.0
READY_SECONDS = 60.0
LAST_PORT = 65_535


class Supervisor:
    """Runs the processes named by ``kinds`` until ``stop``; ``quiet`` keeps their output to the
    log files in ``var/log``. ``processes`` replaces the list, for those who know better."""

    def __init__(
        self,
        *,
        port: int = 8000,
        host: str = "127.0.0.1",
        workers: int | None = None,
        kinds: Iterable[str] = KINDS,
        quiet: bool = False,
        processes: list[Process] | None = None,
        grace: float = GRACE_SECONDS,
    ) -> None:
        self.host, self.port = host, port
        self._processes = processes
        self._kinds = tuple(kinds)
        self._workers = workers or settings.ENV.workers
        self._quiet, self._grace = quiet, grace
        self._server: devpg.Server | None = settings.EMBEDDED_POSTGRES
        self._stop = threading.Event()
        self._care = threading.Thread(target=self._take_care, name="care", daemon=True)
        var_dir: Path = settings.ENV.var_dir
        self._logs = var_dir / "log"
        self._note = Note(var_dir / "run" / f"serve-{port}.json", server=self._server)
        self.keepers: dict[str, Keeper] = {}

    def start(self) -> None:
        """The processes are being started and watched.

        Raises StartError, with nothing started, when the port is taken or the schema is old.
        """
        processes = self._processes if self._processes is not None else self._hub_processes()
        serves = any(process.name == "web" for process in processes)
        if serves:
            check_port(self.host, self.port)
        if not self._note.open():
            raise StartError(f"another curbhub already serves port {self.port} from this folder")
        try:
            self._start_database()
            if self._processes is None:
                check_migrations()
        except BaseException:
            self._stop_database()
            self._note.close()
            raise
        _share_counters(settings.ENV.var_dir / "run" / f"metrics-{self.port}")
        for process in processes:
            output = Output(self._logs / f"{process.name}.log", echo=not self._quiet)
            keeper = Keeper(process, output, grace=self._grace, register=self._note.set_mark)
            self.keepers[process.name] = keeper
            keeper.start()
        self._care.start()

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> None:
        """The web server answers. Raises StartError when it does not within the time."""
        deadline = time.monotonic() + seconds
        while not web_answers(self.host, self.port, public_name()):
            if time.monotonic() > deadline:
                log = self._logs / "web.log"
                raise StartError(f"the web server did not answer within {seconds:.0f} s, see {log}")
            time.sleep(0.1)

    def stop(self) -> None:
        """All processes have ended, in order if they could within the grace period; so has the
        embedded server if it was started here."""
        self._stop.set()
        for keeper in self.keepers.values():
            keeper.ask_to_stop()
        for keeper in self.keepers.values():
            keeper.join()
        if self._care.is_alive():
            self._care.join()
        self._stop_database()
        self._note.close()

    def run_forever(self) -> None:
        """Start, say so, stay until SIGINT or SIGTERM, stop."""
        asked = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: asked.set())
        self.start()
        names = ", ".join(self.keepers)
        sys.stderr.write(
            f"curbhub: {names} at http://{self.host}:{self.port}, logs in {self._logs}\n"
        )
        try:
            while not asked.wait(0.5):
                pass
        finally:
            self.stop()

    # --- the database -----------------------------------------------------------------------

    def _start_database(self) -> None:
        if not self._server:
            return
        devpg.ensure(self._server)
        if devpg.started_here(self._server):
            self._note.own_server()

    def _stop_database(self) -> None:
        connection.close()
        if self._server and self._note.owns_server:
            devpg.stop(self._server)

    def _take_care(self) -> None:
        """Every second: the embedded server and the guard are there, or are brought back."""
        while not self._stop.wait(TICK_SECONDS):
            self._note.watch_guard()
            try:
                if self._server and devpg.ensure(self._server):
                    logger.warning("the database server was gone; started it again")
            except devpg.DevPgError as error:
                logger.error("%s", one_line(error))

    # --- the processes ----------------------------------------------------------------------

    def _hub_processes(self) -> list[Process]:
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        web = WebCheck(host=self.host, port=self.port, name=public_name())
        cluster = ClusterCheck(workers=Conf.WORKERS)
        every = [
            Process("web", granian(self.host, self.port, self._workers), web),
            Process("relay", [*manage, "relay"], RelayCheck(), database_answers),
            Process("cluster", [*manage, "qcluster"], cluster, database_answers),
        ]
        return [process for process in every if process.name in self._kinds]


def _share_counters(folder: Path) -> None:
    """Web processes started from here count their requests together, from zero."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def granian(host: str, port: int, workers: int) -> list[str]:
    """The command line of the web server. A worker never runs two requests at once and needs one
    database connection: its other threads wait, see ``hub.admission``."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "hub.wsgi:application"),
        *("--host", host, "--port", str(port), "--workers", str(workers)),
        *("--blocking-threads", str(THREADS), "--respawn-failed-workers", "--no-ws", "--http", "1"),
        *("--workers-kill-timeout", "5", "--log-level", "warning"),
        *("--working-dir", str(settings.BASE_DIR)),
    ]


def public_name() -> str:
    """The host name under which the hub is known, which it always answers to."""
    return urlsplit(settings.PUBLIC_BASE_URL).netloc


def database_answers() -> bool:
    """Whether the database can be reached at this moment."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        connection.close()
        return False
    return True


def check_port(host: str, port: int) -> None:
    """Raise StartError unless a server could listen there."""
    try:
        if not 0 < port <= LAST_PORT:
            raise OverflowError(f"a port is a number from 1 to {LAST_PORT}")
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StartError(
            f"cannot listen on {host}:{port} ({reason}): choose another with --port or --host"
        ) from error


def check_migrations() -> None:
    """Raise StartError unless the database has the schema of this code."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise StartError(
            f"the database lacks {len(missing)} migrations: run 'manage.py migrate' first"
        )
