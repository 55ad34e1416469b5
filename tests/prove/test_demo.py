"""``make demo`` as a newcomer meets it: a process of its own, on a machine that had nothing yet."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub import devpg
from tests.prove.live import ROOT, free_port

pytestmark = pytest.mark.prove

EVERY_STEP = {
    "order.placed",
    "fulfillment.proposed",
    "fulfillment.acknowledged",
    "fulfillment.accepted",
    "fulfillment.picking_started",
    "fulfillment.picked",
    "fulfillment.ready_for_pickup",
    "message.accepted",
    "message.delivered",
    "visit.arrived",
    "visit.being_served",
    "fulfillment.handed_off",
    "order.completed",
}


@pytest.fixture(scope="module", autouse=True)
def interrupts_are_heeded():
    """Where tests run in the background Ctrl-C is ignored, and what they start inherits that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Demo:
    """One demo with its own data folder and port; what it leaves running can be seen."""

    def __init__(self, var: Path) -> None:
        self.var, self.port = var, free_port()
        self.env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.env |= {"HUB_DEBUG": "1", "HUB_VAR": str(var)}
        self.server = devpg.Server(data_root=var)

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--port", str(self.port), *words],
            cwd=ROOT,
            env=self.env | env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def left_running(self) -> list[str]:
        """The command lines of processes that know this demo's folder."""
        return [command for command in map(self._command_if_ours, _pids()) if command]

    def _command_if_ours(self, pid: str) -> str:
        folder = Path("/proc") / pid
        try:
            command = (folder / "cmdline").read_bytes()
            known = command + (folder / "environ").read_bytes()
        except OSError:
            return ""
        ours = (str(self.var).encode() in known) or (str(self.server.home).encode() in known)
        return command.replace(b"\0", b" ").decode() if ours else ""


def _pids():
    return [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()]


@pytest.fixture
def demo(tmp_path):
    made = Demo(tmp_path / "var")
    yield made
    devpg.stop(made.server)
    shutil.rmtree(made.server.home, ignore_errors=True)


def test_one_order_runs_to_its_hand_off_and_nothing_is_left_running(demo):
    process = demo.start("--once", "--json")
    printed, said = process.communicate(timeout=120)

    assert process.returncode == 0, said
    report = json.loads(printed)
    assert report["ok"]
    assert {entry["fact"] for entry in report["timeline"]} >= EVERY_STEP
    times = [entry["time"] for entry in report["timeline"]]
    assert times == sorted(times)
    assert all(entry["ids"]["order"] == report["order"] for entry in report["timeline"])
    assert demo.left_running() == []

    begun = time.monotonic()
    again = demo.start("--once", "--json")
    again.communicate(timeout=60)
    assert again.returncode == 0
    print(f"set up: {report['seconds']} s at first, {time.monotonic() - begun:.1f} s again")


def test_a_step_that_does_not_happen_is_named_and_is_no_success(demo):
    process = demo.start("--once", "--json", HUB_SMS_CONNECTOR="memory")
    printed, said = process.communicate(timeout=120)

    assert process.returncode == 1
    report = json.loads(printed)
    assert not report["ok"]
    assert "the ready text" in report["error"]
    assert "Traceback" not in said
    assert demo.left_running() == []


@pytest.mark.parametrize(
    ("moment", "number", "status"),
    [
        ("Preparing", signal.SIGINT, 130),
        ("A first order", signal.SIGTERM, 130),
        ("Everything keeps running", signal.SIGINT, 0),
    ],
)
def test_a_demo_that_is_stopped_at_any_moment_leaves_nothing_running(demo, moment, number, status):
    process = demo.start()
    assert process.stdout
    for line in process.stdout:
        if moment in line:
            break
    process.send_signal(number)
    _, said = process.communicate(timeout=60)

    assert process.returncode == status
    assert "Traceback" not in said
    assert demo.left_running() == []


@pytest.mark.parametrize("moment", [0.5, 1.5, 3.0])
def test_a_demo_that_is_stopped_while_its_database_begins_leaves_nothing_running(demo, moment):
    process = demo.start("--once")
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)

    assert process.returncode != 0
    assert demo.left_running() == []


def test_a_taken_port_is_named_in_one_sentence(demo):
    with socket.create_server(("127.0.0.1", demo.port)):
        process = demo.start("--once")
        _, said = process.communicate(timeout=60)

    assert process.returncode == 2
    assert len(said.strip().splitlines()) == 1
    assert f"cannot listen on 127.0.0.1:{demo.port}" in said
    assert demo.left_running() == []
