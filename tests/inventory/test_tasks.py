"""What the stock core does by the clock."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils.module_loading import import_string
from django_q.models import Schedule

from hub import clock
from inventory import tasks
from inventory.services.holds import place_hold
from tests.factories import make_channel, make_item, make_store, stock

pytestmark = pytest.mark.django_db
SCHEDULES = {
    "sweep of holds": ("0002_schedules", tasks.sweep_holds),
    "placing of stock changes": ("0007_change_schedule", tasks.place_changes),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_each_schedule_runs_every_minute_and_its_task_can_be_found(name):
    schedule = Schedule.objects.get(name=name)

    assert (schedule.schedule_type, schedule.minutes) == (Schedule.MINUTES, 1)
    assert import_string(schedule.func) is SCHEDULES[name][1]


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_comes_and_goes_with_its_migration(name):
    migration = import_module(f"inventory.migrations.{SCHEDULES[name][0]}")

    migration.remove(apps, None)
    assert not Schedule.objects.filter(name=name).exists()
    migration.create(apps, None)
    migration.create(apps, None)

    assert Schedule.objects.filter(name=name).count() == 1


def test_the_task_says_how_many_holds_it_ended():
    store, item = make_store(), make_item()
    stock(store, {item: 3})
    place_hold(channel=make_channel(), store=store, lines={item.pk: 1}, minutes=1)

    with clock.turned_to(clock.now() + timedelta(minutes=2)):
        assert tasks.sweep_holds() == 1
