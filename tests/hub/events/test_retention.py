"""The daily deletion, and the schedules that call it."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from hub.events import retention
from hub.events.catalog import OrderPlaced
from hub.events.models import Delivery, Fact, Heartbeat
from hub.events.outbox import publish
from hub.events.registry import handles

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivered(reactions):
    """Make a delivery of that state, finished so many days ago."""

    @handles(OrderPlaced)
    def nothing(fact):
        """Does nothing."""

    def make(days_ago, state):
        with transaction.atomic():
            fact = publish(OrderPlaced(order_id=1))
        rows = Delivery.objects.filter(fact__public_id=fact)
        rows.update(state=state, finished_at=Now() - timedelta(days=days_ago))
        return rows.get()

    return make


def test_finished_deliveries_go_after_a_month_and_their_facts_stay(delivered, monkeypatch):
    monkeypatch.setattr(retention, "BATCH_ROWS", 2)
    for _ in range(5):
        delivered(31, "done")
    kept = {delivered(29, "done"), delivered(400, "parked")}

    assert retention.run()["deliveries"] == 5

    assert set(Delivery.objects.all()) == kept
    assert Fact.objects.count() == 7


def test_processes_that_are_long_gone_are_forgotten():
    Heartbeat.objects.create(kind="relay", instance="old", seen_at=Now() - timedelta(days=2))
    Heartbeat.objects.create(kind="relay", instance="new")

    retention.run()

    assert [beat.instance for beat in Heartbeat.objects.all()] == ["new"]


def test_the_schedules_are_there_name_real_functions_and_can_be_made_again():
    migration = import_module("hub.events.migrations.0002_schedules")
    schedules = apps.get_model("django_q", "Schedule").objects.order_by("pk")
    wanted = {values["func"] for values in migration.SCHEDULES.values()}

    assert {row.func for row in schedules} >= wanted
    assert all(callable(import_string(func)) for func in wanted)
    with connection.schema_editor() as editor:
        migration.create(apps, editor)
        assert schedules.filter(func__in=wanted).count() == len(wanted)
        migration.remove(apps, editor)
        migration.remove(apps, editor)
    assert not schedules.filter(func__in=wanted).exists()
