"""A silent POS is told of once, in store hours; and files that a POS left are taken once each."""

from datetime import UTC, datetime, timedelta

import pytest

from hub import clock
from hub.connectors.pos import files
from hub.errors import ConnectorError
from hub.events.models import Fact
from hub.inbox.models import InboundCall
from hub.stores.models import StoreSwitch
from inventory.models import StockFile
from orders.models import FulfillmentOrder
from orders.picking.pos import watching
from orders.picking.pos.watching import take_pos_files, tell_unacknowledged
from orders.switches.services import switch_on
from tests.factories import make_fulfillment, make_layout, make_pos, make_store
from tests.orders.pos.conftest import World

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)  # Warsaw, open from 8 to 20


def part_of(world, created_at):
    part = world.part()
    FulfillmentOrder.objects.filter(pk=part.pk).update(created_at=created_at)
    return part


def tell_at(moment):
    with clock.turned_to(moment):
        return tell_unacknowledged()


def test_five_minutes_of_silence_are_told_once(world):
    part = part_of(world, NOON)
    assert tell_at(NOON + timedelta(minutes=4)) == 0
    assert tell_at(NOON + timedelta(minutes=6)) == 1
    assert tell_at(NOON + timedelta(minutes=7)) == 0
    assert Fact.objects.filter(name="pos.unacknowledged", subject=f"order:{part.order_id}")


def test_at_night_nobody_is_silent(world):
    evening = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)
    part_of(world, evening)
    assert tell_at(evening + timedelta(hours=8)) == 0
    assert tell_at(evening + timedelta(hours=12)) == 1


def test_parts_of_closed_stores_never_hide_those_of_open_ones(world, monkeypatch):
    monkeypatch.setattr(watching, "AT_ONCE", 2)
    evening = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)
    for _ in range(3):
        part_of(world, evening)
    awake = World(timezone="America/Los_Angeles")
    later = [part_of(awake, evening + timedelta(minutes=1)) for _ in range(3)]
    assert tell_at(evening + timedelta(hours=2)) == 2
    assert tell_at(evening + timedelta(hours=2)) == 1
    subjects = Fact.objects.filter(name="pos.unacknowledged").values_list("subject", flat=True)
    assert sorted(subjects) == sorted(f"order:{part.order_id}" for part in later)


def test_an_acknowledged_part_is_not_told_of(world):
    part = part_of(world, NOON)
    FulfillmentOrder.objects.filter(pk=part.pk).update(pos_acknowledged_at=NOON)
    assert tell_at(NOON + timedelta(hours=1)) == 0


def test_a_pos_that_is_switched_off_may_be_silent(world):
    part_of(world, NOON)
    switch_on(store=world.store, kind=StoreSwitch.Kind.POS_DOWN, by="Ann")
    assert tell_at(NOON + timedelta(hours=1)) == 0


def test_a_store_without_pos_is_never_silent(db):
    make_fulfillment(store=None)
    assert tell_at(clock.now() + timedelta(days=2)) == 0


@pytest.fixture
def folder(settings, tmp_path, monkeypatch):
    """The folder of a POS that speaks files, with the world around it."""
    settings.POS_DIR, settings.FEEDS_DIR = tmp_path / "pos", tmp_path / "feeds"
    monkeypatch.setattr(files, "QUIET_SECONDS", 0)
    pos = make_pos(make_store(), connector="files", base_url="")
    place = settings.POS_DIR / pos.public_id / "in"
    place.mkdir(parents=True)
    return pos, place


def test_answers_in_files_come_into_the_inbox_once(folder):
    pos, place = folder
    for name in ("answers-1.csv", "answers-2.csv"):
        (place / name).write_text("fulfillment_id,pos_reference\nful_1,7\n")
    assert take_pos_files() == 1
    assert take_pos_files() == 0
    assert InboundCall.objects.get().source == pos.public_id
    assert list(place.iterdir()) == []


def test_a_sales_log_becomes_a_stock_file_of_the_store(folder):
    pos, place = folder
    layout = make_layout(source=pos.public_id, mode="delta", store=pos.store)
    (place / "sales-1.csv").write_text("sku,id,kind,quantity,occurred_at\n")
    assert take_pos_files() == 1
    file = StockFile.objects.get()
    assert (file.source, file.mode, file.layout) == (pos.public_id, "delta", layout)
    assert list(place.iterdir()) == []


def test_one_broken_folder_does_not_stop_the_others(folder, settings):
    _, place = folder
    broken = make_pos(connector="files", base_url="", layout={"format": "xml"})
    assert broken.pk
    (place / "answers.csv").write_text("fulfillment_id\nful_1\n")
    assert take_pos_files() == 1


def test_a_file_that_the_inbox_refuses_is_put_aside_and_the_next_is_read(folder):
    _, place = folder
    marks = "e" + "\N{COMBINING ACUTE ACCENT}" * 40
    (place / "answers-1.csv").write_text(f"fulfillment_id,result,reason\nful_1,refused,{marks}\n")
    (place / "answers-2.csv").write_text("fulfillment_id\nful_2\n")
    assert take_pos_files() == 1
    assert list(place.iterdir()) == []
    (sentence,) = (place.parent / "refused").glob("*.problem.txt")
    assert sentence.read_text().startswith("invalid_text")


def test_a_sales_log_that_may_not_be_read_is_put_aside(folder, monkeypatch):
    _, place = folder

    def refuse(_path):
        raise ConnectorError("it cannot be read: Permission denied", permanent=True)

    (place / "sales-1.csv").write_text("sku,id,kind,quantity,occurred_at\n")
    monkeypatch.setattr(watching, "opened", refuse)
    assert take_pos_files() == 0
    assert len(list((place.parent / "refused").iterdir())) == 2
