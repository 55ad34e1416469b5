"""The staff's boards, work page and order page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub import clock
from hub.events.leases import State
from hub.events.models import Fact
from hub.stores.models import StaffScope
from hub.webhooks.models import ChannelEvent, WebhookCall, WebhookEndpoint
from inventory.models import StockLevel
from orders.admin import boards
from orders.blocks import lift_block
from orders.curbside.visits import arrive, say_on_my_way
from orders.models import FulfillmentOrder, FulfillmentStatus, HandOff, Visit, VisitStatus
from orders.picking.rejecting import reject
from tests.factories import (
    CUSTOMER,
    make_fulfillment,
    make_item,
    make_person,
    make_picking,
    make_ready,
    make_spots,
    make_store,
    pin_of,
    stock,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def item(store):
    item = make_item()
    stock(store, {item: 100})
    return item


@pytest.fixture
def picker(store, client):
    person = make_person(first_name="Pola")
    StaffScope.objects.create(user=person, store=store)
    client.force_login(person)
    return person


def queries_of(act):
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


def url(name, *args):
    return reverse(f"admin:orders_fulfillmentorder_{name}", args=args)


def step(client, fulfillment, **fields):
    reply = client.post(url("step", fulfillment.pk), fields, follow=True)
    fulfillment.refresh_from_db()
    return " ".join(str(message) for message in reply.context["messages"])


def part_in(store, item, maker=make_fulfillment, units=2):
    return maker(store=store, lines={item: units})


@pytest.mark.django_db(transaction=True)
def test_an_order_is_worked_from_accept_to_hand_off(client, store, item, picker):
    part = part_in(store, item)
    line = part.lines.get()

    step(client, part, action="accept", token="a" * 22, version=part.version)
    step(client, part, action="start", token="b" * 22)
    step(client, part, action="picked", token="c" * 22, **{f"picked_{line.pk}": 1})
    step(client, part, action="ready", token="d" * 22, staging_location="Cooler 2", bags=1)
    lift_block(block=part.order.blocks.get(reason="amount"))  # the site agrees to the lower sum
    said = step(client, part, action="hand_off", token="e" * 22, pin=pin_of(part))

    assert part.status == FulfillmentStatus.COMPLETED
    assert said == "Handed over. Thank you!"
    assert HandOff.objects.get(fulfillment=part).by == picker
    line.refresh_from_db()
    assert (line.picked, line.short, line.handed_off) == (1, 1, 1)


def test_a_second_tap_of_the_same_form_has_no_second_effect(client, store, item, picker):
    part = part_in(store, item)
    fields = {"action": "accept", "token": "t" * 22, "version": part.version}
    step(client, part, **fields)
    said = step(client, part, **fields)
    assert said.startswith("Accepted")
    assert part.version == 2


def test_a_form_shown_before_somebody_else_acted_is_refused(client, store, item, picker):
    part = part_in(store, item)
    seen = part.version
    step(client, part, action="accept", token="1" * 22)
    said = step(client, part, action="start", token="2" * 22, version=seen)
    assert "version" in said
    assert part.status == FulfillmentStatus.ACCEPTED


@pytest.mark.django_db(transaction=True)
def test_a_wrong_pin_is_told_with_the_tries_left(client, store, item, picker):
    part = part_in(store, item, make_ready)
    wrong = "000000" if pin_of(part) != "000000" else "111111"
    said = step(client, part, action="hand_off", pin=wrong)
    assert "4 tries left" in said
    assert part.status == FulfillmentStatus.READY


def test_only_a_lead_hands_over_without_the_pin(client, store, item, picker):
    part = part_in(store, item, make_ready)
    assert b"Hand over without the PIN" not in client.get(url("change", part.pk)).content
    assert "lead" in step(client, part, action="override", why="passport shown").lower()
    assert part.status == FulfillmentStatus.READY

    picker.user_permissions.add(Permission.objects.get(codename="override_pin"))
    assert b"Hand over without the PIN" in client.get(url("change", part.pk)).content
    step(client, part, action="override", why="passport shown")
    assert part.status == FulfillmentStatus.COMPLETED


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"action": "fly"},
        {"action": "picked"},
        {"action": "picked", "picked_x": "1"},
        {"action": "picked", "picked_1": "9" * 400},
        {"action": "picked", "picked_1": "-1"},
        {"action": "ready", "bags": "many", "staging_location": "A"},
        {"action": "accept", "version": "-3"},
        {"action": "accept", "token": "x" * 65},
        {"action": "reject", "reason": "a\0b"},
        {"action": "hand_off", "pin": "12345678901234"},
        {"action": "accept", "version": "99999999999999999999"},
    ],
)
def test_a_senseless_step_is_refused_in_words(client, store, item, picker, fields):
    part = part_in(store, item, make_picking)
    said = step(client, part, **fields)
    assert said
    assert part.status == FulfillmentStatus.PICKING


def test_a_step_answers_303_and_returns_only_to_our_own_pages(client, store, item, picker):
    part = part_in(store, item)
    back = url("arrivals")
    ours = client.post(url("step", part.pk), {"action": "accept", "next": back})
    theirs = client.post(url("step", part.pk), {"action": "start", "next": "//evil.example/admin/"})
    assert (ours.status_code, ours["Location"]) == (303, back)
    assert theirs["Location"] == url("change", part.pk)


def test_a_step_needs_post_and_a_csrf_token(store, item, picker):
    part = part_in(store, item)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(picker)
    assert strict.get(url("step", part.pk)).status_code == 405
    assert strict.post(url("step", part.pk), {"action": "accept"}).status_code == 403


def test_another_stores_work_does_not_exist(client, picker):
    foreign = make_fulfillment()
    order = reverse("admin:orders_order_change", args=[foreign.order_id])
    assert client.get(url("change", foreign.pk)).status_code == 404
    assert client.get(url("visit", foreign.pk)).status_code == 404
    assert client.post(url("step", foreign.pk), {"action": "accept"}).status_code == 404
    assert client.get(order).status_code == 404
    assert client.get(url("change", 10**17)).status_code == 404
    for tab in ("pick", "ready", "arrivals", "exceptions", "changelist"):
        assert foreign.order.external_id.encode() not in client.get(url(tab)).content
    foreign.refresh_from_db()
    assert foreign.status == FulfillmentStatus.PROPOSED


def test_who_may_look_at_all_stores_but_works_in_none_takes_no_step(client, store, item):
    part = part_in(store, item)
    observer = make_person()
    names = ["view_fulfillmentorder", "see_all_stores"]
    observer.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(observer)
    page = client.get(url("change", part.pk))
    assert page.status_code == 200
    assert b"<button class" not in page.content
    assert client.post(url("step", part.pk), {"action": "accept"}).status_code == 404


def test_staff_without_a_store_see_no_board(client):
    client.force_login(make_person())
    assert client.get(url("pick")).status_code == 404
    assert b"no store has been assigned" in client.get(reverse("admin:index")).content


def test_the_pick_board_shows_the_earliest_promise_first_and_says_what_is_late(
    client, store, item, picker
):
    later, sooner = part_in(store, item), part_in(store, item)
    type(sooner).objects.filter(pk=sooner.pk).update(
        promised_at=clock.now() - timedelta(minutes=12, seconds=5)
    )
    page = client.get(url("pick")).content.decode()
    assert page.index(sooner.order.external_id) < page.index(later.order.external_id)
    assert "12 min late" in page


def test_an_arrival_shows_spot_vehicle_and_a_running_clock(client, store, item, picker):
    make_spots(store)
    part = part_in(store, item, make_ready)
    arrive(fulfillment=part, spot="2", vehicle="red Fiat")
    page = client.get(url("arrivals")).content.decode()
    assert "Spot 2" in page
    assert "red Fiat" in page
    assert "data-since=" in page

    step(client, part, action="serve", token="s" * 22)
    assert Visit.objects.get().status == VisitStatus.BEING_SERVED


def test_who_is_on_the_way_stands_behind_who_waits(client, store, item, picker):
    coming, waiting = part_in(store, item, make_ready), part_in(store, item, make_ready)
    say_on_my_way(fulfillment=coming, minutes=5)
    arrive(fulfillment=waiting, place="by the door")
    cards = client.get(url("arrivals")).context["cards"]
    assert [card.status for card in cards] == ["arrived", "on_my_way"]


def test_only_a_full_page_of_arrivals_has_a_next_one(client, store, item, picker, monkeypatch):
    arrive(fulfillment=part_in(store, item, make_ready))
    for size, has_more in ((1, True), (2, False)):
        monkeypatch.setitem(boards.SIZES, "arrivals", size)
        assert client.get(url("arrivals")).context["has_more"] is has_more


@pytest.mark.parametrize("tab", ["pick", "ready", "arrivals"])
def test_a_board_takes_the_same_queries_for_one_card_and_for_ten(client, store, item, picker, tab):
    def add():
        part = part_in(store, item, make_fulfillment if tab == "pick" else make_ready)
        if tab != "pick":
            arrive(fulfillment=part)

    add()
    client.get(url(tab))
    one = queries_of(lambda: client.get(url(tab)))
    for _ in range(5):
        add()
    assert queries_of(lambda: client.get(url(tab))) == one


def test_the_order_page_tells_the_whole_story(client, store, item, picker):
    part = part_in(store, item)
    step(client, part, action="accept")
    page = client.get(reverse("admin:orders_order_change", args=[part.order_id])).content.decode()
    for words in ("Order placed", "Accepted by the store", "by Pola", "Ann Lee", "+48500123456"):
        assert words in page
    assert "chosen" in page


def test_the_order_page_tells_which_site_calls_arrived_and_which_not(client, store, item, picker):
    part = part_in(store, item)
    channel = part.order.channel
    endpoint = WebhookEndpoint.objects.create(
        channel=channel, url="https://shop.example/hooks", secret="whsec_x"
    )
    fact = Fact.objects.get(name="order.placed", subject=f"order:{part.order_id}")
    event = ChannelEvent.objects.create(
        public_id=fact.public_id,
        channel=channel,
        position=1,
        type="order.placed",
        occurred_at=fact.occurred_at,
        data={},
    )
    call = WebhookCall.objects.create(
        event=event,
        endpoint=endpoint,
        state=State.DONE,
        attempts=3,
        last_status=204,
        finished_at=clock.now(),
    )
    page = client.get(reverse("admin:orders_order_change", args=[part.order_id])).content.decode()
    assert "webhook to shop.example, answer 204, 3 tries" in page

    WebhookCall.objects.filter(pk=call.pk).update(state=State.PARKED, last_status=500)
    page = client.get(reverse("admin:orders_order_change", args=[part.order_id])).content.decode()
    assert "Webhook given up" in page
    assert "order.placed to https://shop.example/hooks, answer 500" in page


def test_the_orders_of_a_customer_are_one_tap_from_the_customer(client, store, item, picker):
    part = part_in(store, item)
    foreign = make_fulfillment(customer=CUSTOMER)  # the same customer in another store
    assert foreign.order.profile_id == part.order.profile_id
    shown = client.get(reverse("admin:customers_profile_change", args=[part.order.profile_id]))
    link = re.findall(r'href="([^"]+)">Show the orders', shown.content.decode())[0]
    page = client.get(link).content.decode()
    assert part.order.external_id in page
    assert f">{foreign.order.external_id}<" not in page


@pytest.mark.parametrize(
    "term", ["ann lee", "+48 500 123 456", "3456", "ann@example.com", "ANN LEE"]
)
def test_an_order_is_found_by_what_a_customer_says(client, store, item, picker, term):
    part = part_in(store, item)
    page = client.get(reverse("admin:orders_order_changelist"), {"q": term}).content.decode()
    assert part.order.external_id in page


def test_an_order_is_canceled_by_those_who_may(client, store, item, picker):
    part = part_in(store, item)
    cancel = reverse("admin:orders_order_cancel", args=[part.order_id])
    assert client.post(cancel, {"reason": "customer called"}).status_code == 404
    picker.user_permissions.add(Permission.objects.get(codename="change_order"))
    assert client.post(cancel, {"reason": "customer called"}).status_code == 303
    part.refresh_from_db()
    assert part.status == FulfillmentStatus.CANCELED
    assert StockLevel.objects.get(item=item).allocated == 0


def test_an_order_that_another_store_works_on_by_now_is_not_canceled_from_here(
    client, store, item, picker
):
    picker.user_permissions.add(Permission.objects.get(codename="change_order"))
    part = part_in(store, item)
    reject(fulfillment=part, reason="no staff")
    FulfillmentOrder.objects.create(
        order=part.order, store=make_store(), promised_at=part.promised_at
    )
    page = client.get(reverse("admin:orders_order_change", args=[part.order_id]))
    assert b"/cancel/" not in page.content
    address = reverse("admin:orders_order_cancel", args=[part.order_id])
    assert client.post(address, {"reason": "mine"}).status_code == 404
    part.order.refresh_from_db()
    assert part.order.status == "open"


def test_an_order_of_two_thousand_lines_can_be_picked(client, store, picker):
    item = make_item()
    stock(store, {item: 2000})
    lines = [{"sku": item.sku, "quantity": 1, "unit_price_minor": 1}] * 2000
    part = make_picking(store=store, lines_asked=lines)
    counts = {f"picked_{line.pk}": "1" for line in part.lines.all()}
    assert "Picked" in step(client, part, action="picked", **counts)


def test_customers_of_other_stores_do_not_exist(client, store, item, picker):
    mine = part_in(store, item).order.profile
    foreign = make_fulfillment(
        customer={"name": "Bo Nu", "phone": "+48500999888", "email": "bo@example.com"}
    ).order.profile
    page = client.get(reverse("admin:customers_profile_change", args=[mine.pk]))
    assert b"Ann Lee" in page.content
    gone = client.get(reverse("admin:customers_profile_change", args=[foreign.pk]))
    assert gone.status_code == 404
    listed = client.get(reverse("admin:customers_profile_changelist")).content
    assert b"Bo Nu" not in listed
