"""The schedule that ends holds."""

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
NAME = "sweep of holds"


def test_the_sweep_of_holds_is_scheduled_every_minute_and_can_be_found():
    schedule = Schedule.objects.get(name=NAME)

    assert (schedule.schedule_type, schedule.minutes) == (Schedule.MINUTES, 1)
    assert import_string(schedule.func) is tasks.sweep_holds


def test_the_schedule_comes_and_goes_with_its_migration():
    migration = import_module("inventory.migrations.0002_schedules")

    migration.remove(apps, None)
    assert not Schedule.objects.filter(name=NAME).exists()
    migration.create(apps, None)
    migration.create(apps, None)

    assert Schedule.objects.filter(name=NAME).count() == 1


def test_the_task_says_how_many_holds_it_ended():
    store, item = make_store(), make_item()
    stock(store, {item: 3})
    place_hold(channel=make_channel(), store=store, lines={item.pk: 1}, minutes=1)

    with clock.turned_to(clock.now() + timedelta(minutes=2)):
        assert tasks.sweep_holds() == 1
