"""Old talk with POS goes after sixty days; what is open and what was printed stays."""

import os
import time
from datetime import timedelta

import pytest

from hub import clock
from orders.models import PosCheck, PosDrift, PosReceipt, PosWaiting
from orders.picking.pos import purging

pytestmark = pytest.mark.django_db


def test_what_is_settled_and_old_goes(world):
    now = clock.now()
    for days in (10, 70):
        at = now - timedelta(days=days)
        PosCheck.objects.create(connection=world.pos, began_at=at, finished_at=at)
        values = {"kind": "stock", "ours": "", "theirs": "", "as_of": at, "found_at": at}
        PosDrift.objects.create(connection=world.pos, key=f"{days}", settled_at=at, **values)
        PosDrift.objects.create(connection=world.pos, key=f"open {days}", **values)
        told = {"type": "x", "named": "ful_x", "data": {}, "received_at": at}
        PosWaiting.objects.create(connection=world.pos, matched_at=at, **told)
        PosWaiting.objects.create(connection=world.pos, **told)
        PosReceipt.objects.create(connection=world.pos, number=f"R{days}", lines=[], occurred_at=at)

    assert purging.purge_rows() == 3

    assert PosCheck.objects.count() == 1
    assert PosDrift.objects.count() == 3
    assert PosWaiting.objects.count() == 3
    assert PosReceipt.objects.count() == 2


def test_files_put_away_long_ago_go(settings, tmp_path, monkeypatch):
    settings.POS_DIR = tmp_path
    for folder in ("out", "in", "sent", "taken", "refused"):
        (tmp_path / "pos_1" / folder).mkdir(parents=True)
        (tmp_path / "pos_1" / folder / "file.csv").write_text("x")
    assert purging.purge_files() == 0
    late = time.time() + 61 * 86_400
    monkeypatch.setattr(purging.time, "time", lambda: late)
    assert purging.purge_files() == 4
    assert os.listdir(tmp_path / "pos_1" / "in") == ["file.csv"]
