"""The relay: every delivery once, whoever fails beside it."""

import threading
import time

import pytest
from django.db import connection, transaction

from hub.errors import ConnectorError
from hub.events import leases
from hub.events import relay as relay_module
from hub.events.catalog import OrderCanceled, OrderPlaced
from hub.events.leases import State
from hub.events.models import Delivery, Fact
from hub.events.outbox import publish
from hub.events.registry import handles
from hub.events.relay import Relay
from hub.stores.models import Brand

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reactions")]


def publish_all(*facts):
    with transaction.atomic():
        for fact in facts:
            publish(fact)


def run_relay(relay=None, *, until=None, seconds=10):
    """Run a relay until nothing is pending and due (or ``until``), at most ``seconds``."""
    relay, end = relay or Relay(), time.monotonic() + seconds
    idle = until or (lambda: not Delivery.objects.filter(state=State.PENDING).exists())
    relay.run(until=lambda: idle() or time.monotonic() > end)


def closing(work):
    """Do the work, then give the thread's connection back."""
    try:
        work()
    finally:
        connection.close()


def run_relays(count):
    threads = [threading.Thread(target=closing, args=(run_relay,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_database_handler_commits_with_its_delivery():
    @handles(OrderPlaced)
    def found_brand(fact):
        Brand.objects.create(name=f"brand {fact.order_id}")

    publish_all(OrderPlaced(order_id=1), OrderPlaced(order_id=2))
    run_relay()

    assert Brand.objects.count() == 2
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DONE}


def test_an_effect_is_rolled_back_when_the_lease_was_lost_meanwhile():
    @handles(OrderPlaced)
    def found_brand(fact):
        Brand.objects.create(name="once")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE events_delivery SET lease = gen_random_uuid()")

    publish_all(OrderPlaced(order_id=1))
    run_relay(until=lambda: Delivery.objects.filter(attempts=1).exists())
    time.sleep(0.3)

    assert not Brand.objects.exists()


def test_a_failing_handler_keeps_its_traceback_and_delays_nobody(monkeypatch):
    monkeypatch.setattr(relay_module.leases.Backoff, "delay", lambda *_: 0.0)
    done = []

    @handles(OrderPlaced)
    def poison(fact):
        if fact.order_id == 3:
            raise ValueError("cannot digest this\x00: +48 500 123 456, ann@example.com")
        done.append(fact.order_id)

    publish_all(*(OrderPlaced(order_id=number) for number in range(1, 8)))
    run_relay()

    assert sorted(done) == [1, 2, 4, 5, 6, 7]
    parked = Delivery.objects.get(state=State.PARKED)
    assert parked.attempts == Delivery.MAX_ATTEMPTS
    assert "ValueError: cannot digest this: [phone], [email]" in parked.last_error
    assert "Traceback" in parked.last_error


def test_a_permanent_refusal_is_parked_at_once_and_a_polite_one_waits_as_told():
    @handles(OrderPlaced, lane="till")
    def refuse(fact):
        raise ConnectorError("no such store", permanent=True)

    @handles(OrderCanceled, lane="till")
    def wait(fact):
        raise ConnectorError("busy", retry_after=120)

    publish_all(OrderPlaced(order_id=1), OrderCanceled(order_id=1))
    run_relay(until=lambda: Delivery.objects.exclude(last_error="").count() == 2)

    by_error = {row.last_error: row for row in Delivery.objects.all()}
    assert by_error["no such store"].state == State.PARKED
    waited = by_error["busy"].due_at - by_error["busy"].created_at
    assert 115 < waited.total_seconds() < 140


def test_a_network_handler_runs_outside_any_transaction():
    inside = []

    @handles(OrderPlaced, lane="till")
    def call(fact):
        inside.append(connection.in_atomic_block)

    publish_all(OrderPlaced(order_id=1))
    run_relay()

    assert inside == [False]


def test_a_dead_lane_does_not_hold_up_another():
    seen = []
    release = threading.Event()

    @handles(OrderPlaced, lane="dead")
    def hang(fact):
        release.wait(10)

    @handles(OrderCanceled, lane="alive")
    def answer(fact):
        seen.append(time.monotonic())

    publish_all(*(OrderPlaced(order_id=n) for n in range(20)), OrderCanceled(order_id=1))
    begun = time.monotonic()
    run_relay(until=lambda: release.set() if seen else False, seconds=3)
    release.set()

    assert seen[0] - begun < 2


def test_a_fact_of_a_newer_version_is_left_for_a_newer_process():
    @handles(OrderPlaced)
    def nothing(fact):
        """Never reached."""

    publish_all(OrderPlaced(order_id=1))
    Fact.objects.update(v=2)
    run_relay(until=lambda: Delivery.objects.filter(attempts=1, lease=None).exists())

    row = Delivery.objects.get()
    assert row.state == State.PENDING
    assert "no fact order.placed v2" in row.last_error


@pytest.mark.race
def test_no_row_is_claimed_by_two_workers_at_once():
    handles(OrderPlaced)(lambda fact: None)
    publish_all(*(OrderPlaced(order_id=number) for number in range(300)))
    claimed, together = [], threading.Barrier(6)

    def claim_all():
        together.wait()
        while rows := leases.claim(Delivery, lane="db", limit=25):
            claimed.extend(row.pk for row in rows)

    threads = [threading.Thread(target=closing, args=(claim_all,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == 300
    assert len(set(claimed)) == 300


@pytest.mark.race
def test_several_relays_share_the_work_and_do_none_of_it_twice():
    seen = []

    @handles(OrderPlaced)
    def note(fact):
        seen.append(fact.order_id)

    publish_all(*(OrderPlaced(order_id=number) for number in range(400)))
    run_relays(4)

    assert sorted(seen) == list(range(400))


@pytest.mark.race
def test_facts_of_one_key_are_handled_in_order_by_any_number_of_relays():
    seen = []

    @handles(OrderPlaced, OrderCanceled, key=lambda fact: "one")
    def note(fact):
        seen.append(fact.order_id)
        time.sleep(0.002)

    publish_all(*(OrderPlaced(order_id=number) for number in range(60)))
    run_relays(3)

    assert seen == list(range(60))


def test_a_committed_fact_wakes_a_sleeping_relay(monkeypatch):
    monkeypatch.setattr(relay_module, "POLL_SECONDS", 30.0)
    seen = threading.Event()

    @handles(OrderPlaced)
    def note(fact):
        seen.set()

    relay = Relay()
    thread = threading.Thread(target=closing, args=(relay.run,))
    thread.start()
    time.sleep(0.7)
    publish_all(OrderPlaced(order_id=1))
    woken = seen.wait(5)
    relay.stop()
    thread.join()

    assert woken


def test_a_relay_whose_connection_was_cut_goes_on_with_a_new_one():
    seen = threading.Event()

    @handles(OrderPlaced)
    def note(fact):
        seen.set()

    relay = Relay()
    thread = threading.Thread(target=closing, args=(relay.run,))
    thread.start()
    time.sleep(0.7)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    publish_all(OrderPlaced(order_id=1))
    carried_out = seen.wait(5)
    relay.stop()
    thread.join()

    assert carried_out


def test_what_waits_for_its_turn_keeps_no_relay_busy(monkeypatch):
    claims = []
    claim = leases.claim
    monkeypatch.setattr(leases, "claim", lambda *a, **k: claims.append(a) or claim(*a, **k))

    @handles(OrderPlaced, lane="till", key=lambda fact: "one")
    def be_busy(fact):
        raise ConnectorError("busy", retry_after=120)

    publish_all(OrderPlaced(order_id=1), OrderPlaced(order_id=2))
    end = time.monotonic() + 2
    Relay().run(until=lambda: time.monotonic() > end)

    assert Delivery.objects.filter(attempts=0).count() == 1
    assert len(claims) < 10


def test_many_dead_lanes_hold_up_neither_the_database_nor_other_lanes_of_their_queue():
    seen = {}
    release = threading.Event()

    @handles(OrderPlaced, lane=lambda fact: f"dead-{fact.order_id % 7}")
    def hang(fact):
        release.wait(10)

    @handles(OrderCanceled)
    def note(fact):
        seen["db"] = time.monotonic()

    @handles(OrderCanceled, lane="till")
    def answer(fact):
        seen["till"] = time.monotonic()

    publish_all(*(OrderPlaced(order_id=number) for number in range(70)))
    relay = Relay()
    thread = threading.Thread(target=closing, args=(relay.run,))
    thread.start()
    time.sleep(1)
    publish_all(OrderCanceled(order_id=1))
    begun = time.monotonic()
    while len(seen) < 2 and time.monotonic() - begun < 4:
        time.sleep(0.05)
    in_time = dict(seen)
    release.set()
    relay.stop()
    thread.join()

    assert in_time.keys() == {"db", "till"}


def test_more_dead_lanes_than_threads_take_turns_with_the_others():
    seen = []
    release = threading.Event()

    @handles(OrderPlaced, lane=lambda fact: f"dead-{fact.order_id % 25:02}")
    def hang(fact):
        release.wait(0.3)

    @handles(OrderCanceled, lane="till")
    def answer(fact):
        seen.append(time.monotonic())

    publish_all(*(OrderPlaced(order_id=number) for number in range(500)))
    publish_all(OrderCanceled(order_id=1))
    begun = time.monotonic()
    run_relay(until=lambda: bool(seen), seconds=5)
    release.set()

    assert seen
    assert seen[0] - begun < 4
