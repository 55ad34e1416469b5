"""The drop folder: complete files are taken once, whatever happens in between."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from django_q.models import OrmQ, Schedule

from inventory import tasks
from inventory.feeds.errors import FeedsUnwritable
from inventory.models import StockFile, StockLevel
from inventory.services import dropping
from inventory.services.dropping import take_dropped_files
from tests.factories import make_item, make_layout, make_store
from tests.racing import at_once

pytestmark = pytest.mark.django_db

FILE = b"sku,on_hand\nMUG,3\n"


@pytest.fixture(autouse=True)
def folders(settings, tmp_path, monkeypatch):
    settings.FEEDS_DIR, settings.DROP_DIR = tmp_path / "feeds", tmp_path / "drop"
    monkeypatch.setattr(dropping, "QUIET_SECONDS", 0)
    return settings.DROP_DIR


@pytest.fixture
def layout():
    return make_layout(
        code="till", source="pos_1", store=make_store(), complete=True, policy="reject_file"
    )


@pytest.fixture
def drop(folders, layout):
    folder = folders / layout.code
    folder.mkdir(parents=True)

    def drop(name="stock.csv", content=FILE, *, at=1_700_000_000):
        path = folder / name
        path.write_bytes(content)
        os.utime(path, (at, at))
        return path

    return drop


def names(folders, where="taken"):
    return sorted(path.name for path in (folders / "till" / where).iterdir())


def left(folders):
    return sorted(path.name for path in (folders / "till").iterdir() if path.is_file())


def test_a_dropped_file_is_received_as_its_layout_says(drop, folders, layout):
    drop()

    assert take_dropped_files() == 1

    file = StockFile.objects.get()
    assert (file.source, file.layout) == ("pos_1", layout)
    assert (file.complete, file.policy) == (True, "reject_file")
    assert file.as_of == datetime.fromtimestamp(1_700_000_000, UTC)
    assert (file.name, file.received_by) == ("stock.csv", "drop folder")
    assert names(folders) == [f"{file.public_id}-stock.csv"]
    assert left(folders) == []
    assert OrmQ.objects.count() == 1


def test_the_same_file_again_is_put_away_and_not_received_again(drop, folders):
    drop()
    take_dropped_files()
    drop()

    assert take_dropped_files() == 0

    assert StockFile.objects.count() == 1
    assert len(names(folders)) == 1
    assert left(folders) == []


def test_a_folder_is_made_for_every_active_layout(folders, layout):
    make_layout(code="old", active=False)

    take_dropped_files()

    assert [path.name for path in folders.iterdir()] == ["till"]


def test_a_file_that_may_still_be_written_is_left(drop, folders, monkeypatch):
    drop()
    monkeypatch.setattr(dropping, "QUIET_SECONDS", 3600)

    assert take_dropped_files() == 0
    assert left(folders) == ["stock.csv"]


@pytest.mark.parametrize("name", [".stock.csv", "stock.csv.tmp", "a.PART", "stock.filepart"])
def test_unfinished_names_are_left(drop, folders, name):
    drop(name)

    assert take_dropped_files() == 0
    assert left(folders) == [name]


def test_links_pipes_and_folders_are_left(drop, folders, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(FILE)
    folder = drop().parent
    (folder / "stock.csv").unlink()
    (folder / "link.csv").symlink_to(secret)
    os.mkfifo(folder / "pipe.csv")
    (folder / "deep.csv").mkdir()

    assert take_dropped_files() == 0
    assert not StockFile.objects.exists()
    assert secret.exists()


@pytest.mark.parametrize(
    "name",
    [
        "a b;$(touch x).csv",
        "-rf.csv",
        "ünï📦.csv",
        "n" * 251 + ".csv",
        os.fsdecode(b"odd-\xff\xfe.csv"),
        "line\nbreak.csv",
    ],
)
def test_a_name_is_only_data(drop, folders, name):
    drop(name)

    assert take_dropped_files() == 1

    file = StockFile.objects.get()
    assert names(folders)[0].startswith(file.public_id)
    assert len(file.name) <= 200
    assert left(folders) == []


@pytest.mark.parametrize(
    ("content", "at", "problem"),
    [
        (b"", 1_700_000_000, "invalid: the file is empty"),
        (FILE, 4_000_000_000, "in_the_future: "),
    ],
)
def test_a_file_that_cannot_be_is_refused_with_a_sentence(drop, folders, content, at, problem):
    drop("bad.csv", content, at=at)

    assert take_dropped_files() == 0

    file, sentence = names(folders, "refused")
    assert file.endswith("-bad.csv")
    assert sentence == f"{file}.problem.txt"
    assert (folders / "till" / "refused" / sentence).read_text().startswith(problem)
    assert left(folders) == []


def test_a_file_whose_run_was_refused_goes_to_the_refused_ones(drop, folders):
    drop()
    take_dropped_files()
    StockFile.objects.update(status="refused", problem_code="header", problem="no column sku")

    take_dropped_files()

    file, sentence = names(folders, "refused")
    assert names(folders) == []
    assert (folders / "till" / "refused" / sentence).read_text() == "header: no column sku\n"
    assert (folders / "till" / "refused" / file).read_bytes() == FILE


STEPS = ["receive_file", "queue_file", "_put"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_dies_neither_loses_nor_doubles_a_file(drop, folders, monkeypatch, step, when):
    drop("one.csv")
    drop("two.csv", FILE + b"TEA,1\n")
    real = getattr(dropping, step)

    def dying(*args, **kwargs):
        if when == "after":
            real(*args, **kwargs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(dropping, step, dying)
        with pytest.raises(KeyboardInterrupt):
            take_dropped_files()
    drop("three.csv", FILE + b"SOAP,1\n")
    take_dropped_files()

    assert StockFile.objects.count() == 3
    assert len(names(folders)) == 3
    assert left(folders) == []
    assert not names(folders, ".taking")


def test_a_run_that_dies_after_claiming_goes_on(drop, folders):
    path = drop()
    (folders / "till" / ".taking").mkdir()
    path.rename(folders / "till" / ".taking" / path.name)
    drop(content=FILE + b"TEA,1\n")

    take_dropped_files()
    take_dropped_files()

    assert StockFile.objects.count() == 2
    assert left(folders) == []


def test_a_file_that_grows_while_it_is_read_is_taken_again(drop, folders, monkeypatch):
    drop()
    growing = folders / "till" / ".taking" / "stock.csv"

    def blocks(file):
        yield file.read()
        growing.write_bytes(FILE + b"TEA,1\n")

    with monkeypatch.context() as patch:
        patch.setattr(dropping, "_blocks", blocks)
        take_dropped_files()
    take_dropped_files()

    assert [file.size for file in StockFile.objects.order_by("id")] == [len(FILE), len(FILE) + 6]
    assert len(names(folders)) == 1


def test_one_folder_that_cannot_be_used_does_not_stop_the_others(drop, folders, layout):
    make_layout(code="broken")
    (folders / "broken").write_text("a file, no folder")
    drop()

    assert take_dropped_files() == 1


def test_a_hub_that_cannot_keep_files_leaves_them_for_later(drop, folders, monkeypatch):
    def full(**_):
        raise FeedsUnwritable("no space left on device")

    drop()
    with monkeypatch.context() as patch:
        patch.setattr(dropping, "receive_file", full)
        with pytest.raises(FeedsUnwritable):
            take_dropped_files()

    assert take_dropped_files() == 1
    assert names(folders, "refused") == []


def test_old_files_are_deleted(drop, folders, monkeypatch):
    drop()
    take_dropped_files()
    monkeypatch.setattr(dropping, "KEPT_DAYS", -1)

    take_dropped_files()

    assert names(folders) == []


def test_the_schedule_looks_every_minute(drop):
    drop()

    assert Schedule.objects.get(func="inventory.tasks.take_dropped_files").minutes == 1
    assert tasks.take_dropped_files() == 1


def test_what_was_dropped_is_in_stock_soon(drop, layout):
    mug = make_item(sku="MUG")
    drop()
    take_dropped_files()

    tasks.run_stock_file(StockFile.objects.get().pk)

    assert StockFile.objects.get().status == "done"
    assert StockLevel.objects.get(item=mug, store=layout.store).on_hand == 3


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_runs_at_the_same_time_take_every_file_once(drop, folders):
    for number in range(40):
        drop(f"{number}.csv", FILE + b"TEA,%d\n" % number, at=1_700_000_000 + number)

    new = at_once(3, lambda _: take_dropped_files())
    take_dropped_files()

    assert StockFile.objects.count() == sum(new) == 40
    assert len(names(folders)) == 40
    assert left(folders) == names(folders, ".taking") == []
