"""GET /v1/order-events: in order, without gaps, and nobody else's."""

from datetime import timedelta

import pytest

from hub import clock
from hub.api.keys import create_key
from hub.api.paging import encode_cursor
from hub.webhooks import feed
from hub.webhooks.models import ChannelEvent
from hub.webhooks.purging import purge_events
from tests.factories import make_channel, make_endpoint, make_store

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def read(client, channel):
    """GET the feed with a fresh key of the channel; ``stores`` and ``scopes`` limit the key."""

    def read(query="", *, stores=(), scopes=("events:read",)):
        _, secret = create_key(channel=channel, name="t", scopes=scopes, stores=stores)
        headers = {"Authorization": f"Bearer {secret}"}
        return client.get(f"/v1/order-events{query}", headers=headers)

    return read


def told(reply):
    return [event["position"] for event in reply.json()["events"]]


def test_a_page_holds_the_oldest_events_and_a_cursor_to_go_on(read, tell, channel):
    events = [tell(channel) for _ in range(5)]

    first = read("?limit=2").json()
    second = read(f"?limit=200&cursor={first['next_cursor']}")

    assert [event["id"] for event in first["events"]] == [one.public_id for one in events[:2]]
    assert set(first["events"][0]) == {"id", "type", "occurred_at", "position", "data"}
    assert told(second) == [3, 4, 5]


def test_at_the_end_the_cursor_stays_good_for_what_comes_later(read, tell, channel):
    tell(channel)
    end = read().json()["next_cursor"]
    assert read(f"?cursor={end}").json() == {"events": [], "next_cursor": end}

    tell(channel)

    assert told(read(f"?cursor={end}")) == [2]


def test_a_channel_without_events_has_an_empty_feed(read):
    assert read().json()["events"] == []


def test_another_channels_events_are_never_shown(read, tell):
    tell(make_channel())
    assert told(read()) == []


def test_a_limited_key_gets_on_by_bounded_steps_through_what_is_not_its_own(
    read, tell, channel, monkeypatch
):
    monkeypatch.setattr(feed, "MOST_LOOKED_THROUGH", 4)
    mine = make_store()
    for _ in range(9):
        tell(channel, data={"store": "elsewhere"})
    tell(channel, data={"store": mine.code})
    ChannelEvent.objects.filter(position__lte=3).delete()

    pages, query = [], ""
    while not pages or pages[-1].json()["next_cursor"] != query.removeprefix("?cursor="):
        query = f"?cursor={pages[-1].json()['next_cursor']}" if pages else ""
        pages.append(read(query, stores=[mine]))

    assert [told(page) for page in pages] == [[], [10], []]


def test_a_key_limited_to_stores_sees_their_events_and_still_gets_on(read, tell, channel):
    mine, other = make_store(), make_store()
    for store in (mine, other, mine, other, other):
        tell(channel, data={"store": store.code})
    tell(channel, data={"order_id": "ord_1"})

    first = read("?limit=1", stores=[mine])
    second = read(f"?limit=1&cursor={first.json()['next_cursor']}", stores=[mine])
    third = read(f"?limit=1&cursor={second.json()['next_cursor']}", stores=[mine])

    assert (told(first), told(second), told(third)) == ([1], [3], [])
    assert third.json()["next_cursor"] == encode_cursor(6)


@pytest.mark.parametrize(
    "cursor",
    ["x", "%00", encode_cursor(-1), encode_cursor("1"), encode_cursor(True), encode_cursor(2**63)],
)
def test_a_cursor_of_nobodys_making_is_refused(read, cursor):
    reply = read(f"?cursor={cursor}")
    assert reply.status_code == 400
    assert reply["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "query", ["?limit=0", "?limit=201", "?limit=a", "?other=1", "?limit=1&limit=2"]
)
def test_an_odd_query_is_refused(read, query):
    assert read(query).status_code == 400


def test_the_scope_is_needed(read):
    assert read(scopes=["orders:read"]).status_code == 403


def test_a_cursor_whose_successors_were_deleted_is_refused_not_skipped(read, tell, channel):
    old = clock.now() - timedelta(days=91)
    for _ in range(3):
        tell(channel, occurred_at=old)
    after_first = read("?limit=1").json()["next_cursor"]
    after_third = read("?limit=3").json()["next_cursor"]
    tell(channel)

    assert purge_events() == 3

    assert read(f"?cursor={after_first}").json()["code"] == "cursor_expired"
    assert told(read(f"?cursor={after_third}")) == [4]
    assert told(read()) == [4]


def test_deleting_old_events_never_makes_a_gap_and_spares_unsent_calls(tell, channel):
    old = clock.now() - timedelta(days=91)
    tell(channel, occurred_at=old)
    young = tell(channel)
    tell(channel, occurred_at=old)
    busy = make_channel()
    make_endpoint(busy)
    tell(busy, occurred_at=old)

    assert purge_events() == 1

    kept = ChannelEvent.objects.filter(channel=channel).order_by("position")
    assert [event.position for event in kept] == [young.position, young.position + 1]
    assert ChannelEvent.objects.filter(channel=busy).count() == 1


def test_a_page_costs_the_same_few_queries_however_long_it_is(
    read, tell, channel, django_assert_max_num_queries
):
    for _ in range(50):
        tell(channel)
    read()
    with django_assert_max_num_queries(12):
        read("?limit=50")
