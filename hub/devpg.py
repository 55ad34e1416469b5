"""An embedded PostgreSQL 18 for development, demo, tests and small installations.

The programs come from a wheel; the data lives in a private folder; the only way in is a Unix
socket inside a folder that nobody else can enter. Several processes may call ``ensure`` at the
same moment, and it is the same call that repairs what a kill -9 or a reboot left behind.

As a normal user everything is under ``data_root``. PostgreSQL refuses to run as root, so as
root the server runs as ``postgres`` or else ``nobody``, with its data (and, where that user
cannot reach the virtual environment, a copy of the programs) under ``/var/lib/curbhub``.

Django's settings import this module: it must not import Django.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psycopg

from hub import pghost, pgprocesses
from hub.pghost import MAJOR, UNSET, DevPgError

if sys.platform != "win32":
    import fcntl

__all__ = ["DevPgError", "Server", "ensure", "started_here", "stop"]

DATABASE = "curbhub"
ROLE = "curbhub"
START_SECONDS = 60
SILENT_SECONDS = 15
STARTED = "CURBHUB_STARTED_SERVER"
NEEDED_BYTES = 150 * 1024 * 1024
MAX_LOG_BYTES = 10 * 1024 * 1024
OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "jit": "off",
}
FAST_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

Answer = Literal["up", "starting", "recovering", "no database", "silent", "down"]
# What a failed connect says, and what it means; anything else means that nobody is there.
ANSWERS: dict[str, Answer] = {
    "too many clients": "up",
    "reserved for": "up",
    "is starting up": "starting",
    "is shutting down": "starting",
    "not yet accepting": "starting",
    "in recovery mode": "recovering",
    "does not exist": "no database",
    "timeout expired": "silent",
    "temporarily unavailable": "silent",
}


@dataclass(frozen=True)
class Server:
    """One embedded cluster: ``data_root / name`` is its identity and, unless root runs it, its
    place. ``fast`` gives up durability for speed and is for tests only."""

    data_root: Path
    name: str = f"pg{MAJOR}"
    fast: bool = False

    @property
    def seat(self) -> Path:
        """The folder in the project's ``var`` that stands for this cluster."""
        return self.data_root.resolve() / self.name

    @property
    def home(self) -> Path:
        """The private folder of the cluster: data, log and lock."""
        return pghost.ROOT_HOME / self._digest if pghost.is_root() else self.seat

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def sockets(self) -> Path:
        """Folder of the Unix socket; its path is short because a socket's name must be."""
        if pghost.is_root():
            return self.home / "run"
        return Path("/tmp") / f"curbhub-{os.getuid()}-{self._digest}"  # noqa: S108  0700, checked

    @property
    def _digest(self) -> str:
        return hashlib.sha256(str(self.seat).encode()).hexdigest()[:12]

    def django_config(self) -> dict[str, Any]:
        """The entry for Django's DATABASES; starts nothing."""
        return {
            "ENGINE": "hub.postgres",
            "NAME": DATABASE,
            "USER": ROLE,
            "PASSWORD": "",
            "HOST": str(self.sockets) if sys.platform != "win32" else "",
            "PORT": "5432",
        }

    def dsn(self, database: str = DATABASE) -> str:
        """A libpq connection string for the hub's database, or for another one of the cluster."""
        return f"host={self.sockets} port=5432 user={ROLE} dbname={database}"


def ensure(server: Server) -> bool:
    """The server runs and has the hub's database; True when this call had to start it.

    Raises DevPgError with one sentence when that cannot be done.
    """
    if sys.platform == "win32":
        raise DevPgError(f"the embedded PostgreSQL does not run on Windows: use WSL or {UNSET}")
    if _is_seated(server) and _answer(server) == "up":
        return False
    with _locked(server):
        _claim_home(server)
        started = _bring_up(server)
        if _answer(server) == "no database":
            _create_database(server)
    return started


def started_here(server: Server) -> bool:
    """Whether this process was the one that started the server, also before an exec."""
    return os.environ.get(STARTED) == _starter(server)


def _starter(server: Server) -> str:
    return f"{os.getpid()} {server.seat}"


def stop(server: Server) -> None:
    """The server is down, its data complete on disk; harmless when it was not running."""
    if not (server.data / "postmaster.pid").exists():
        return
    with _locked(server):
        _pg_ctl(server, "stop", "-m", "fast", "-w", "-t", str(START_SECONDS))
        pgprocesses.clear_away(server.data, server.sockets)


# --- up and answering -----------------------------------------------------------------------


def _answer(server: Server, database: str = DATABASE) -> Answer:
    try:
        psycopg.connect(server.dsn(database), connect_timeout=3).close()
    except psycopg.OperationalError as error:
        # a failed connect carries no SQLSTATE; the server speaks English (locale C)
        text = str(error)
        return next((answer for words, answer in ANSWERS.items() if words in text), "down")
    return "up"


def _bring_up(server: Server) -> bool:
    """Start the server unless it answers; clear away what a crash left; True when started."""
    if _answer(server) in ("up", "no database"):
        return False
    _check_space(server)
    programs = pghost.programs()
    if not server.data.exists():
        _initdb(server, programs)
    begun = time.monotonic()
    while (answer := _answer(server)) not in ("up", "no database"):
        waited = time.monotonic() - begun
        if waited > START_SECONDS:
            raise DevPgError(_why_not_started(server))
        if answer == "down" or (waited > SILENT_SECONDS and _is_stuck(server, answer)):
            pgprocesses.clear_away(server.data, server.sockets)
            os.environ[STARTED] = _starter(server)  # before it, lest an interrupt come between
            _start(server, programs)
        time.sleep(0.1)
    return True


