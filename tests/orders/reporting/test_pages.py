"""The pages of reports: figures that can be followed, files that can be taken, nobody else's."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub import clock
from hub.staff import fresh
from hub.stores.models import StaffScope, StoreGroup
from notifications.models import DayMessages
from orders.admin.report_charts import Row, chart, nice_steps, share_steps, spark, time_steps
from orders.admin.report_words import change, length, said
from orders.models import DayFigures, DayReason, DayTimes
from orders.reporting.measures import Kind, measures
from tests.factories import make_item, make_person, make_store

pytestmark = pytest.mark.django_db

REPORTS = "/admin/orders/dayfigures/report/"


def a_day(store, *, ago=0, **values):
    """A day of the store's and the same of the chain's; both are given back."""
    day = (clock.now() - timedelta(days=ago)).date()
    return [DayFigures.objects.create(store=whose, day=day, **values) for whose in (store, None)]


def some_times(store, stretch, seconds, *, ago=0):
    day = (clock.now() - timedelta(days=ago)).date()
    for whose in (store, None):
        DayTimes.objects.create(
            store=whose,
            day=day,
            stretch=stretch,
            count=4,
            seconds=seconds,
            buckets=[60, 70],
            counts=[3, 1],
        )


def some_messages(store, *, ago=0):
    counted = [field.name for field in DayMessages._meta.fields[7:]]
    DayMessages.objects.create(
        store=store,
        day=(clock.now() - timedelta(days=ago)).date(),
        purpose="ready",
        **dict.fromkeys(counted, 2),
    )


def worker(*stores):
    person = make_person()
    for store in stores:
        StaffScope.objects.create(user=person, store=store)
    return person


def exporter(*stores):
    person = worker(*stores)
    person.user_permissions.add(Permission.objects.get(codename="export_data"))
    return person


def read(reply):
    body = b"".join(reply).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(body, newline="")))


@pytest.fixture
def store():
    return make_store(timezone="UTC")


def test_all_measures_are_on_the_first_page_with_what_they_were_before(admin_client, store):
    a_day(store, placed=20, due=20, in_time=19, ready=18, kept=18)
    a_day(store, ago=30, placed=10, due=10, in_time=8)
    some_times(store, "wait", 1200)

    page = admin_client.get(REPORTS)

    text = page.content.decode()
    assert page.status_code == 200
    assert "95.0 %" in text or "95 %" in text
    assert "▲ 15.0 points, better" in text
    for measure in measures().values():
        assert str(measure.title) in text


@pytest.mark.parametrize("key", list(measures()))
@pytest.mark.parametrize("query", ["", "?days=90&step=week", "?of=store:S-ONE", "?days=7"])
def test_every_measure_opens_with_and_without_anything_in_it(admin_client, key, query):
    store = make_store(code="S-ONE")
    empty = admin_client.get(f"{REPORTS}{key}/{query}")
    numbers = {field.name: 3 for field in DayFigures._meta.fields[3:]}
    for ago in (0, 3, 40):
        a_day(store, ago=ago, **numbers)
        for stretch in ("accept", "pick", "ready", "late", "pos", "wait", "dwell"):
            some_times(store, stretch, 900, ago=ago)
        some_messages(store, ago=ago)
    item = make_item()
    for kind in ("short", "rejected", "item"):
        DayReason.objects.create(
            store=store, day=clock.now().date(), kind=kind, reason="damaged", item=item, count=2
        )

    full = admin_client.get(f"{REPORTS}{key}/{query}")

    assert empty.status_code == full.status_code == 200
    assert "<svg" in full.content.decode()


def test_nobody_reads_of_stores_that_are_not_his(client, store):
    other = make_store(code="OTHER")
    a_day(other, placed=4321)
    a_day_of_mine = (clock.now()).date()
    DayFigures.objects.create(store=store, day=a_day_of_mine, placed=5)
    group = StoreGroup.objects.create(name="Theirs")
    group.stores.add(other)
    client.force_login(worker(store))

    page = client.get(f"{REPORTS}orders/").content.decode()
    first = client.get(REPORTS).content.decode()

    assert "4321" not in page.replace(",", "")
    assert "OTHER" not in page + first
    assert "Theirs" not in page + first
    for of in ("store:OTHER", f"group:{group.pk}", "store:NONE", "group:x", "group:99999999999"):
        assert client.get(f"{REPORTS}orders/?of={of}").status_code == 404


def test_who_works_nowhere_and_may_not_look_finds_no_report(client, store):
    client.force_login(worker())

    assert client.get(REPORTS).status_code == 404
    assert client.get(f"{REPORTS}orders/").status_code == 404


def test_a_file_holds_the_numbers_of_the_page_and_names_cannot_act(client, store, monkeypatch):
    monkeypatch.setattr(fresh, "is_fresh", lambda request: True)
    item = make_item(sku="=1+1", name="@SUM(A1)")
    DayReason.objects.create(
        store=store, day=clock.now().date(), kind="short", reason="shortage", item=item, count=4
    )
    a_day(store, asked=10, short=4)
    client.force_login(exporter(store))

    rows = read(client.get(f"{REPORTS}shorts/file/?table=items-short&format=csv"))
    steps = read(client.get(f"{REPORTS}shorts/file/?table=steps&format=csv"))

    assert rows == [["SKU", "Name", "Units"], ["'=1+1", "'@SUM(A1)", "4"]]
    assert steps[-1] == [str(clock.now().date()), "40.0", "4", "10"]


def test_a_file_is_for_those_who_may_take_data_along_and_proved_who_they_are(client, store):
    address = f"{REPORTS}orders/file/?table=steps&format=csv"
    client.force_login(worker(store))
    assert client.get(address).status_code in (302, 403)

    client.force_login(exporter(store))
    session = client.session
    session[fresh.SESSION_KEY] = clock.now().timestamp() - 3600
    session.save()
    asked = client.get(address)

    assert asked.status_code == 302
    assert asked["Location"].startswith(reverse("staff:again"))


NO_FILE = ["table=none&format=csv", "table=steps&format=pdf", "", "table=items-short&format=csv"]


@pytest.mark.parametrize("query", NO_FILE)
def test_a_file_that_does_not_exist_is_not_found(admin_client, monkeypatch, query):
    monkeypatch.setattr(fresh, "is_fresh", lambda request: True)

    assert admin_client.get(f"{REPORTS}orders/file/?{query}").status_code == 404
    assert admin_client.get(f"{REPORTS}nothing/").status_code == 404


@pytest.mark.parametrize("address", ["", "fill-rate/", "shorts/", "curb-wait/"])
def test_a_page_asks_as_little_of_many_stores_as_of_few(admin_client, address):
    counts = []
    admin_client.get(REPORTS + address)
    for _time in range(2):
        for _number in range(8):
            a_day_of(make_store())
        with CaptureQueriesContext(connection) as seen:
            admin_client.get(REPORTS + address)
        counts.append(len(seen))

    assert counts[0] == counts[1]


def a_day_of(store):
    DayFigures.objects.create(store=store, day=clock.now().date(), asked=4, filled=3)


def test_a_store_that_needs_a_look_comes_first(admin_client, store):
    good = make_store(name="Good")
    today = clock.now().date()
    DayFigures.objects.create(store=good, day=today, asked=100, filled=99)
    DayFigures.objects.create(store=store, day=today, asked=100, filled=70)

    page = admin_client.get(f"{REPORTS}fill-rate/")

    (table,) = [table for table, _rows in page.context["tables"] if table.key == "stores"]
    assert [row[0] for row in table.cells] == [str(store), str(good)]


def test_what_has_changed_is_said_with_its_meaning():
    known = measures()

    assert change(known["fill-rate"], 95, 93).words == "▲ 2.0 points, better"
    assert change(known["shorts"], 3, 2).tone == "danger"
    assert change(known["curb-wait"], 60, 120).words == "▼ 50.0 %, better"
    assert change(known["orders"], 110, 100) == change(known["orders"], 110, 100)
    assert change(known["orders"], 110, 100).tone == ""
    assert change(known["sla"], 90, 90).words == "as before"
    assert change(known["sla"], 90, None).tone == ""


def test_lengths_and_shares_have_their_units():
    assert [length(one) for one in (0.5, 45, 600, 10_000, 400_000)] == [
        "0.5 s",
        "45 s",
        "10 min",
        "2.8 h",
        "4.6 days",
    ]
    assert said(Kind.SHARE, 100.0) == "100 %"
    assert said(Kind.SHARE, None) == "–"


def test_scales_are_round_and_hold_the_highest_value():
    for most in (0.3, 1, 7, 42, 99.9, 1234, 3_500_000):
        steps = nice_steps(most)
        assert steps[-1] >= most
        assert 3 <= len(steps) <= 7
        assert time_steps(most)[-1] >= most
    assert share_steps(99.5)[-1] == 100
    assert share_steps(0) == [0, 100]


def test_a_line_has_gaps_where_nothing_was():
    row = Row("now", [1.0, None, 3.0], ["a", "b", "c"])

    (line,) = chart([row], ["a", "b", "c"], size=(300, 200, 5), scale=[(0, "0"), (3, "3")]).lines

    assert line.path.count("M") == 2
    assert len(line.marks) == 2
    assert spark([None, 2.0, 1.0]).startswith("M")
    assert spark([1.0]) == ""
