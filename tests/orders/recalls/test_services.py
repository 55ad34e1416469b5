"""Orders with goods that were called back: found, stopped, told of once, and let go on."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from hub import clock
from hub.events import leases
from hub.events.catalog import ItemRecalled
from hub.events.deliveries import run
from hub.events.models import Delivery, Fact
from hub.webhooks.models import ChannelEvent
from inventory.errors import InsufficientStock
from inventory.models import BundlePart
from inventory.services.recalls import close_recall, open_recall
from orders.curbside.handing import hand_off
from orders.errors import Blocked
from orders.models import Block, RecalledPart
from orders.picking.services import finish_picking
from orders.placing.cancel import cancel_order
from orders.recalls import services
from orders.recalls.handlers import stop_orders
from orders.recalls.services import (
    affected,
    clear_part,
    collect_parts,
    settle_batch,
    settle_recalls,
)
from orders.timeline import timeline_of
from tests.factories import (
    CUSTOMER,
    make_channel,
    make_fulfillment,
    make_item,
    make_order,
    make_picking,
    make_ready,
    make_store,
    pick_all,
    pin_of,
    stock,
)
from tests.orders.test_invariants import broken
from tests.racing import at_once

pytestmark = pytest.mark.django_db
TOLD = "fulfillment.collected_goods_recalled"


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def mug(store):
    item = make_item(sku="MUG")
    stock(store, {item: 1000})
    return item


def collected(**values):
    part = make_ready(**values)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    return part


def recall_of(item, **values):
    """A recall whose fact the relay has handled."""
    recall = open_recall(item=item, reason="glass splinters", **values)
    deliveries = Delivery.objects.filter(fact__name=ItemRecalled.name, state="pending")
    assert deliveries.filter(handler="orders.recalls.handlers.stop_orders").exists()
    stop_orders(ItemRecalled(recall_id=recall.pk))
    return recall


def stages(recall):
    rows = RecalledPart.objects.filter(recall=recall).order_by("fulfillment_id")
    return dict(rows.values_list("fulfillment_id", "stage"))


def told(recall):
    rows = Fact.objects.filter(name=TOLD, data__recall_id=recall.pk)
    return sorted(row.data["fulfillment_id"] for row in rows)


def test_every_order_with_the_goods_is_found_at_its_stage(store, mug):
    lines = {mug: 2}
    proposed = make_fulfillment(store=store, lines=lines)
    picking = make_picking(store=store, lines=lines)
    picked = make_picking(store=store, lines=lines)
    pick_all(picked)
    ready = make_ready(store=store, lines=lines)
    done = collected(store=store, lines=lines)
    cancel_order(order=make_fulfillment(store=store, lines=lines).order, reason="")
    make_fulfillment()  # with other goods
    before = affected(item_ids=[mug.pk])

    recall = recall_of(mug)

    assert before == {"allocated": 2, "staged": 2, "collected": 1}
    assert stages(recall) == {
        proposed.pk: "allocated",
        picking.pk: "allocated",
        picked.pk: "staged",
        ready.pk: "staged",
        done.pk: "collected",
    }
    assert set(RecalledPart.objects.values_list("units", flat=True)) == {2}
    assert Block.objects.count() == 4
    assert told(recall) == [done.pk]
    assert broken() == set()


def test_an_order_with_recalled_goods_goes_no_further_until_somebody_looked(store, mug):
    part = make_ready(store=store, lines={mug: 2})
    recall = recall_of(mug)

    with pytest.raises(Blocked):
        hand_off(fulfillment=part, pin=pin_of(part), by=None)
    row = RecalledPart.objects.get(recall=recall)
    assert row.block.note == f"recalled: MUG in {store.code}, glass splinters"
    assert clear_part(part=row, by="Pola")
    assert not clear_part(part=row, by="Olaf")

    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    row.refresh_from_db()
    assert row.cleared_by == "Pola"
    assert told(recall) == []


def test_what_was_found_short_and_what_was_not_is_told_apart(store, mug):
    tea = make_item()
    stock(store, {tea: 10})
    part = make_picking(store=store, lines={mug: 2, tea: 1})
    counts = {line.pk: line.allocated if line.item == tea else 0 for line in part.lines.all()}
    finish_picking(fulfillment=part, picked=counts)

    assert stages(recall_of(mug)) == {}


def test_only_those_who_collected_since_the_goods_are_suspect_are_told(store, mug):
    noon = clock.now() - timedelta(days=3)
    with clock.turned_to(noon):
        stock(store, {mug: 1000})
        collected(store=store, lines={mug: 1})
    later = collected(store=store, lines={mug: 1})

    recall = recall_of(mug, sold_since=noon + timedelta(days=1))

    assert told(recall) == [later.pk]


def test_a_handler_that_repeats_tells_nobody_twice(store, mug):
    collected(store=store, lines={mug: 1})
    make_fulfillment(store=store, lines={mug: 1})
    recall = recall_of(mug)

    for _ in range(3):
        collect_parts(recall=recall)
        settle_batch()

    assert len(told(recall)) == 1
    assert Block.objects.count() == 1


def test_goods_that_were_collected_before_the_handler_came_are_told_of(store, mug):
    part = make_ready(store=store, lines={mug: 1})
    recall = open_recall(item=mug, reason="glass")
    collect_parts(recall=recall)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)

    settle_batch()

    assert told(recall) == [part.pk]
    assert stages(recall) == {part.pk: "collected"}


def test_an_order_canceled_before_the_handler_came_needs_nobody(store, mug):
    part = make_fulfillment(store=store, lines={mug: 1})
    recall = open_recall(item=mug, reason="glass")
    collect_parts(recall=recall)
    cancel_order(order=part.order, reason="")

    assert settle_batch() == 1

    assert not Block.objects.exists()
    assert RecalledPart.objects.get().settled_at is not None


def test_many_orders_are_seen_to_in_batches(store, mug, monkeypatch):
    monkeypatch.setattr(services, "BATCH", 2)
    parts = [collected(store=store, lines={mug: 1}).pk for _ in range(5)]
    recall = recall_of(mug)
    first = told(recall)

    assert settle_recalls() == 3

    assert (first, told(recall)) == (parts[:2], parts)


def test_bundles_with_the_goods_are_found(store, mug):
    basket = make_item()
    stock(store, {basket: 5})
    part = make_fulfillment(store=store, lines={basket: 1})
    BundlePart.objects.create(bundle=basket, part=mug)

    assert stages(recall_of(mug)) == {part.pk: "allocated"}


def test_the_story_of_the_order_tells_of_it(store, mug):
    part = collected(store=store, lines={mug: 1})
    recall_of(mug)

    entry = timeline_of(part.order)[-1]

    assert (entry.title, entry.tone) == ("Collected goods were called back", "danger")


def test_a_closed_recall_leaves_the_blocks_to_people(store, mug):
    make_ready(store=store, lines={mug: 1})
    recall = recall_of(mug)

    close_recall(recall=recall)

    assert Block.objects.filter(lifted_at__isnull=True).count() == 1


def pause(seconds):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_an_order_placed_beside_a_recall_is_in_the_case_or_refused():
    store, channel, mug = make_store(), make_channel(), make_item()
    stock(store, {mug: 1000})

    def work(number: int):
        if number == 0:
            pause(0.3)
            with transaction.atomic():
                recall = open_recall(item=mug, reason="glass")
                pause(1)  # so that orders come while it waits to commit
            collect_parts(recall=recall)
            return None
        try:
            with transaction.atomic():
                pause(0.1 * number)
                order = make_order(
                    channel=channel,
                    store=store,
                    external_id=f"W-race-{number}",
                    customer=CUSTOMER
                    | {"phone": f"+4850012{number:04}", "email": f"{number}@x.pl"},
                    lines={mug: 1},
                )
                pause(0.2)  # and, not stopped, would commit when it has looked
            return order.pk
        except InsufficientStock:
            return None

    placed = {key for key in at_once(9, work) if key}

    found = RecalledPart.objects.values_list("fulfillment__order_id", flat=True)
    assert placed == set(found)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_tell_of_each_once(monkeypatch):
    monkeypatch.setattr(services, "BATCH", 3)
    store, mug = make_store(), make_item()
    stock(store, {mug: 1000})
    parts = [collected(store=store, lines={mug: 1}).pk for _ in range(8)]
    parts += [make_ready(store=store, lines={mug: 1}).pk for _ in range(4)]
    recall = open_recall(item=mug, reason="glass")
    collect_parts(recall=recall)

    at_once(6, lambda _number: settle_recalls())
    settle_recalls()

    assert told(recall) == parts[:8]
    assert Block.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_the_relay_carries_a_recall_to_the_sites_whose_customers_have_the_goods():
    store, mug = make_store(), make_item()
    stock(store, {mug: 10})
    part = collected(store=store, lines={mug: 1})
    held = make_ready(store=store, lines={mug: 1})

    open_recall(item=mug, reason="glass")
    while rows := leases.claim(Delivery, lane="db", limit=50):
        for row in rows:
            run(row)

    event = ChannelEvent.objects.get(type=TOLD)
    assert event.channel == part.order.channel
    assert event.data["fulfillment_id"] == part.public_id
    assert Block.objects.get().order == held.order
    assert not Delivery.objects.filter(lane="db").exclude(state="done").exists()