def _is_stuck(server: Server, answer: Answer) -> bool:
    """Whether waiting is in vain: nothing is said, or a recovery is spoken of that nobody does.

    PostgreSQL 18 waits for ever when its startup process is killed after another process was.
    """
    if answer == "recovering" and pgprocesses.CAN_SEE:
        return not any("startup" in pgprocesses.title(pid) for pid in strays(server))
    return answer == "silent"


def _start(server: Server, programs: Path) -> None:
    options = OPTIONS | (FAST_OPTIONS if server.fast else {})
    options |= {"unix_socket_directories": str(server.sockets)}
    if server.log.exists() and server.log.stat().st_size > MAX_LOG_BYTES:
        server.log.rename(server.log.with_suffix(".old"))
    words = " ".join(f"-c {key}='{value}'" for key, value in options.items())
    command: list[str | Path] = [
        programs / "pg_ctl",
        "-D",
        server.data,
        "-l",
        _writable_log(server),
    ]
    pghost.run_as_server(
        [*command, "-w", "-t", str(START_SECONDS), "-s", "-o", words, "start"], detached=True
    )


def _create_database(server: Server) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")


def _initdb(server: Server, programs: Path) -> None:
    """Make the cluster beside its place and move it there whole: no half-made one is ever seen."""
    fresh = server.home / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    pghost.make_private(fresh)
    command: list[str | Path] = [
        programs / "initdb",
        "-D",
        fresh,
        "-U",
        ROLE,
        "-A",
        "trust",
        "-E",
        "UTF8",
    ]
    # code point order, as with C, but upper() and ILIKE know letters beyond ASCII
    command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if server.fast:
        command.append("--no-sync")
    with _notice_after(2.0, "preparing the database server, once ..."):
        done = pghost.run_as_server(command)
    if done.returncode:
        shutil.rmtree(fresh, ignore_errors=True)
        raise DevPgError(_reason(f"initdb failed in {server.home}", done.stdout))
    fresh.rename(server.data)


@contextlib.contextmanager
def _notice_after(seconds: float, text: str) -> Iterator[None]:
    timer = threading.Timer(seconds, lambda: sys.stderr.write(f"curbhub: {text}\n"))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


# --- what went wrong ------------------------------------------------------------------------


def _check_space(server: Server) -> None:
    free = shutil.disk_usage(server.home).free
    if free < NEEDED_BYTES:
        raise DevPgError(_no_space(server.home, free))


def _no_space(folder: Path, free: int) -> str:
    needed = NEEDED_BYTES >> 20
    return (
        f"no space left for the database in {folder} "
        f"({free >> 20} MB free, {needed} MB needed): free some or set HUB_VAR"
    )


def _why_not_started(server: Server) -> str:
    tail = ""
    if server.log.exists():
        tail = server.log.read_text(errors="replace")[-2000:]
    return _reason(f"PostgreSQL did not start within {START_SECONDS} s, see {server.log}", tail)


def _reason(text: str, output: str) -> str:
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return f"no space left on the disk for the database: {text}"
    lines = [line for line in output.splitlines() if "FATAL" in line or "error:" in line]
    return f"{text} ({lines[-1].strip()})" if lines else text


# --- processes ------------------------------------------------------------------------------


def strays(server: Server) -> list[int]:
    """The live processes of this cluster, whoever started them (Linux only)."""
    return pgprocesses.of(server.data)


def _pg_ctl(server: Server, *words: str) -> None:
    pghost.run_as_server([pghost.programs() / "pg_ctl", "-D", server.data, "-s", *words])


# --- the private folders --------------------------------------------------------------------


def _is_seated(server: Server) -> bool:
    """Whether the running server, if any, is this checkout's and not a deleted one's."""
    try:
        seal = (server.seat / "seal").read_text()
        return seal == (server.home / "seal").read_text() and server.data.exists()
    except OSError:
        return False


@contextlib.contextmanager
def _locked(server: Server) -> Iterator[None]:
    """Hold the cluster's lock; others who start or stop it wait here."""
    try:
        if pghost.is_root():
            pghost.ROOT_HOME.mkdir(mode=0o711, parents=True, exist_ok=True)
        server.seat.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = (server.seat / "lock").open("w")
    except OSError as error:
        raise DevPgError(f"cannot write to {server.seat}: {error.strerror}") from error
    with handle:
        deadline = time.monotonic() + START_SECONDS * 2
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    text = f"another process has been starting PostgreSQL in {server.seat} for long"
                    raise DevPgError(text) from None
                time.sleep(0.05)
        yield


def _claim_home(server: Server) -> None:
    """The private folders exist, are ours, and hold this checkout's data and no other's."""
    if not _is_seated(server):
        pghost.programs()  # without them there is nothing to claim a home for
        pgprocesses.clear_away(server.data, server.sockets)
        if pghost.is_root() and server.home.exists():
            _set_aside(server)
        server.home.mkdir(mode=0o711 if pghost.is_root() else 0o700, parents=True, exist_ok=True)
        seal = f"{secrets.token_hex(8)} {server.seat}\n"
        for folder in (server.home, server.seat):
            (folder / "seal").write_text(seal)
    pghost.make_private(server.sockets)


def _set_aside(server: Server) -> None:
    """Keep, but do not use, the data of an earlier checkout at the same place."""
    aside = server.home.with_name(f"{server.home.name}.{time.strftime('%Y%m%d-%H%M%S')}")
    server.home.rename(aside)
    sys.stderr.write(f"curbhub: data of an earlier {server.seat} was set aside in {aside}\n")


def _writable_log(server: Server) -> Path:
    server.log.touch(mode=0o600)
    if pghost.is_root():
        who = pghost.account()
        os.chown(server.log, who.pw_uid, who.pw_gid)
    return server.log
