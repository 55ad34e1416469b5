"""Announcing: positions without gaps, one event per fact, one call per endpoint."""

import pytest
from django.db import transaction

from hub import clock
from hub.errors import Invalid
from hub.events.outbox import OutsideTransaction
from hub.webhooks.endpoints import disable_endpoint
from hub.webhooks.models import ChannelEvent, ChannelFeed, WebhookCall
from hub.webhooks.services import announce, body_of
from tests.factories import make_channel, make_endpoint

pytestmark = pytest.mark.django_db


def positions(channel):
    return list(
        ChannelEvent.objects.filter(channel=channel)
        .order_by("position")
        .values_list("position", flat=True)
    )


def test_each_channel_counts_its_own_events_from_one(tell):
    one, other = make_channel(), make_channel()

    told = [tell(one).position, tell(other).position, tell(one).position]

    assert told == [1, 1, 2]


def test_the_same_fact_again_changes_nothing_and_leaves_no_gap(tell):
    channel = make_channel()
    make_endpoint(channel)
    first = tell(channel, event_id="evt_same")

    again = tell(channel, event_id="evt_same", data={"order_id": "other"})
    after = tell(channel)

    assert again.pk == first.pk
    assert again.data == first.data
    assert after.position == 2
    assert WebhookCall.objects.filter(event=first).count() == 1


def test_every_endpoint_of_the_channel_gets_a_call_in_its_own_lane(tell):
    channel = make_channel()
    mine = {make_endpoint(channel), make_endpoint(channel)}
    make_endpoint(make_channel())

    event = tell(channel)

    calls = WebhookCall.objects.filter(event=event)
    assert {call.endpoint for call in calls} == mine
    assert {call.lane for call in calls} == {f"webhook:{one.public_id}" for one in mine}


def test_an_endpoint_that_is_switched_off_misses_nothing_its_calls_are_parked(tell):
    channel = make_channel()
    endpoint = make_endpoint(channel)
    before = tell(channel)

    disable_endpoint(endpoint=endpoint, reason="closed")
    after = tell(channel)

    calls = WebhookCall.objects.filter(endpoint=endpoint).order_by("event__position")
    assert [call.event_id for call in calls] == [before.pk, after.pk]
    assert {(call.state, call.last_error) for call in calls} == {
        ("parked", "endpoint disabled: closed")
    }


def test_a_rolled_back_event_leaves_no_gap(tell):
    channel = make_channel()
    tell(channel)
    with transaction.atomic():
        tell(channel)
        transaction.set_rollback(True)

    tell(channel)

    assert positions(channel) == [1, 2]
    assert ChannelFeed.objects.get(channel=channel).last_position == 2


@pytest.mark.django_db(transaction=True)
def test_announcing_outside_a_transaction_is_refused():
    with pytest.raises(OutsideTransaction):
        announce(channel_id=1, event_id="evt", type="a.b", occurred_at=clock.now(), data={})


def test_an_event_larger_than_a_webhook_may_be_is_refused(tell):
    channel = make_channel()
    with pytest.raises(Invalid):
        tell(channel, data={"note": "ż" * 10_001})
    assert positions(channel) == []


def test_the_bytes_of_a_call_are_the_same_whoever_reads_the_event(tell):
    event = tell(make_channel(), data={"z": 1, "a": {"ż": [1, 2]}, "order_id": "ord_1"})
    stored = ChannelEvent.objects.get(pk=event.pk)
    assert body_of(stored) == body_of(ChannelEvent.objects.get(pk=event.pk))
    assert stored.data == event.data
