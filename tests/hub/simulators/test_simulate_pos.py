"""``manage.py simulate_pos``: what it takes, what it prints, and that it gives the tills back."""

import pytest
from django.core.management import CommandError, call_command

from hub.simulators.management.commands import simulate_pos
from hub.simulators.models import SimulatedReceipt, SimulatedTill
from orders.models import PosReceipt
from tests.flows.simulated import Day

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def day(live_server, settings):
    settings.PUBLIC_BASE_URL = live_server.url
    one = Day(live_server.url)
    yield one
    one.close()


def simulate(day, capsys, monkeypatch, *options):
    """Run the command; a second of its waiting is half a minute of the day."""

    def wait(_seconds):
        day.now += day.now.resolution * 30_000_000
        day.work(seconds=30)

    monkeypatch.setattr(simulate_pos.time, "sleep", wait)
    call_command("simulate_pos", "--store", day.world.store.code, *options)
    return capsys.readouterr().out


def test_it_acknowledges_repeats_and_sells(day, capsys, monkeypatch):
    part = day.world.part()
    options = ("--minutes", "6", "--delay", "20", "--duplicates", "1", "--rejects", "0")

    out = simulate(day, capsys, monkeypatch, *options, "--sales-per-minute", "2")

    part.refresh_from_db()
    assert part.pos_acknowledged_at
    assert out.count("told pick_list.acknowledged") == 2
    assert out.count("told receipt.recorded") > 5
    assert "1 tills; left untold" in out
    assert SimulatedTill.objects.get(connection=day.world.pos.public_id).answers


def test_a_second_run_goes_on_with_fresh_receipt_numbers(day, capsys, monkeypatch):
    options = ("--minutes", "3", "--sales-per-minute", "2", "--delay", "0", "--duplicates", "0")
    for _ in range(2):
        simulate(day, capsys, monkeypatch, *options)
    day.work()
    assert PosReceipt.objects.count() == SimulatedReceipt.objects.count() >= 8


def test_it_refuses(day, capsys, monkeypatch):
    part = day.world.part()
    out = simulate(day, capsys, monkeypatch, "--minutes", "4", "--rejects", "1", "--delay", "1")
    part.refresh_from_db()
    assert "told pick_list.refused" in out
    assert part.status == "rejected"


def test_it_loses_answers_and_goes_dark(day, capsys, monkeypatch):
    options = ("--minutes", "6", "--dark-after", "1", "--dark-minutes", "2", "--lost", "1")
    out = simulate(day, capsys, monkeypatch, *options)
    assert "goes dark" in out
    assert "is back" in out
    assert SimulatedTill.objects.get(connection=day.world.pos.public_id).dark_until is None


@pytest.mark.parametrize(
    "options",
    [
        ("--rejects", "2"),
        ("--minutes", "-1"),
        ("--minutes", "x"),
        ("--store", "nowhere"),
    ],
)
def test_what_cannot_be_is_refused(day, options):
    with pytest.raises(CommandError):
        call_command("simulate_pos", *options)


def test_without_simulators_there_is_nothing_to_simulate(day, settings):
    settings.SIMULATORS = False
    with pytest.raises(CommandError, match="off"):
        call_command("simulate_pos")
