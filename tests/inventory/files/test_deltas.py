"""Files of what happened: each line is a stock event of its own id."""

import pytest

from inventory.models import (
    InventoryEvent,
)
from tests.inventory.files.doing import DELTAS, MORNING, on_hand, refused, run
from tests.inventory.test_invariants import broken

pytestmark = pytest.mark.django_db


def test_deltas_become_stock_events_of_their_own_ids(store, items):
    run("sku,on_hand\nMUG,10\nTEA,5\n", store=store, as_of=MORNING)

    file = run(DELTAS, mode="delta")
    again = run(DELTAS + "e4,S1,TEA,sale,1,2026-03-02T12:30Z,,,\n", mode="delta")

    assert (file.status, file.result) == ("done", {"applied": 3})
    assert again.result == {"duplicate": 3, "applied": 1}
    assert on_hand() == {("S1", "MUG"): 7, ("S1", "TEA"): 5}
    assert broken() == set()


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (",S1,MUG,sale,2,2026-03-02T11:00Z,,,", "invalid_id"),
        (f"{'x' * 121},S1,MUG,sale,2,2026-03-02T11:00Z,,,", "invalid_id"),
        ("e,S9,MUG,sale,2,2026-03-02T11:00Z,,,", "unknown_store"),
        ("e,S1,NO,sale,2,2026-03-02T11:00Z,,,", "unknown_sku"),
        ("e,S1,MUG,gift,2,2026-03-02T11:00Z,,,", "unknown_kind"),
        ("e,S1,MUG,sale,-2,2026-03-02T11:00Z,,,", "invalid_quantity"),
        ("e,S1,MUG,sale,2.5,2026-03-02T11:00Z,,,", "invalid_quantity"),
        ("e,S1,MUG,sale,2,yesterday,,,", "invalid_time"),
        ("e,S1,MUG,sale,2,9999-12-31T23:59:59-23:00,,,", "invalid_time"),
        ("e,S1,MUG,adjustment,2,2026-03-02T11:00Z,,,", "unknown_reason"),
        ("e,S1,MUG,sale,2,2026-03-02T11:00Z,whim,,", "unknown_reason"),
        ("e,S1,MUG,move,2,2026-03-02T11:00Z,,,", "state_needed"),
        (f"e,S1,MUG,sale,2,2026-03-02T11:00Z,,{'r' * 121},", "invalid_reference"),
        ("e1,S1,MUG,sale,3,2026-03-02T11:00Z,,R-1,", "event_conflict"),
        ("e,S1,MUG,sale,2,2027-03-02T11:00Z,,,", "in_the_future"),
    ],
)
def test_a_bad_delta_is_named_with_its_line(store, row, code):
    file = run(DELTAS + row + "\n", mode="delta")

    assert (file.status, refused(file), file.lines_refused) == ("done", [(5, code)], 1)


@pytest.mark.parametrize("row", ["e1,S1,MUG,sale,9,2026-03-02T11:00Z,,,", "e9,S1,NO,sale,1,,,,"])
def test_a_file_of_deltas_that_takes_all_or_none_takes_none(store, row, monkeypatch):
    monkeypatch.setattr("inventory.services.feeding.events.CHUNK_EVENTS", 1)

    file = run(DELTAS + row + "\n", mode="delta", policy="reject_file")

    assert (file.status, file.problem_code) == ("refused", "rows_refused")
    assert [line for line, _ in refused(file)] == [5]
    assert not InventoryEvent.objects.exists()
