"""Each invariant holds on good data and fails on data that were broken on purpose."""

import pytest

from hub.invariants import check, shipped
from hub.webhooks.models import ChannelEvent, ChannelFeed, WebhookCall
from tests.factories import make_channel, make_endpoint

pytestmark = pytest.mark.django_db(transaction=True)


def broken():
    findings = check([one for one in shipped() if one.app == "webhooks"])
    assert len(findings) == 3
    return {finding.invariant.name for finding in findings if finding.violations}


@pytest.fixture
def channel(tell):
    channel = make_channel()
    tell(channel)
    make_endpoint(channel)
    for _ in range(3):
        tell(channel)
    return channel


def test_good_data_break_nothing(channel):
    assert broken() == set()


def test_a_lost_event_is_a_gap(channel):
    ChannelEvent.objects.filter(position=2).delete()
    assert broken() == {"feed_positions_are_gapless"}


def test_a_counter_that_ran_ahead_is_seen(channel):
    ChannelFeed.objects.update(last_position=9)
    assert broken() == {"feed_counter_is_its_last_event"}


def test_a_lost_call_is_seen(channel):
    WebhookCall.objects.filter(event__position=3).delete()
    assert broken() == {"each_endpoint_has_a_call_per_event"}
