"""Every tap of the work: a second press shows the first result; a script is answered in JSON."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.urls import reverse

from hub.stores.models import StaffScope
from orders.actions import lock_parts
from orders.models import Block, PickEntry, PutBack
from orders.picking import queue
from orders.picking.bags import pack
from orders.picking.claims import claim
from orders.picking.services import accept
from orders.putting_back import ask_put_back
from tests.factories import (
    make_fulfillment,
    make_item,
    make_picking,
    make_ready,
    make_store,
    pick_all,
    pin_of,
    stock,
)
from tests.orders.picking.making import make_gtin, make_picker, make_places

pytestmark = pytest.mark.django_db
SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def store():
    store = make_store()
    make_places(store)
    return store


@pytest.fixture
def mug(store):
    mug = make_item(name="Blue mug", gtin=make_gtin(12))
    stock(store, {mug: 100})
    return mug


@pytest.fixture
def picker(store, client):
    picker = make_picker(store)
    client.force_login(picker)
    return picker


def claimed(store, mug, picker):
    part = make_fulfillment(store=store, lines={mug: 4})
    claim(fulfillment=part, by=picker)
    return part


def started(store, mug, picker):
    part = claimed(store, mug, picker)
    row = part.lines.get()
    type(row).objects.filter(pk=row.pk).update(picked=2)
    return part


def full(store, mug, picker):
    part = claimed(store, mug, picker)
    row = part.lines.get()
    type(row).objects.filter(pk=row.pk).update(picked=4)
    return part


def picked(store, mug, picker):
    part = claimed(store, mug, picker)
    pick_all(part)
    return part


def bagged(store, mug, picker):
    part = picked(store, mug, picker)
    pack(fulfillment=part, bags={"ambient": 1})
    return part


def placed(store, mug, picker):
    return make_fulfillment(store=store, lines={mug: 4})


def accepted(store, mug, picker):
    part = placed(store, mug, picker)
    accept(fulfillment=part)
    return part


def picking(store, mug, picker):
    return make_picking(store=store, lines={mug: 4})


def ready(store, mug, picker):
    return make_ready(store=store, lines={mug: 4})


PICK_TAPS = {
    "claim": (placed, {}),
    "scan": (claimed, {"code": make_gtin(12)}),
    "count": (claimed, {"units": 1, "reason": "torn"}),
    "take_out": (started, {"units": 1}),
    "short": (claimed, {"units": 1, "reason": "shortage"}),
    "later": (claimed, {}),
    "finish": (full, {}),
    "pack": (picked, {"ambient": 2}),
    "stage": (bagged, {"place": "A1"}),
}
STEP_TAPS = {
    "accept": (placed, {}),
    "start": (accepted, {}),
    "picked": (picking, {}),
    "ready": (picked, {"staging_location": "A1", "bags": 1}),
    "reject": (placed, {"reason": "too_busy"}),
    "hand_off": (ready, {"bags": 2}),
}


def traces(part):
    """All that a tap may leave behind."""
    part.refresh_from_db()
    lines = list(part.lines.values("allocated", "picked", "short", "short_reason"))
    bags = list(part.bag_rows.values("number", "location"))
    entries = PickEntry.objects.filter(line__fulfillment=part).count()
    return part.status, part.version, lines, bags, entries, part.actions.count()


@pytest.mark.parametrize("act", PICK_TAPS)
def test_a_second_press_on_the_pick_page_shows_the_first_result(client, store, mug, picker, act):
    make, fields = PICK_TAPS[act]
    part = make(store, mug, picker)
    told = {"act": act, "token": f"token-{act}", "line": part.lines.get().pk, **fields}
    if act == "stage":
        told["code"] = part.bag_rows.get().barcode
    address = reverse("admin:orders_zonepick_step", args=[part.pk])

    first = client.post(address, told, headers=SCRIPT).json()
    left = traces(part)
    again = client.post(address, told, headers=SCRIPT).json()

    assert first["done"], first
    assert again == first
    assert traces(part) == left


@pytest.mark.parametrize("action", STEP_TAPS)
def test_a_second_press_on_the_work_page_does_nothing_more(client, store, mug, picker, action):
    make, fields = STEP_TAPS[action]
    part = make(store, mug, picker)
    told = {"action": action, "token": f"token-{action}", **fields}
    if action == "picked":
        told[f"picked_{part.lines.get().pk}"] = 4
    if action == "hand_off":
        told["pin"] = f"{part.public_id}.{pin_of(part)}"  # as the scanner reads it
    address = reverse("admin:orders_fulfillmentorder_step", args=[part.pk])

    first = [str(one) for one in client.post(address, told, follow=True).context["messages"]]
    left = traces(part)
    again = [str(one) for one in client.post(address, told, follow=True).context["messages"]]

    assert part.actions.filter(action=action).count() == 1
    assert again == first
    assert traces(part) == left


def test_a_put_back_is_done_once(client, store, mug, picker):
    part = picked(store, mug, picker)
    with transaction.atomic():
        lock_parts(part.order_id)
        (task,) = ask_put_back(fulfillment=part, units={part.lines.get().pk: 1}, reason="canceled")
    told = {"task": task.pk, "outcome": "written_off", "token": "one"}
    address = reverse("admin:orders_putback_step")

    first = client.post(address, told, headers=SCRIPT).json()
    again = client.post(address, told, headers=SCRIPT).json()

    assert first["done"]
    assert first == again
    assert PutBack.objects.get().outcome == "written_off"


def test_a_refusal_is_an_answer_too(client, store, mug, picker):
    part = claimed(store, mug, picker)
    address = reverse("admin:orders_zonepick_step", args=[part.pk])

    reply = client.post(address, {"act": "scan", "code": "4711"}, headers=SCRIPT)

    assert reply.status_code == 200
    assert (reply.json()["done"], reply.json()["code"]) == (False, "unknown_code")


def test_what_somebody_else_tapped_waits_for_that_person(client, store, mug, picker):
    part = claimed(store, mug, picker)
    address = reverse("admin:orders_zonepick_step", args=[part.pk])
    told = {"act": "scan", "code": mug.gtin, "token": "t", "made_by": picker.pk + 1}

    reply = client.post(address, told, headers=SCRIPT)
    plain = client.post(address, told, follow=True)

    assert (reply.status_code, reply.json()["code"]) == (409, "made_by_another")
    assert "waits for who made it" in plain.content.decode()
    assert part.lines.get().picked == 0


def test_what_waited_is_not_told_again_on_the_next_page(client, store, mug, picker):
    part = claimed(store, mug, picker)
    address = reverse("admin:orders_zonepick_step", args=[part.pk])
    told = {"act": "scan", "code": mug.gtin, "made_by": picker.pk}

    client.post(address, {**told, "token": "a", "queued": "1"}, headers=SCRIPT)
    quiet = client.get(reverse("admin:orders_zonepick_pick", args=[part.pk]))
    client.post(address, {**told, "token": "b"}, headers=SCRIPT)
    said = client.get(reverse("admin:orders_zonepick_pick", args=[part.pk]))

    assert not list(quiet.context["messages"])
    assert [str(one) for one in said.context["messages"]]


def test_the_worker_keeps_pages_for_one_person(client, store, mug, picker):
    worker = client.get(reverse("admin:orders_zonepick_worker"))
    page = client.get(reverse("admin:orders_bag_staging"))

    assert worker["Service-Worker-Allowed"] == "/admin/"
    assert "importScripts" in worker.content.decode()
    assert page["X-Work-Person"] == str(picker.pk)


@pytest.mark.parametrize("kind", ["order", "bag", "place", "part"])
def test_a_scan_of_something_else_opens_it(client, store, mug, picker, kind):
    part, other = claimed(store, mug, picker), bagged(store, mug, picker)
    code, page = {
        "order": (other.order.external_id, reverse("admin:orders_zonepick_pick", args=[other.pk])),
        "bag": (
            other.bag_rows.get().barcode,
            reverse("admin:orders_zonepick_pick", args=[other.pk]),
        ),
        "part": (other.public_id, reverse("admin:orders_zonepick_pick", args=[other.pk])),
        "place": ("cool1", reverse("admin:orders_bag_staging")),
    }[kind]

    reply = client.post(
        reverse("admin:orders_zonepick_step", args=[part.pk]),
        {"act": "scan", "code": code, "token": "t"},
        headers=SCRIPT,
    )

    assert reply.json()["next"].startswith(page)


def test_a_scan_of_another_stores_bag_opens_nothing(client, store, mug, picker):
    part, there = claimed(store, mug, picker), make_store()
    stock(there, {mug: 9})
    foreign = bagged(there, mug, make_picker(there))
    address = reverse("admin:orders_zonepick_step", args=[part.pk])

    told = {"act": "scan", "code": foreign.bag_rows.get().barcode, "token": "t"}

    assert client.post(address, told, headers=SCRIPT).json()["code"] == "unknown_code"


def test_the_next_order_is_ones_own_before_those_that_nobody_has(client, store, mug, picker):
    address = reverse("admin:orders_zonepick_next")
    assert client.get(address).url == reverse("admin:orders_fulfillmentorder_pick")
    free, own = placed(store, mug, picker), claimed(store, mug, picker)
    assert client.get(address).url == reverse("admin:orders_zonepick_pick", args=[own.pk])
    own.zone_picks.update(claimed_until=None, picker=None)
    claim(fulfillment=own, by=make_picker(store))
    assert client.get(address).url == reverse("admin:orders_zonepick_pick", args=[free.pk])


def test_the_next_order_is_found_behind_pages_of_what_others_have(client, store, mug, picker):
    others = make_picker(store)
    for _ in range(queue.PAGE):
        claim(fulfillment=make_fulfillment(store=store, lines={mug: 1}), by=others)
    free = make_fulfillment(store=store, lines={mug: 1})
    address = reverse("admin:orders_zonepick_next")
    assert client.get(address).url == reverse("admin:orders_zonepick_pick", args=[free.pk])


def test_the_next_order_is_none_that_is_stopped(client, store, mug, picker):
    stopped, free = placed(store, mug, picker), placed(store, mug, picker)
    Block.objects.create(order=stopped.order, reason=Block.Reason.FRAUD)
    address = reverse("admin:orders_zonepick_next")
    assert client.get(address).url == reverse("admin:orders_zonepick_pick", args=[free.pk])


def test_the_next_order_is_one_of_the_store_that_is_looked_at(client, store, mug, picker):
    placed(store, mug, picker)
    second = make_store()
    StaffScope.objects.create(user=picker, store=second)
    address = reverse("admin:orders_zonepick_next")
    board = reverse("admin:orders_fulfillmentorder_pick")
    client.get(board, {"store": second.code})
    assert client.get(address).url == board


def test_the_glossary_finds_words_and_the_sheet_has_every_command(client, picker):
    address = reverse("admin:orders_glossary")
    assert "Golden Record" in client.get(address).content.decode()
    found = client.get(address, {"q": "frozen"}).content.decode()
    assert "Golden Record" not in found
    assert "No word like that" in client.get(address, {"q": "xyzzy"}).content.decode()
    sheet = client.get(reverse("admin:orders_zonepick_commands")).content.decode()
    assert "HUBDOSHORT" in sheet
