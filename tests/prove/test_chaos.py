"""kill -9 of everything, one at a time and at random, while a day of orders is placed."""

import json
import os
import random
import time

import pytest

from tests.prove.live import INVOICES, WEBHOOKS, LiveHub, write_files

pytestmark = pytest.mark.prove

ROUNDS = int(os.environ.get("HUB_ROUNDS", "3"))
KINDS = ["web", "relay", "cluster", "postgres"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """One hub for all rounds: it must come back by itself from each of them."""
    live = LiveHub(tmp_path_factory.mktemp("hub"))
    live.start()
    yield live
    live.stop()


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_no_acknowledged_order_is_lost_or_doubled_and_all_work_gets_done(hub, seed, tmp_path):
    chance = random.Random(seed)
    before = hub.count("orders_order")
    replay = hub.replay(*write_files(tmp_path, seed=seed))
    hub.until(lambda: hub.count("orders_order") > before or replay.poll() is not None, 60)

    killed = []
    order_of_kinds = [KINDS[seed % len(KINDS)], *chance.choices(KINDS, k=3)]
    for kind in order_of_kinds:
        killed.append(hub.kill(kind, chance))
        time.sleep(chance.uniform(0.2, 2.0))
        if replay.poll() is not None:
            break
    printed, errors = replay.communicate(timeout=300)

    print(f"seed {seed}: killed {killed}")
    assert printed, errors
    report = json.loads(printed)
    broken = [row for row in report["invariants"] if row["violations"]]
    assert broken == []
    assert unscheduled(report["left_over"]) == [], "work was left over after 60 s"
    hub.let_webhooks_fall_due()
    hub.until(lambda: not hub.waiting_webhooks(), 60)
    assert (report["placed"], report["refused"]) == (INVOICES, {})
    assert hub.count("orders_order") - before == INVOICES


def unscheduled(left_over):
    """Without webhook calls that wait for their next try, minutes away by the schedule that sites
    know: the web server may have been dead for two tries in a row, and it is their receiver."""
    return [row for row in left_over if not (row["queue"] == WEBHOOKS and row["due_in"] > 0)]


def test_idle_processes_that_are_killed_come_back_to_work(hub):
    """Idle workers that die can jam a django-q2 cluster for good; nobody else may notice."""
    for kind in ["cluster", "relay", "web"]:
        for pid in hub.pids(kind):
            os.kill(pid, 9) if _alive(pid) else None
    begun = hub.sql("SELECT statement_timestamp()")[0][0]

    def all_seen():
        rows = hub.sql("SELECT kind, max(seen_at) FROM events_heartbeat GROUP BY kind")
        return {kind for kind, seen in rows if seen > begun} >= {"cluster", "relay"}

    hub.until(all_seen, 60)


def _alive(pid):
    return os.path.exists(f"/proc/{pid}")
