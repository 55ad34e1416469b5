"""The page with the three switches: looked at by all of the store, turned by its leads."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from hub.clock import turned_to
from hub.stores.models import StaffScope, StoreSwitch
from orders.models import FulfillmentOrder
from orders.switches.services import switch_on
from tests.factories import make_fulfillment, make_item, make_person, make_store, stock

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 14, 11, tzinfo=UTC)
Kind = StoreSwitch.Kind


@pytest.fixture(autouse=True)
def noon():
    with turned_to(NOW):
        yield


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture
def picker(client, store):
    person = make_person()
    StaffScope.objects.create(user=person, store=store)
    client.force_login(person)
    return person


@pytest.fixture
def lead(picker):
    picker.user_permissions.add(Permission.objects.get(codename="change_storeswitch"))
    return picker


def url(page, *args):
    return reverse(f"admin:stores_storeswitch_{page}", args=args)


def said(reply):
    return " ".join(str(message) for message in reply.context["messages"])


def closing(**values):
    return {"store": "S1", "kind": Kind.CLOSING_EARLY, "closes": "14:00", "token": "t"} | values


def test_a_lead_sees_what_a_closing_changes_before_it_is_done(client, lead, store):
    item = make_item()
    stock(store, {item: 5})
    part = make_fulfillment(store=store, lines={item: 1})
    FulfillmentOrder.objects.filter(pk=part.pk).update(promised_at=NOW.replace(hour=16))

    shown = client.get(url("board"), closing())
    nothing_yet = StoreSwitch.objects.exists()
    done = client.post(url("on"), closing(), follow=True)

    figures = {title: value for title, value, _ in shown.context["figures"]}
    assert (figures["Promises"], figures["Customers told"]) == (1, 1)
    assert shown.context["closing"] == {"at": "14:00", "usual": "20:00"}
    assert not nothing_yet
    assert said(done) == "The store closes early. Customers are being told."
    assert StoreSwitch.objects.get().opened_by == lead.get_username()


def test_the_button_twice_is_one_switch_and_undoing_twice_one_undo(client, lead, store):
    wanted = {"store": "S1", "kind": Kind.PAUSED, "lasts": "60", "token": "t"}
    for _ in range(2):
        client.post(url("on"), wanted, follow=True)
    switch = StoreSwitch.objects.get()

    first = client.post(url("undo", switch.pk), follow=True)
    second = client.post(url("undo", switch.pk), follow=True)

    assert switch.until == NOW.replace(hour=12)
    assert (said(first), said(second)) == ("Undone.", "It was off already.")


def test_until_midnight_is_midnight_on_the_stores_clock(client, lead, store):
    client.post(url("on"), {"store": "S1", "kind": Kind.POS_DOWN, "lasts": "midnight"})

    assert StoreSwitch.objects.get().until == NOW.replace(hour=23)


def test_what_cannot_be_is_said_on_the_page(client, lead, store):
    late = client.post(url("on"), closing(closes="21:00"), follow=True)
    looked = client.get(url("board"), closing(closes="21:00"))
    wrong = client.post(url("on"), closing(closes="noon"), follow=True)
    empty = client.post(url("on"), closing(closes=""), follow=True)

    assert "does not close later" in said(late)
    assert "does not close later" in said(looked)
    assert "makes no sense" in said(wrong)
    assert "say when" in said(empty)
    assert not StoreSwitch.objects.exists()


def test_a_picker_looks_but_does_not_switch(client, picker, store):
    switch = switch_on(store=store, kind=Kind.PAUSED, by="lead")

    page = client.get(url("board"))

    assert "A lead of the store" in page.content.decode()
    assert client.post(url("on"), closing()).status_code == 404
    assert client.post(url("undo", switch.pk)).status_code == 404
    assert client.get(url("changelist")).status_code == 200
    assert client.get(url("change", switch.pk)).status_code == 200


def test_other_stores_switches_do_not_exist(client, lead, store):
    other = make_store(code="S2")
    switch = switch_on(store=other, kind=Kind.PAUSED, by="lead")

    assert client.get(url("board"), {"store": "S2"}).status_code == 404
    assert client.post(url("on"), closing(store="S2")).status_code == 404
    assert client.post(url("undo", switch.pk)).status_code == 404
    assert client.get(url("change", switch.pk)).status_code == 404
    assert client.get(url("board")).context["on"] == []


def test_with_several_stores_those_with_something_on_are_listed(client, lead, store):
    other = make_store(code="S2")
    StaffScope.objects.create(user=lead, store=other)
    switch_on(store=other, kind=Kind.CLOSING_EARLY, by="lead", closes=NOW.replace(hour=14).time())

    page = client.get(url("board"))

    assert [row["switch"].store for row in page.context["on"]] == [other]
    assert "Close early today, 14:00" in page.content.decode()


def test_preparation_times_are_shown_for_ones_own_stores(client, picker, store):
    make_store(code="S2")

    times = reverse("admin:orders_windowbooking_times")
    assert "No order became ready" in client.get(times).content.decode()
    assert client.get(times, {"store": "S2"}).status_code == 404
    assert client.get(times, {"days": "a"}).context["days"] == 28


@pytest.mark.parametrize("page", ["stores_storegroup", "orders_slotcapacity"])
def test_rules_of_windows_and_groups_open_for_the_chief(client, store, page):
    client.force_login(make_person(is_superuser=True))

    for view in ("changelist", "add"):
        assert client.get(reverse(f"admin:{page}_{view}")).status_code == 200
    assert client.get(reverse("admin:orders_windowbooking_changelist")).status_code == 200
