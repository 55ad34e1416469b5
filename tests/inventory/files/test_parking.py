"""What cuts too deep waits for a person, who sees what it would do."""

import pytest

from hub.events.models import Fact
from inventory.models import (
    FeedLayout,
    RefusedLine,
)
from inventory.services import files
from tests.factories import stock
from tests.inventory.files.doing import DELTAS, MORNING, on_hand, receive, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def full(store, items):
    stock(store, {items["MUG"]: 60, items["TEA"]: 40}, minutes_ago=600)
    return store


def test_a_snapshot_that_cuts_too_deep_waits_for_a_person(full):
    file = run("sku,on_hand\nMUG,30\n", store=full, complete=True)

    assert (file.status, file.problem_code, file.lines_done) == ("parked", "cuts_too_deep", 0)
    assert file.preview["stores"] == [
        {
            "store": "S1",
            "name": full.name,
            "before": 100,
            "after": 30,
            "percent": 70,
            "to_zero": 1,
        }
    ]
    assert (file.preview["applied"], file.preview["zeroed"]) == (1, 1)
    assert on_hand() == {("S1", "MUG"): 60, ("S1", "TEA"): 40}
    assert Fact.objects.get(name="inventory.stock_file_parked").data == {"file_id": file.pk}


def test_an_approved_file_runs_and_a_refused_one_never_does(full):
    file = run("sku,on_hand\nMUG,30\n", store=full, complete=True)
    other = run("sku,on_hand\nMUG,10\n", store=full, complete=True)

    approved = files.run_file(file=files.approve_file(file=file, by="ann"))
    rejected = files.run_file(file=files.refuse_file(file=other, by="ann"))

    assert (approved.status, approved.approved_by) == ("done", "ann")
    assert (rejected.status, rejected.problem_code) == ("refused", "refused_by_person")
    assert on_hand() == {("S1", "MUG"): 30, ("S1", "TEA"): 0}
    with pytest.raises(files.NotInThatState):
        files.approve_file(file=rejected, by="ann")


@pytest.mark.parametrize(
    ("content", "complete", "percent", "status"),
    [
        ("MUG,60\n", True, 40, "done"),
        ("MUG,59\n", True, 40, "parked"),
        ("MUG,59\n", True, 41, "done"),
        ("MUG,0\n", False, 40, "parked"),
        ("TEA,0\n", False, 40, "done"),
        ("MUG,0\nSOAP,500\n", False, 40, "done"),
    ],
)
def test_how_deep_is_too_deep(full, content, complete, percent, status):
    layout = FeedLayout.objects.create(code="e", source="erp", most_drop_percent=percent)

    file = run(f"sku,on_hand\n{content}", store=full, complete=complete, layout=layout)

    assert file.status == status


def test_little_stock_and_late_files_are_not_parked(store, items):
    stock(store, {items["MUG"]: 19}, minutes_ago=600)
    few = run("sku,on_hand\nMUG,1\n", store=store, complete=True, as_of=MORNING)
    stock(store, {items["MUG"]: 100}, minutes_ago=10)

    late = run("sku,on_hand\nMUG,0\n", store=store, complete=True, as_of=MORNING)

    assert (few.status, late.status) == ("done", "done")
    assert on_hand() == {("S1", "MUG"): 100}


def test_a_preview_changes_nothing(full):
    file, _ = receive(
        "sku,on_hand\nMUG,60\nTEA,41\nNO,1\nSOAP,x\n", store=full, complete=True, name="s.csv"
    )

    told = files.preview_file(file=file)
    some = files.preview_file(file=file, limit=1)

    assert (told["lines"], told["refused"], told["applied"], told["unchanged"]) == (4, 2, 1, 1)
    assert told["unmapped"] == [{"code": "NO", "times": 1}]
    assert [row["line"] for row in told["refusals"]] == [4, 5]
    assert some["lines"] == 1
    assert on_hand() == {("S1", "MUG"): 60, ("S1", "TEA"): 40}
    assert not RefusedLine.objects.exists()


def test_a_preview_of_deltas_tells_what_is_known_already(store):
    run(DELTAS, mode="delta")
    file, _ = receive(DELTAS + "e9,S1,MUG,sale,1,2026-03-02T11:00Z,,,\n", mode="delta")

    told = files.preview_file(file=file)

    assert (told["lines"], told["events"], told["duplicates"]) == (4, 4, 3)
