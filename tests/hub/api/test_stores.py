"""GET /v1/stores."""

from datetime import UTC, datetime, time, timedelta

import pytest

from hub.api.keys import create_key
from hub.clock import turned_to
from hub.stores.models import HoursException, StoreSwitch
from tests.factories import make_store
from tests.hub.api.conftest import Api

pytestmark = pytest.mark.django_db


def test_a_store_is_read_by_code_and_by_id_with_its_week_in_one_query(
    api, django_assert_num_queries
):
    store = make_store(code="S1")
    api.get("/v1/stores/S1")

    with django_assert_num_queries(1):
        by_code = api.get("/v1/stores/S1")
    by_id = api.get(f"/v1/stores/{store.public_id}")

    assert by_code.json() == by_id.json()
    assert by_code.json()["id"] == store.public_id
    assert [span["weekday"] for span in by_code.json()["hours"]] == list(range(7))
    assert by_code.json()["hours"][0]["closes"] == "20:00:00"


def test_what_is_not_there_not_active_or_not_the_callers_looks_the_same(api, channel):
    make_store(code="GONE", active=False)
    mine, theirs = make_store(code="MINE"), make_store(code="THEIRS")
    _, secret = create_key(
        channel=channel, name="one store", scopes=["availability:read"], stores=[mine]
    )
    bound = Api(secret)

    answers = [
        api.get("/v1/stores/NONE"),
        api.get("/v1/stores/GONE"),
        bound.get("/v1/stores/THEIRS"),
        bound.get(f"/v1/stores/{theirs.public_id}"),
        api.get("/v1/stores/%00"),
    ]

    assert bound.get("/v1/stores/MINE").status_code == 200
    told = {(a.status_code, a.json()["code"], a.json()["detail"]) for a in answers[:4]}
    assert told == {(404, "not_found", "no such store")}
    assert answers[4].json()["code"] == "invalid_text"


def test_the_list_goes_on_where_its_cursor_says_and_ends(api):
    for number in range(5):
        make_store(code=f"S{number}")
    seen, cursor = [], ""
    for _ in range(5):
        page = api.get(f"/v1/stores?limit=2{cursor}").json()
        seen += [store["code"] for store in page["stores"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert seen == ["S0", "S1", "S2", "S3", "S4"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "min_value"),
        ("limit=x", "invalid"),
        ("limit=1&limit=2", "repeated"),
        ("colour=red", "unknown_field"),
    ],
)
def test_an_odd_query_is_refused_by_parameter(api, query, code):
    answer = api.get(f"/v1/stores?{query}")

    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["errors"]] == [code]
    assert answer.json()["errors"][0]["parameter"] == query.partition("=")[0]


@pytest.mark.parametrize("cursor", ["x", "e30", "MTIz", "a" * 501, "%FF%FE", "W1tbW1s"])
def test_a_cursor_of_ones_own_is_refused(api, cursor):
    assert api.get(f"/v1/stores?cursor={cursor}").status_code == 400


def test_a_store_tells_its_exceptional_days_and_whether_it_takes_orders(api):
    store = make_store(code="S1")
    days = [("2026-07-01", None), ("2026-07-15", None), ("2026-07-16", time(14))]
    for day, closes in days:
        opens = closes and time(10)
        HoursException.objects.create(store=store, date=day, opens=opens, closes=closes)
    now = datetime(2026, 7, 15, 10, tzinfo=UTC)
    StoreSwitch.objects.create(
        store=store, kind=StoreSwitch.Kind.PAUSED, until=now + timedelta(hours=1)
    )

    with turned_to(now):
        paused = api.get("/v1/stores/S1").json()
    with turned_to(now + timedelta(hours=1)):
        again = api.get("/v1/stores/S1").json()

    assert (paused["paused"], again["paused"]) == (True, False)
    assert paused["exceptions"] == [
        {"date": "2026-07-15", "opens": None, "closes": None},
        {"date": "2026-07-16", "opens": "10:00:00", "closes": "14:00:00"},
    ]
