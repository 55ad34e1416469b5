"""Sandbox orders: driven through every path, told to nobody real, without a trace in the stock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from hub import clock
from hub.stores.models import Store
from inventory.models import SalesStop, StockLevel
from orders.admin.sandbox_steps import STEPS
from orders.models import FulfillmentOrder, Order, SandboxRun
from orders.sandbox import begin_sandbox, end_sandbox, end_stale_sandboxes
from tests.factories import make_channel, make_item, make_person, make_store, stock
from tests.orders.picking.making import make_picker
from tests.racing import at_once

pytestmark = pytest.mark.django_db

PATHS = {
    "to the boot and back": [
        *("accept", "pick", "ready", "on_my_way", "arrived", "serve", "hand_off", "return"),
    ],
    "one is short": ["accept", "short", "pick", "ready", "agree", "arrived", "hand_off"],
    "a substitute is taken": ["accept", "short", "ask", "yes", "pick", "ready", "hand_off"],
    "a substitute is refused": ["accept", "short", "ask", "no", "pick", "ready"],
    "nobody comes": ["accept", "pick", "ready", "on_my_way", "no_show"],
    "canceled": ["accept", "pick", "cancel"],
    "left in the middle": ["accept", "pick", "ready", "arrived"],
}


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def goods(store):
    mug = make_item(name="Blue mug", category="Mugs", price_minor=900)
    red = make_item(name="Red mug", category="Mugs", price_minor=950)
    milk = make_item(name="Milk", zone="chilled", fresh=True, price_minor=100)
    stock(store, {mug: 20, red: 20, milk: 20})
    return mug, red, milk


@pytest.fixture
def lead(store, client):
    lead = make_picker(store)
    lead.user_permissions.add(Permission.objects.get(codename="drive_sandbox"))
    client.force_login(lead)
    return lead


@pytest.fixture
def run(store, goods, lead):
    mug, _red, milk = goods
    channel = make_channel()
    return begin_sandbox(
        store=store, channel=channel, goods={mug.pk: 2, milk.pk: 1}, by=lead, token="one"
    )


def books(store):
    rows = StockLevel.objects.filter(store=store).order_by("item_id")
    return list(rows.values_list("item", "on_hand", "unavailable", "allocated", "held", "stopped"))


def press(client, run, step, token=""):
    address = reverse("admin:orders_sandboxrun_step", args=[run.pk])
    reply = client.post(
        address, {"step": step, "token": token or step}, headers={"Accept": "application/json"}
    )
    return reply.json()


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_every_path_is_driven_and_leaves_no_trace_in_the_stock(client, store, goods, lead, path):
    mug, _red, milk = goods
    before = books(store)
    run = begin_sandbox(
        store=store, channel=make_channel(), goods={mug.pk: 2, milk.pk: 1}, by=lead, token="one"
    )
    assert books(store) != before

    for step in path:
        said = press(client, run, step)
        assert said["done"], (step, said)
    assert press(client, run, "end")["done"]

    assert books(store) == before
    assert not SalesStop.objects.exists()
    run.refresh_from_db()
    assert run.ended_at is not None


def test_a_second_press_does_nothing_more(client, run):
    first = press(client, run, "accept", "t1")
    again = press(client, run, "accept", "t1")

    assert first == again
    assert FulfillmentOrder.objects.get(order=run.order).status == "accepted"


def test_the_same_token_makes_one_order(store, goods, lead):
    mug = goods[0]
    asked = {"store": store, "channel": make_channel(), "goods": {mug.pk: 1}, "by": lead}

    begin_sandbox(**asked, token="one")
    begin_sandbox(**asked, token="one")

    assert Order.objects.count() == 1


def test_it_reaches_no_real_phone_and_says_what_it_is(run):
    assert run.order.is_test
    assert run.order.external_id.startswith("SANDBOX-")
    assert run.order.contact.phone.startswith("+1202555")


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_two_presses_at_once_place_one_order():
    store, mug = make_store(), make_item()
    stock(store, {mug: 20})
    person, channel = make_picker(store), make_channel()
    asked = {"store": store, "channel": channel, "goods": {mug.pk: 1}, "by": person}

    runs = at_once(4, lambda _: begin_sandbox(**asked, token="one").pk)

    assert len(set(runs)) == 1
    assert StockLevel.objects.get(item=mug).allocated == 1


def test_one_that_was_left_is_ended_after_a_day(store, goods, run):
    assert end_stale_sandboxes() == 0
    SandboxRun.objects.update(begun_at=clock.now() - timedelta(hours=25))

    assert end_stale_sandboxes() == 1
    assert not StockLevel.objects.filter(allocated__gt=0).exists()


def test_a_stop_that_was_there_before_stays(client, store, goods, lead):
    mug = goods[0]
    SalesStop.objects.create(store=store, item=goods[2], reason=SalesStop.Reason.SHORT_PICK)
    run = begin_sandbox(
        store=store, channel=make_channel(), goods={mug.pk: 2}, by=lead, token="one"
    )
    press(client, run, "short")

    end_sandbox(run=run)

    assert [stop.item for stop in SalesStop.objects.all()] == [goods[2]]


def test_ended_ones_take_no_more_steps(client, run):
    end_sandbox(run=run)

    said = press(client, run, "accept")

    assert (said["done"], said["code"]) == (False, "sandbox_over")


def test_the_pages_show_the_steps_and_why_some_cannot_be_taken(client, run, store, goods):
    page = client.get(reverse("admin:orders_sandboxrun_change", args=[run.pk])).content.decode()
    assert "SANDBOX" in page
    assert "it is proposed" in page
    listed = client.get(reverse("admin:orders_sandboxrun_changelist")).content.decode()
    assert run.order.external_id in listed
    begun = client.get(reverse("admin:orders_sandboxrun_begin")).content.decode()
    assert "Blue mug" in begun


def test_it_is_begun_by_the_form_and_its_customers_page_opens(client, store, goods, lead):
    asked = {"store": store.code, "channel": make_channel().pk, "token": "form-1"}
    reply = client.post(
        reverse("admin:orders_sandboxrun_begin"), asked | {f"units_{goods[0].pk}": "2"}
    )
    run = SandboxRun.objects.get()
    assert reply.url == reverse("admin:orders_sandboxrun_change", args=[run.pk])

    opened = client.post(reverse("admin:orders_sandboxrun_page", args=[run.pk]))

    assert client.get(opened.url).status_code == 200


def test_what_a_sandbox_order_needs_first_is_said_with_the_page_that_mends_it(client):
    client.force_login(make_person(is_superuser=True))
    address = reverse("admin:orders_sandboxrun_begin")

    def way():
        return client.get(address).context["lack"].link

    assert way() == reverse("admin:stores_store_add")
    store = make_store(stage="setup", pickup_enabled=False)
    assert way() == reverse("admin:stores_saleschannel_add")
    make_channel()
    assert way() == reverse("admin:integration_stagechange_store", args=[store.pk])
    Store.objects.update(stage="shadow")
    assert way() == reverse("admin:inventory_stockfile_upload")
    stock(store, {make_item(): 20})
    assert client.get(address).context["lack"] is None


def test_without_the_permission_or_for_another_store_it_is_not_there(client, run):
    address = reverse("admin:orders_sandboxrun_change", args=[run.pk])
    client.force_login(make_picker(run.order.fulfillments.get().store))
    assert client.get(address).status_code == 404
    other = make_picker(make_store())
    other.user_permissions.add(Permission.objects.get(codename="drive_sandbox"))
    client.force_login(other)
    assert client.get(address).status_code == 404
    assert client.post(reverse("admin:orders_sandboxrun_step", args=[run.pk])).status_code == 404


def test_every_step_is_on_one_of_the_paths():
    assert {step for path in PATHS.values() for step in path} | {"end"} == STEPS.keys()
