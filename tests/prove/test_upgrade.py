"""An upgrade under way: the previous commit's processes beside the new ones, on one database."""

import io
import json
import subprocess
import sys
import tarfile

import pytest

from tests.prove.live import ROOT, LiveHub, free_port

pytestmark = pytest.mark.prove


@pytest.fixture
def previous(tmp_path):
    """The files of the previous commit."""
    packed = subprocess.run(
        ["git", "archive", "HEAD~1"], cwd=ROOT, capture_output=True, check=False
    )
    if packed.returncode:
        pytest.skip("this is no clone with a previous commit")
    folder = tmp_path / "previous"
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


@pytest.fixture
def hub(tmp_path):
    """The new version at work: schema, web, relay and cluster."""
    live = LiveHub(tmp_path / "var")
    live.start()
    yield live
    live.stop()


def test_an_order_passes_through_processes_of_both_versions(hub, previous):
    demo = [sys.executable, "manage.py", "demo", "--once", "--json", "--port", str(free_port())]

    done = subprocess.run(
        demo, cwd=previous, env=hub.env, capture_output=True, text=True, check=False, timeout=180
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"]
    assert hub.invariants()["ok"]
    assert hub.sql(
        "SELECT count(DISTINCT instance) FROM events_heartbeat WHERE kind = 'relay'"
    ) == [(2,)]
