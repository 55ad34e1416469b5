"""A real Kannel on loopback: its boxes from the system's packages, its fake network, no root."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

USER, PASSWORD = "hub", "devonly"
BOXES = ("/usr/sbin/bearerbox", "/usr/sbin/smsbox")
NETWORK = "/usr/lib/kannel/test/fakesmsc"
LONGEST_SECONDS = 30

CONFIG = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = devonly
smsbox-port = {smsbox}
smsbox-interface = 127.0.0.1
dlr-storage = internal
log-file = {folder}/bearerbox.log
log-level = 0

group = smsc
smsc = fake
smsc-id = fake1
host = 127.0.0.1
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-file = {folder}/smsbox.log
log-level = 0
mo-recode = true

group = sendsms-user
username = hub
password = devonly
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
max-messages = 0
accepted-smsc = fake1
get-url = "{texts_url}"
"""


class Kannel:
    """The boxes of one configuration, and the pretended phone network behind them."""

    def __init__(self, folder: Path, texts_url: str) -> None:
        names = ("admin", "smsbox", "smsc", "sendsms")
        self.ports = dict(zip(names, _free_ports(len(names)), strict=True))
        self.folder = folder
        self.base_url = f"http://127.0.0.1:{self.ports['sendsms']}"
        self.config = folder / "kannel.conf"
        self.config.write_text(CONFIG.format(folder=folder, texts_url=texts_url, **self.ports))

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Both boxes answer; afterwards they are gone."""
        with contextlib.ExitStack() as stack:
            for box, port in zip(BOXES, ("smsbox", "sendsms"), strict=True):
                stack.enter_context(_process([box, str(self.config)], self.folder))
                _wait_for_port(self.ports[port])
            yield

    @contextlib.contextmanager
    def network(self, *texts: str) -> Iterator[Path]:
        """The network is up and has ``texts`` for us, in fakesmsc's words; yields its output,
        which names each text that it was given."""
        seen = self.folder / "network.log"
        command = [NETWORK, "-H", "127.0.0.1", "-r", str(self.ports["smsc"]), "-i", "0.1"]
        command += ["-m", str(len(texts)), *(texts or ["1 2 text nothing"])]
        with _process(command, self.folder, output=seen):
            _wait_until(lambda: _mentions(self.folder / "bearerbox.log", "client connected"))
            yield seen


def is_installed() -> bool:
    """Whether the packages kannel and kannel-extras are here; in CI they have to be."""
    found = all(shutil.which(path) for path in (*BOXES, NETWORK))
    return found or bool(os.environ.get("CI"))


@contextlib.contextmanager
def _process(command: Sequence[str], folder: Path, output: Path | None = None) -> Iterator[None]:
    with (output or folder / "output.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=folder
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def _mentions(log: Path, words: str) -> bool:
    return log.exists() and words in log.read_text(errors="replace")


def _wait_for_port(port: int) -> None:
    def answers() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    _wait_until(answers)


def _wait_until(condition) -> None:
    end = time.monotonic() + LONGEST_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.05)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]
