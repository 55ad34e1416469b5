"""The pages of recalls: opened with open eyes, pulled store by store, looked through, closed."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub.stores.models import StaffScope
from inventory.models import PullTask, Recall, StockLevel
from inventory.services.recalls import open_recall
from orders.models import Block, RecalledPart
from orders.recalls.services import collect_parts, settle_batch
from tests.factories import make_item, make_person, make_ready, make_store, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture
def mug(store):
    item = make_item(sku="MUG", gtin="5900000000017")
    stock(store, {item: 10})
    return item


@pytest.fixture
def chief(client):
    person = make_person(is_superuser=True)
    client.force_login(person)
    return person


@pytest.fixture
def picker(client, store):
    person = make_person()
    StaffScope.objects.create(user=person, store=store)
    client.force_login(person)
    return person


def called_back(item, **values):
    recall = open_recall(item=item, reason="glass splinters", **values)
    collect_parts(recall=recall)
    settle_batch()
    return recall


def url(page, *args):
    return reverse(f"admin:inventory_{page}", args=args)


def said(reply):
    return " ".join(str(message) for message in reply.context["messages"])


WANTED = {"sku": "MUG", "lot": "", "reason": "glass splinters", "sold_since": ""}


def test_a_recall_shows_what_it_reaches_before_it_is_opened(client, chief, store, mug):
    make_ready(store=store, lines={mug: 2})

    shown = client.post(url("recall_add"), WANTED)
    nothing_yet = Recall.objects.exists()
    done = client.post(url("recall_add"), WANTED | {"confirm": "1"}, follow=True)

    assert shown.context["preview"] == {
        "item": mug,
        "stores": 1,
        "units": 10,
        "allocated": 0,
        "staged": 1,
        "collected": 0,
    }
    assert not nothing_yet
    recall = Recall.objects.get()
    assert done.redirect_chain == [(url("recall_change", recall.pk), 303)]
    assert (recall.opened_by, recall.lot) == (chief.username, "")
    assert StockLevel.objects.get().stopped


def test_an_item_is_found_by_its_barcode_and_a_day_begins_where_it_begins_first(client, chief, mug):
    wanted = {"sku": mug.gtin, "lot": "L-17", "sold_since": "2026-03-02", "confirm": "1"}

    client.post(url("recall_add"), WANTED | wanted)

    recall = Recall.objects.get()
    assert (recall.item, recall.lot) == (mug, "L-17")
    assert recall.sold_since.isoformat() == "2026-03-01T10:00:00+00:00"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sku": "NO"}, "no such item"),
        ({"sku": "M\0G"}, "Null characters"),
        ({"reason": ""}, "required"),
        ({"reason": "x" * 201}, "at most 200"),
        ({"lot": "x" * 61}, "at most 60"),
        ({"sold_since": "2999-01-01"}, "future"),
        ({"sold_since": "0001-01-01"}, "too long ago"),
        ({"sold_since": "yesterday"}, "valid date"),
    ],
)
def test_a_senseless_recall_is_refused_in_words(client, chief, mug, values, words):
    reply = client.post(url("recall_add"), WANTED | values | {"confirm": "1"})

    assert reply.status_code == 200
    assert words in reply.content.decode()
    assert not Recall.objects.exists()


def test_what_the_service_refuses_is_said_on_the_page(client, chief, mug):
    reply = client.post(
        url("recall_add"), WANTED | {"reason": "a\u202eb", "confirm": "1"}, follow=True
    )

    assert "printable" in said(reply)
    assert not Recall.objects.exists()


def test_the_case_shows_stores_and_orders_and_is_closed_once(client, chief, store, mug):
    part = make_ready(store=store, lines={mug: 2})
    recall = called_back(mug)

    page = client.get(url("recall_change", recall.pk)).content.decode()
    closed = client.post(url("recall_close", recall.pk), follow=True)
    client.post(url("recall_close", recall.pk))

    for words in (part.order.external_id, "0 of 1", "Orders picked, waiting: 1", "glass splinters"):
        assert words in page
    assert "Closed" in said(closed)
    recall.refresh_from_db()
    assert recall.closed_by == chief.username
    assert not StockLevel.objects.get().stopped


def test_an_order_is_let_go_on_from_the_case(client, chief, store, mug):
    make_ready(store=store, lines={mug: 2})
    recall = called_back(mug)
    row = RecalledPart.objects.get()

    first = client.post(url("recall_clear", recall.pk, row.pk), follow=True)
    again = client.post(url("recall_clear", recall.pk, row.pk), follow=True)

    assert "may move on" in said(first)
    assert "not held back" in said(again)
    assert Block.objects.get().lifted_at is not None
    assert client.post(url("recall_clear", recall.pk, row.pk + 1)).status_code == 404


def test_a_stores_people_pull_theirs_and_let_their_orders_go_on(client, picker, store, mug):
    part = make_ready(store=store, lines={mug: 2})
    recall = called_back(mug, lot="L-17")
    task = PullTask.objects.get()

    page = client.get(url("pulltask_change", task.pk)).content.decode()
    pulled = client.post(url("pulltask_finish", task.pk), {"units": "3"}, follow=True)
    row = RecalledPart.objects.get()
    cleared = client.post(url("pulltask_clear", task.pk, row.pk), follow=True)

    for words in ("only lot L-17", part.order.external_id, "held back"):
        assert words in page
    assert "Recorded" in said(pulled)
    assert "may move on" in said(cleared)
    task.refresh_from_db()
    assert (task.units_pulled, task.done_by) == (3, picker.username)
    level = StockLevel.objects.get()
    assert (level.stopped, level.unavailable) == (False, 3)
    assert recall.public_id


@pytest.mark.parametrize("units", ["", "-1", "1.5", "many", "9" * 30, "11", "²"])
def test_senseless_units_are_refused_in_words(client, picker, store, mug, units):
    called_back(mug)
    task = PullTask.objects.get()

    reply = client.post(url("pulltask_finish", task.pk), {"units": units}, follow=True)

    assert said(reply)
    task.refresh_from_db()
    assert task.done_at is None


def test_a_pull_is_done_once_and_needless_after_the_end(client, chief, store, mug):
    recall = called_back(mug)
    task = PullTask.objects.get()
    client.post(url("recall_close", recall.pk))

    page = client.get(url("pulltask_change", task.pk)).content.decode()
    reply = client.post(url("pulltask_finish", task.pk), {"units": "1"}, follow=True)

    assert "Nothing is left to do" in page
    assert "closed" in said(reply)


def test_what_is_to_pull_stands_among_the_exceptions(client, picker, store, mug):
    called_back(mug)
    task = PullTask.objects.get()
    board = reverse("admin:orders_fulfillmentorder_exceptions")

    before = client.get(board).content.decode()
    client.post(url("pulltask_finish", task.pk), {"units": "10"})
    after = client.get(board).content.decode()

    assert url("pulltask_change", task.pk) in before
    assert "Pull recalled goods" in before
    assert "Pull recalled goods" not in after


def test_the_work_page_says_what_was_called_back(client, picker, store, mug):
    part = make_ready(store=store, lines={mug: 2})
    called_back(mug)
    page = reverse("admin:orders_fulfillmentorder_change", args=[part.pk])

    shown = client.get(page).content.decode()

    assert "recalled: MUG in S1, glass splinters" in shown
    assert url("pulltask_change", PullTask.objects.get().pk) in shown


# --- who may what ------------------------------------------------------------------------------


def test_a_store_sees_and_does_its_own_pull_only(client, picker, store, mug):
    other = make_store()
    stock(other, {mug: 5})
    make_ready(store=other, lines={mug: 1})
    recall = called_back(mug)
    foreign = PullTask.objects.get(store=other)
    mine = PullTask.objects.get(store=store)
    row = RecalledPart.objects.get()

    assert client.get(url("pulltask_change", foreign.pk)).status_code == 404
    assert client.post(url("pulltask_finish", foreign.pk), {"units": "1"}).status_code == 404
    assert client.post(url("pulltask_clear", mine.pk, row.pk)).status_code == 404
    assert other.name not in client.get(url("pulltask_changelist")).content.decode()
    assert client.get(url("recall_change", recall.pk)).status_code == 404
    assert client.post(url("recall_close", recall.pk)).status_code == 404
    assert client.post(url("recall_add"), WANTED | {"confirm": "1"}).status_code == 404
    foreign.refresh_from_db()
    assert foreign.done_at is None


def test_who_may_look_opens_and_closes_nothing(client, store, mug):
    recall = called_back(mug)
    observer = make_person()
    names = ["view_recall", "view_pulltask", "see_all_stores"]
    observer.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(observer)
    task = PullTask.objects.get()

    assert client.get(url("recall_change", recall.pk)).status_code == 200
    assert b"Close the recall" not in client.get(url("recall_change", recall.pk)).content
    assert client.post(url("recall_close", recall.pk)).status_code == 404
    assert client.get(url("recall_add")).status_code == 404
    assert client.post(url("pulltask_finish", task.pk), {"units": "1"}).status_code == 404


def test_acting_needs_post(client, chief, mug):
    recall = called_back(mug)
    task = PullTask.objects.get()

    assert client.get(url("recall_close", recall.pk)).status_code == 405
    assert client.get(url("pulltask_finish", task.pk)).status_code == 405
    assert client.get(url("recall_change", "9" * 19)).status_code == 404


def test_the_case_takes_the_same_queries_for_one_order_and_for_six(client, chief, store, mug):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(url("recall_change", recall.pk))
        return len(captured)

    make_ready(store=store, lines={mug: 1})
    recall = called_back(mug)
    client.get(url("recall_change", recall.pk))
    one = queries()
    for _ in range(5):
        RecalledPart.objects.create(
            recall=recall,
            fulfillment=make_ready(),
            stage="staged",
            units=1,
        )

    assert queries() == one


def test_the_first_page_counts_what_is_to_pull(client, picker, store, mug):
    nothing = client.get(reverse("admin:index")).content.decode()
    called_back(mug)

    page = client.get(reverse("admin:index")).content.decode()

    assert "recalled goods" not in nothing
    assert "recalled goods" in page
