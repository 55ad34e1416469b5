"""The picking pages over HTTP: what they show, what they do, and for whom they do not exist."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.actions import lock_parts
from orders.blocks import open_block
from orders.models import Bag, FulfillmentOrder, PickBatch, PutBack, ZonePick
from orders.picking.bags import pack
from orders.picking.batches import open_batch
from orders.picking.claims import claim
from orders.putting_back import ask_put_back
from tests.factories import (
    make_fulfillment,
    make_item,
    make_person,
    make_picking,
    make_ready,
    make_store,
    pick_all,
    stock,
)
from tests.orders.picking.making import make_gtin, make_picker, make_places

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def mug(store):
    mug = make_item(name="Blue mug", gtin=make_gtin(12))
    stock(store, {mug: 100})
    return mug


@pytest.fixture
def picker(store, client):
    person = make_picker(store, first_name="Pola")
    client.force_login(person)
    return person


def url(name, *args):
    return reverse(f"admin:orders_{name}", args=args)


def said(reply):
    return " ".join(str(message) for message in reply.context["messages"])


def tap(client, part, act, **fields):
    reply = client.post(url("zonepick_step", part.pk), {"act": act, **fields}, follow=True)
    part.refresh_from_db()
    return said(reply)


def part_of(store, mug, units=2, maker=make_fulfillment):
    return maker(store=store, lines={mug: units})


@pytest.mark.django_db(transaction=True)
def test_a_part_is_picked_packed_and_staged(client, store, mug, picker):
    part = part_of(store, mug)
    make_places(store)

    assert "Yours: ambient" in tap(client, part, "claim", token="a")
    assert "1 still wanted" in tap(client, part, "scan", code=mug.gtin, token="b")
    assert "1 still wanted" in tap(client, part, "scan", code=mug.gtin, token="b")
    assert "complete" in tap(client, part, "scan", code=mug.gtin, token="c")
    assert "bag it" in tap(client, part, "finish", token="d")
    assert "1 bag" in tap(client, part, "pack", ambient=1, token="e")
    bag = Bag.objects.get()
    assert "is ready" in tap(client, part, "stage", code=bag.barcode, place="A1", token="f")
    assert part.status == "ready"


def test_what_is_refused_is_said_and_changes_nothing(client, store, mug, picker):
    part = part_of(store, mug, maker=make_picking)
    other = make_item(name="Red cup", gtin=make_gtin(13))
    line = part.lines.get()
    for fields, words in [
        ({"act": "scan", "code": other.gtin}, "Red cup is not on the list"),
        ({"act": "scan", "code": "nonsense"}, "No item has the code"),
        ({"act": "scan", "code": ""}, "The scanner read nothing"),
        ({"act": "scan", "code": "x" * 300}, "Code:"),
        ({"act": "count", "line": line.pk, "units": 1}, "Scan it, or say why"),
        ({"act": "count", "line": line.pk, "units": 9, "reason": "torn"}, "too many"),
        ({"act": "count", "line": 2**62, "units": 1}, "no such line"),
        ({"act": "count", "line": "x", "units": 1}, "Line:"),
        ({"act": "short", "line": line.pk, "reason": "stolen"}, "A reason is one of"),
        ({"act": "finish"}, "still open"),
        ({"act": "fly"}, "no such step"),
        ({}, "Act:"),
    ]:
        reply = client.post(url("zonepick_step", part.pk), fields, follow=True)
        assert words in said(reply)
    line.refresh_from_db()
    assert (line.picked, line.short) == (0, 0)


def test_the_pick_screen_shows_the_line_and_who_has_what(client, store, mug, picker):
    part = part_of(store, mug)
    ben = make_picker(store, first_name="Ben")
    page = client.get(url("zonepick_pick", part.pk)).content.decode()
    assert "Pick it" in page
    claim(fulfillment=part, by=ben)
    page = client.get(url("zonepick_pick", part.pk)).content.decode()
    assert "Take it over from Ben?" in page
    assert "Pick it" not in page
    assert "Yours" in tap(client, part, "claim", zone="ambient", taken_from=ben.pk)
    page = client.get(url("zonepick_pick", part.pk)).content.decode()
    assert "data-scan" in page
    assert "Blue mug" in page


def test_ready_and_batched_parts_lead_to_their_own_pages(client, store, mug, picker):
    ready = part_of(store, mug, maker=make_ready)
    reply = client.get(url("zonepick_pick", ready.pk))
    assert reply.url == url("fulfillmentorder_change", ready.pk)
    part = part_of(store, mug)
    batch = open_batch(store=store, fulfillments=[part], by=picker)
    assert client.get(url("zonepick_pick", part.pk)).url == url("pickbatch_change", batch.pk)


def test_short_and_later_are_taps(client, store, mug, picker):
    cup = make_item(name="Cup")
    stock(store, {cup: 5})
    part = make_picking(store=store, lines={mug: 2, cup: 1})
    mugs, cups = part.lines.order_by("order_line__number")
    tap(client, part, "scan", code=mug.gtin)
    tap(client, part, "short", line=mugs.pk, units=1, reason="damaged")
    tap(client, part, "later", line=cups.pk)
    assert "order of its own" in tap(client, part, "finish")
    assert FulfillmentOrder.objects.filter(order=part.order).count() == 2


def test_a_blocked_order_waits_with_its_bags_in_their_place(client, store, mug, picker):
    part = part_of(store, mug, maker=make_picking)
    make_places(store)
    pick_all(part)
    (bag,) = pack(fulfillment=part, bags={"ambient": 1})
    open_block(order=part.order, reason="fraud")
    assert "waits: blocked: fraud" in tap(client, part, "stage", code=bag.barcode, place="a1")


def test_a_batch_is_chosen_scanned_and_finished(client, store, mug, picker):
    parts = [part_of(store, mug, units=1) for _ in range(2)]
    page = client.get(url("pickbatch_choose")).content.decode()
    assert all(part.order.external_id in page for part in parts)

    fields = {"parts": [part.pk for part in parts], "sorting": "while", "token": "t1"}
    for _ in range(2):
        reply = client.post(url("pickbatch_choose"), {**fields, "store": store.code})
    batch = PickBatch.objects.get()
    assert reply.url == url("pickbatch_change", batch.pk)

    step = url("pickbatch_step", batch.pk)
    for tote in ("T1", "T2"):
        reply = client.post(step, {"act": "scan", "code": mug.gtin}, follow=True)
        assert f"Put it into {tote}" in said(reply)
    for part in parts:
        client.post(step, {"act": "finish", "part": part.pk})
        part.refresh_from_db()
        assert part.status == "picked"
    client.post(step, {"act": "close"})
    assert PickBatch.objects.get().closed_at is not None
    assert client.post(step, {"act": "finish", "part": "x"}).status_code == 404


def test_the_screens_take_the_same_queries_for_one_order_and_for_many(client, store, mug, picker):
    def queries_of(page):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        return len(queries)

    counts = []
    for parts in ([part_of(store, mug)], [part_of(store, mug) for _ in range(4)]):
        batch = open_batch(store=store, fulfillments=parts, by=picker)
        pages = [url("pickbatch_change", batch.pk), url("pickbatch_choose"), url("bag_staging")]
        for page in pages:  # what the menu counts is remembered for two seconds
            client.get(page)
        counts.append([queries_of(page) for page in pages])
    assert counts[0] == counts[1]


def test_a_batch_of_nothing_or_of_claimed_orders_is_refused_in_words(client, store, mug, picker):
    part = part_of(store, mug)
    claim(fulfillment=part, by=make_picker(store, first_name="Ben"))
    base = {"sorting": "while", "token": "t1", "store": store.code}
    reply = client.post(url("pickbatch_choose"), base)
    assert "Tick the orders" in said(reply)
    reply = client.post(url("pickbatch_choose"), {**base, "parts": [part.pk]})
    assert "Ben has ambient" in said(reply)


def test_staging_puts_bags_away_and_finds_them(client, store, mug, picker):
    part = part_of(store, mug, maker=make_picking)
    make_places(store)
    pick_all(part)
    (bag,) = pack(fulfillment=part, bags={"ambient": 1})
    assert bag.barcode in client.get(url("bag_staging")).content.decode()
    fields = {"act": "stage", "store": store.code, "code": bag.barcode.lower(), "place": "A1"}
    assert "The order is ready" in said(client.post(url("bag_stage"), fields, follow=True))
    for query in (bag.barcode, part.order.external_id, "3456", "ann lee", "\0", "nobody"):
        page = client.get(url("bag_staging"), {"q": query}).content.decode()
        assert (part.order.external_id in page) or query in ("\0", "nobody")


def test_put_backs_are_done_by_scan_or_by_tap(client, store, mug, picker):
    part = part_of(store, mug, maker=make_picking)
    pick_all(part)
    for _ in range(2):
        with transaction.atomic():
            lock_parts(part.order_id)
            ask_put_back(fulfillment=part, units={part.lines.get().pk: 1}, reason="canceled")
    first, second = PutBack.objects.order_by("pk")
    assert "Blue mug" in client.get(url("putback_todo")).content.decode()
    step = url("putback_step")
    for fields in ({}, {"code": "nonsense"}, {"task": 1, "outcome": "eaten"}):
        client.post(step, fields)
    assert PutBack.objects.filter(done_at__isnull=True).count() == 2
    client.post(step, {"code": mug.gtin})
    client.post(step, {"task": second.pk, "outcome": "damaged"})
    assert list(PutBack.objects.order_by("pk").values_list("outcome", "done_by")) == [
        ("shelf", "Pola"),
        ("damaged", "Pola"),
    ]
    assert first.line_id == second.line_id


@pytest.mark.parametrize("kind", ["list", "slip", "labels"])
def test_papers_come_as_pages_and_as_pdf(client, store, mug, picker, kind):
    part = part_of(store, mug, maker=make_picking)
    page = client.get(url("bag_print", part.pk, kind))
    assert page.status_code == 200
    pdf = client.get(url("bag_pdf", part.pk, kind))
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    assert client.get(url("bag_print", part.pk, "novel")).status_code == 404
    assert client.get(url("bag_pdf", part.pk, "novel")).status_code == 404


def test_another_stores_work_does_not_exist(store, mug, picker):
    part = part_of(store, mug, maker=make_picking)
    batch = open_batch(store=store, fulfillments=[part], by=picker)
    stranger = Client()
    stranger.force_login(make_picker(make_store()))
    nobody = Client()
    nobody.force_login(make_person())
    pages = [
        url("zonepick_pick", part.pk),
        url("pickbatch_change", batch.pk),
        url("bag_print", part.pk, "list"),
        url("bag_pdf", part.pk, "slip"),
    ]
    taps = [url("zonepick_step", part.pk), url("pickbatch_step", batch.pk)]
    for client in (stranger, nobody):
        assert [client.get(page).status_code for page in pages] == [404] * len(pages)
        assert [client.post(tap).status_code for tap in taps] == [404] * len(taps)
        assert client.get(url("bag_staging"), {"store": store.code}).status_code == 404
    stolen = {"parts": [part.pk], "sorting": "while", "token": "t", "store": store.code}
    assert stranger.post(url("pickbatch_choose"), stolen).status_code == 404
    assert ZonePick.objects.get().picker == picker


def test_taps_are_posts_only(client, store, mug, picker):
    part = part_of(store, mug)
    assert client.get(url("zonepick_step", part.pk)).status_code == 405
    assert client.get(url("bag_stage")).status_code == 405
    assert client.get(url("putback_step")).status_code == 405


@pytest.mark.parametrize(
    "page", ["zonepick", "pickentry", "pickbatch", "bag", "putback", "staginglocation"]
)
def test_the_lists_open_for_those_who_work_in_a_store(client, store, mug, picker, page):
    part = part_of(store, mug, maker=make_picking)
    pick_all(part)
    pack(fulfillment=part, bags={"ambient": 1})
    allowed = 403 if page == "staginglocation" else 200
    assert client.get(url(f"{page}_changelist")).status_code == allowed
