"""Runs that die, meet locks or fail: the next one goes on, and the end is the same."""

import os
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from hub import clock
from inventory import tasks
from inventory.feeds.errors import UnreadableFeed
from inventory.models import (
    InventoryEvent,
    StockFile,
    StockLevel,
    StoreFeed,
    UnmappedCode,
)
from inventory.services import files
from inventory.services.feeding import applying, looking, running
from tests.factories import make_store
from tests.inventory.files.doing import on_hand, receive, refused, run
from tests.inventory.test_invariants import broken

pytestmark = pytest.mark.django_db


def everything(file):
    """What a run leaves behind, apart from names and times of its own."""
    file.refresh_from_db()
    ledger = InventoryEvent.objects.order_by("source_event_id").values_list(
        "source_event_id", "store__code", "item__sku", "quantity", "on_hand_change", "superseded"
    )
    counters = (file.status, file.lines, file.lines_done, file.lines_refused, file.result)
    codes = sorted(UnmappedCode.objects.values_list("code", "times"))
    return counters, refused(file), codes, sorted(on_hand().items()), sorted(ledger)


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("dies_after", [0, 1, 2])
def test_a_run_that_died_goes_on_and_ends_like_one_that_did_not(
    items, monkeypatch, complete, dies_after
):
    monkeypatch.setattr(looking, "CHUNK_LINES", 2)
    for code in ("S1", "S2", "S3"):
        make_store(code=code)
    rows = [f"{code},{sku},{n}" for code in ("S1", "S2", "S3") for n, sku in enumerate(items, 3)]
    rows[4:4] = ["S2,NO,1", "S9,MUG,1", "S2,SOAP,x"]
    content = "store,sku,on_hand\n" + "\n".join(rows)
    calm = everything(run(content, complete=complete))
    for model in (InventoryEvent, StockLevel, StoreFeed, UnmappedCode, StockFile):
        model.objects.all().delete()
    file, _ = receive(content, complete=complete)
    apply_chunk, done = running.apply_chunk, []

    def dies(*arguments):
        if len(done) == dies_after:
            raise KeyboardInterrupt
        done.append(arguments)
        return apply_chunk(*arguments)

    monkeypatch.setattr(running, "apply_chunk", dies)
    with pytest.raises(KeyboardInterrupt):
        files.run_file(file=file)
    monkeypatch.setattr(running, "apply_chunk", apply_chunk)
    file.refresh_from_db()
    assert (file.status, bool(file.lines_done)) == ("running", dies_after > 0)

    files.run_file(file=file)

    assert everything(file) == calm
    assert broken() == set()


def test_a_deadlock_is_tried_again(store, monkeypatch):
    tries = []
    apply_chunk = running.apply_chunk

    def deadlocks(*arguments):
        tries.append(arguments)
        if len(tries) < 3:
            with connection.cursor() as cursor:
                cursor.execute("SAVEPOINT before")
                try:
                    cursor.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$")
                finally:
                    cursor.execute("ROLLBACK TO SAVEPOINT before")
        return apply_chunk(*arguments)

    monkeypatch.setattr(running, "apply_chunk", deadlocks)
    monkeypatch.setattr(applying, "PAUSE_SECONDS", 0)

    assert run("sku,on_hand\nMUG,3\n", store=store).status == "done"
    assert len(tries) == 3


def test_an_error_that_will_not_pass_is_not_tried_again():
    def fails():
        raise OperationalError("no more disk")

    with pytest.raises(OperationalError):
        applying.persistently(fails)


def test_a_fault_of_our_own_is_told_and_the_file_stays_to_be_run(store, monkeypatch):
    def faulty(*_):
        raise ZeroDivisionError

    file, _ = receive("sku,on_hand\nMUG,3\n", store=store)
    apply_chunk = running.apply_chunk
    monkeypatch.setattr(running, "apply_chunk", faulty)
    with pytest.raises(ZeroDivisionError):
        files.run_file(file=file)
    monkeypatch.setattr(running, "apply_chunk", apply_chunk)
    file.refresh_from_db()
    assert (file.status, file.problem_code) == ("running", "run_failed")

    files.run_file(file=file)

    assert (file.status, file.problem_code) == ("done", "")


def test_files_that_nobody_runs_are_queued_and_old_contents_go(store, settings, monkeypatch):
    queued = []
    monkeypatch.setattr(files, "async_task", lambda name, pk, **_: queued.append((name, pk)))
    done = run("sku,on_hand\nMUG,3\n", store=store)
    waiting, _ = receive("sku,on_hand\nMUG,4\n", store=store)
    stray = settings.FEEDS_DIR / "received" / "stray"
    stray.write_bytes(b"")
    os.utime(stray, (1, 1))

    with clock.turned_to(clock.now() + timedelta(days=31)):
        assert tasks.run_waiting_files() == 1

    assert queued == [("inventory.tasks.run_stock_file", waiting.pk)]
    assert tasks.run_stock_file(waiting.pk) == "done"
    done.refresh_from_db()
    assert (done.path, stray.exists()) == ("", False)


def test_a_file_whose_content_is_gone_is_refused(store, settings):
    file, _ = receive("sku,on_hand\nMUG,3\n", store=store)
    (settings.FEEDS_DIR / file.path).unlink()

    assert files.run_file(file=file).problem_code == "file_gone"


def test_a_preview_of_an_unreadable_file_says_so(store):
    file, _ = receive("nonsense", store=store)

    with pytest.raises(UnreadableFeed):
        files.preview_file(file=file)
