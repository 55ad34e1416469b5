"""What is forgotten, and what must not be."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from hub.api.models import IdempotencyRecord, RateCounter
from hub.events import retention
from tests.factories import make_channel

pytestmark = pytest.mark.django_db


def make_record(channel, key, age):
    record = IdempotencyRecord.objects.create(
        channel=channel, route="r", key=key, status=200, body=b"", request_hash=""
    )
    IdempotencyRecord.objects.filter(pk=record.pk).update(created_at=Now() - age)


def test_a_reply_is_kept_for_its_promised_week():
    channel = make_channel()
    make_record(channel, "old", timedelta(days=7, seconds=1))
    make_record(channel, "young", timedelta(days=6, hours=23))

    assert retention.run()["replies"] == 1

    assert [record.key for record in IdempotencyRecord.objects.all()] == ["young"]


def test_a_counter_is_kept_past_its_window():
    RateCounter.objects.create(bucket="old", window_start=Now() - timedelta(days=3))
    RateCounter.objects.create(bucket="young", window_start=Now() - timedelta(hours=25))

    assert retention.run()["counters"] == 1

    assert [counter.bucket for counter in RateCounter.objects.all()] == ["young"]
