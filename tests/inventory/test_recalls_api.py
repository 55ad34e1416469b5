"""GET /v1/recalls: what sites learn of goods called back."""

from datetime import timedelta

import pytest

from hub import clock
from inventory.services.recalls import close_recall, open_recall
from tests.factories import make_channel, make_item
from tests.inventory.test_api import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def api():
    return Api(make_channel())


def test_open_recalls_are_told_and_closed_ones_when_asked_for(api):
    since = clock.now() - timedelta(days=3)
    mug, tea = make_item(sku="MUG"), make_item(sku="TEA")
    over = open_recall(item=tea, reason="wrong label")
    close_recall(recall=over)
    bad = open_recall(item=mug, lot="L-17", reason="glass", sold_since=since)

    told = api.get("/v1/recalls").json()["recalls"]
    everything = api.get("/v1/recalls?state=all").json()["recalls"]

    assert [(row["id"], row["sku"], row["lot"], row["reason"]) for row in told] == [
        (bad.public_id, "MUG", "L-17", "glass")
    ]
    assert told[0]["suspect_since"].startswith(since.isoformat()[:19])
    assert [row["sku"] for row in everything] == ["MUG", "TEA"]
    assert (everything[1]["lot"], bool(everything[1]["closed_at"])) == (None, True)


def test_the_list_is_read_page_by_page(api):
    for number in range(3):
        open_recall(item=make_item(sku=f"BAD-{number}"), reason="glass")

    first = api.get("/v1/recalls?limit=2").json()
    rest = api.get(f"/v1/recalls?limit=2&cursor={first['next_cursor']}").json()

    skus = [row["sku"] for row in first["recalls"] + rest["recalls"]]
    assert skus == ["BAD-2", "BAD-1", "BAD-0"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("query", ["state=shut", "cursor=!", "cursor=LTE", "limit=999", "x=1"])
def test_senseless_questions_are_refused(api, query):
    reply = api.get(f"/v1/recalls?{query}")

    assert (reply.status_code, bool(reply.json()["code"])) == (400, True)
