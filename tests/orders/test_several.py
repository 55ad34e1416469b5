"""One step on several orders: each done or refused by itself, and its result stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from hub import clock
from hub.errors import Invalid
from orders.blocks import open_block
from orders.models import BulkResult, BulkRun, FulfillmentOrder
from orders.several import run_several
from tests.factories import make_fulfillment, make_item, make_ready, make_store, stock
from tests.orders.picking.making import make_picker
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def mug(store):
    mug = make_item()
    stock(store, {mug: 100})
    return mug


@pytest.fixture
def picker(store, client):
    picker = make_picker(store)
    client.force_login(picker)
    return picker


def parts_of(store, mug, count=3, maker=make_fulfillment):
    return [maker(store=store, lines={mug: 1}) for _ in range(count)]


def post(client, parts, action, token="one", **values):
    keys = [part.pk for part in parts]
    return client.post(
        reverse("admin:orders_zonepick_several"),
        {"parts": keys, "action": action, "token": token, **values},
        follow=True,
    )


def statuses(parts):
    rows = FulfillmentOrder.objects.filter(pk__in=[part.pk for part in parts])
    return list(rows.order_by("pk").values_list("status", flat=True))


def test_what_can_be_done_is_done_and_the_rest_is_told_with_its_reason(client, store, mug, picker):
    parts = parts_of(store, mug)
    open_block(order=parts[1].order, reason="manual")

    page = post(client, parts, "accept").content.decode()

    assert statuses(parts) == ["accepted", "proposed", "accepted"]
    assert "2 done, 1 refused" in page
    assert "blocked: manual" in page.lower()


def test_a_second_press_shows_the_first_table(client, store, mug, picker):
    parts = parts_of(store, mug)
    first = post(client, parts, "accept")
    FulfillmentOrder.objects.filter(pk=parts[0].pk).update(status="picking")

    again = post(client, parts, "accept")

    assert first.request["PATH_INFO"] == again.request["PATH_INFO"]
    assert BulkResult.objects.filter(done=True).count() == 3
    assert statuses(parts)[0] == "picking"


def test_what_broke_off_in_the_middle_goes_on_with_the_same_token(store, mug, picker):
    parts = parts_of(store, mug)
    run_several(action="accept", parts=parts[:1], by=picker, token="one")

    run = run_several(action="accept", parts=parts, by=picker, token="one")

    assert run.results.count() == 3
    assert statuses(parts) == ["accepted"] * 3


def test_claiming_rejecting_and_ending_are_steps_too(client, store, mug, picker):
    waiting, ready = parts_of(store, mug, 2), make_ready(store=store, lines={mug: 1})
    post(client, waiting[:1], "claim", "c")
    post(client, waiting[1:], "reject", "r", reason="closing")
    early = post(client, [ready], "no_show", "n1").content.decode()
    now = clock.now()
    FulfillmentOrder.objects.filter(pk=ready.pk).update(expires_at=now - timedelta(minutes=1))
    post(client, [ready], "no_show", "n2")

    assert statuses(waiting) == ["picking", "rejected"]
    assert "0 done, 1 refused" in early
    assert statuses([ready]) == ["expired"]


def test_rows_chosen_in_the_list_are_ticked_on_the_page(client, store, mug, picker):
    parts = parts_of(store, mug)
    chosen = {"action": "several_selected", "_selected_action": [parts[0].pk, parts[2].pk]}

    page = client.post(
        reverse("admin:orders_fulfillmentorder_changelist"), chosen, follow=True
    ).content.decode()

    assert page.count('name="parts"') == 2
    assert parts[1].order.external_id not in page


def test_orders_of_other_stores_are_left_out(client, store, mug, picker):
    other = make_store()
    stock(other, {mug: 5})
    (foreign,) = parts_of(other, mug, 1)
    (own,) = parts_of(store, mug, 1)

    page = post(client, [own, foreign], "accept").content.decode()

    assert statuses([foreign]) == ["proposed"]
    assert "1 done, 0 refused" in page


def test_the_table_is_its_makers_alone(client, store, mug, picker):
    post(client, parts_of(store, mug, 1), "accept")
    address = reverse("admin:orders_zonepick_several_run", args=[BulkRun.objects.get().pk])
    client.force_login(make_picker(store))

    assert client.get(address).status_code == 404


def test_the_lists_of_several_are_printed_on_pages_of_their_own(client, store, mug, picker):
    parts = parts_of(store, mug, 2)
    page = post(client, parts, "print").content.decode()
    assert all(part.order.external_id in page for part in parts)
    assert client.get(reverse("admin:orders_zonepick_several") + "?tab=ready").status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"action": "eat"}, {"parts": []}, {"token": ""}, {"token": "x" * 41}]
)
def test_what_makes_no_sense_is_refused(store, mug, picker, wrong):
    right = {"action": "accept", "parts": parts_of(store, mug, 1), "by": picker, "token": "t"}
    with pytest.raises(Invalid):
        run_several(**{**right, **wrong})


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_two_presses_at_once_give_every_order_one_result(store, mug):
    picker, parts = make_picker(store), parts_of(store, mug)

    at_once(2, lambda _: run_several(action="accept", parts=parts, by=picker, token="one"))

    assert BulkResult.objects.filter(done=True).count() == 3
    assert not BulkResult.objects.filter(done=False).exists()
