"""Files come in: kept whole, once each, or not at all."""

from datetime import timedelta

import pytest

from hub.errors import Invalid
from inventory.feeds.errors import FileTooLarge
from inventory.models import (
    StockFile,
)
from inventory.services import files
from tests.inventory.files.doing import MORNING, NOON, on_hand, receive, run

pytestmark = pytest.mark.django_db


def test_a_file_is_kept_whole_and_named_by_its_last_part(store, settings):
    file, new = receive("sku,on_hand\nMUG,3\n", name="../../etc/stock\n.csv", store=store)

    assert new
    assert (settings.FEEDS_DIR / file.path).read_text() == "sku,on_hand\nMUG,3\n"
    assert (file.name, file.size, file.status) == ("stock.csv", 18, "waiting")


def test_the_same_file_is_the_row_that_is_there(store, settings):
    first, _ = receive("sku,on_hand\nMUG,3\n", store=store)

    again, new = receive("sku,on_hand\nMUG,3\n", store=store, name="other.csv")

    assert (again.pk, new) == (first.pk, False)
    assert len(list((settings.FEEDS_DIR / "received").iterdir())) == 1


def test_the_same_content_of_another_moment_is_another_count(store):
    run("sku,on_hand\nMUG,3\n", store=store, as_of=MORNING)
    run("sku,on_hand\nMUG,5\n", store=store, as_of=MORNING + timedelta(hours=1))

    run("sku,on_hand\nMUG,3\n", store=store, as_of=NOON)

    assert on_hand() == {("S1", "MUG"): 3}


def test_a_file_that_breaks_off_or_is_too_large_leaves_nothing_behind(store, settings, monkeypatch):
    def breaks_off():
        yield b"sku,on_hand\n"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        files.receive_file(content=breaks_off(), name="x", source="erp", as_of=NOON, store=store)
    monkeypatch.setattr(files.keeping.keep, "__kwdefaults__", {"most": 10})
    with pytest.raises(FileTooLarge):
        receive("sku,on_hand\nMUG,3\n", store=store)

    assert not StockFile.objects.exists()
    assert not [path for path in settings.FEEDS_DIR.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "values",
    [
        {"as_of": NOON + timedelta(days=1)},
        {"as_of": NOON.replace(tzinfo=None)},
        {"source": ""},
        {"source": "a\x00b"},
        {"mode": "guess"},
        {"policy": "hope"},
        {"mode": "delta", "complete": True},
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_kept(store, settings, values):
    with pytest.raises(Invalid):
        receive("sku,on_hand\nMUG,3\n", store=store, **values)

    assert not settings.FEEDS_DIR.exists()
