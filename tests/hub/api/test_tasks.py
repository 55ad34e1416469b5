"""What the schedule forgets, and what it must not."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from hub.api import tasks
from hub.api.models import IdempotencyRecord, RateCounter
from tests.factories import make_channel

pytestmark = pytest.mark.django_db


def test_replies_are_kept_for_their_promised_week_and_counters_past_their_window(monkeypatch):
    monkeypatch.setattr(tasks, "AT_ONCE", 2)
    channel = make_channel()
    for number in range(5):
        IdempotencyRecord.objects.create(
            channel=channel, route="r", key=f"old {number}", status=200, body=b"", request_hash=""
        )
    IdempotencyRecord.objects.update(created_at=Now() - timedelta(days=7, seconds=1))
    IdempotencyRecord.objects.create(
        channel=channel, route="r", key="new", status=200, body=b"", request_hash=""
    )
    RateCounter.objects.create(bucket="old", window_start=Now() - timedelta(days=3))
    RateCounter.objects.create(bucket="new", window_start=Now() - timedelta(hours=25))

    gone = tasks.forget()

    assert gone == 6
    assert [row.key for row in IdempotencyRecord.objects.all()] == ["new"]
    assert [row.bucket for row in RateCounter.objects.all()] == ["new"]
