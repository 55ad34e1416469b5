"""Announcers and followers at the same time: nobody ever skips an event."""

import random
import threading
import time

import pytest
from django.db import connection, transaction

from hub import clock
from hub.api.auth import Caller
from hub.webhooks.feed import events_after
from hub.webhooks.models import ChannelEvent
from hub.webhooks.services import announce
from tests.factories import make_channel
from tests.racing import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

ANNOUNCERS, EACH = 8, 25


def reader(channel):
    return Caller(
        key_id=1,
        public_id="key_1",
        channel=channel,
        scopes=frozenset({"events:read"}),
        store_ids=None,
        is_test=False,
    )


def announce_many(channel, number):
    """Some transactions linger before they commit, some roll back."""
    for turn in range(EACH):
        transaction.set_autocommit(False)
        event_id = f"evt_{number}_{turn}"
        with transaction.atomic():
            announce(
                channel_id=channel.pk,
                event_id=event_id,
                type="order.placed",
                occurred_at=clock.now(),
                data={"order_id": event_id},
            )
        time.sleep(random.uniform(0, 0.004))
        if turn % 5 == 4:
            transaction.rollback()
        else:
            transaction.commit()
        transaction.set_autocommit(True)


def test_a_follower_sees_every_event_of_parallel_announcers_in_order():
    channel = make_channel()
    done = threading.Event()
    followed = []

    def follow():
        cursor = 0
        while True:
            last_look = done.is_set()
            rows, cursor = events_after(caller=reader(channel), position=cursor, limit=7)
            followed.extend(row.position for row in rows)
            if last_look and not rows:
                return

    follower = threading.Thread(target=lambda: (follow(), connection.close()))
    follower.start()
    at_once(ANNOUNCERS, lambda number: announce_many(channel, number))
    done.set()
    follower.join(30)

    committed = ANNOUNCERS * EACH * 4 // 5
    assert followed == list(range(1, committed + 1))
    assert ChannelEvent.objects.filter(channel=channel).count() == committed


def test_one_fact_announced_in_parallel_is_one_event():
    channel = make_channel()

    def job(_number):
        with transaction.atomic():
            return announce(
                channel_id=channel.pk,
                event_id="evt_same",
                type="order.placed",
                occurred_at=clock.now(),
                data={},
            ).pk

    assert len(set(at_once(8, job))) == 1
    assert list(ChannelEvent.objects.values_list("position", flat=True)) == [1]
