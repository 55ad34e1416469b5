"""One order with missing goods, from the site's wish to the refund of what came back."""

import json

import pytest
from django.db import connection

from hub.api.keys import SCOPES, create_key
from hub.connectors.registry import sms_connector
from hub.events import deliveries, leases
from hub.events.models import Delivery
from hub.events.queues import Queue
from hub.events.relay import run_one
from hub.inbox.services import keep
from hub.invariants import shipped
from hub.webhooks.models import ChannelEvent
from notifications.models import Message
from notifications.services.sending import send
from orders.blocks import lift_block
from orders.curbside.handing import hand_off
from orders.models import Block, FulfillmentOrder
from orders.picking.services import accept, finish_picking, mark_ready, start_picking
from orders.substitution.offering import Proposal, offer_substitutes
from orders.substitution.suggesting import suggest
from tests.factories import PLAIN, make_channel, make_item, make_store, pin_of, stock
from tests.hub.api.conftest import Api

pytestmark = pytest.mark.django_db

PHONE = "+48500123456"


@pytest.fixture
def phone():
    connector = sms_connector("memory")
    connector.clear()
    yield connector
    connector.clear()


def relay():
    """Run every reaction and every message that is due, until nothing is left."""
    queues = [
        Queue(model=Delivery, run=deliveries.run),
        Queue(model=Message, run=send, in_doubt="outcome IN ('submitting', 'ambiguous')"),
    ]
    for _ in range(10):
        rows = [
            (queue, row)
            for queue in queues
            for lane in leases.due_lanes(queue.model)
            for row in leases.claim(queue.model, lane=lane, limit=100)
        ]
        if not rows:
            return
        for queue, row in rows:
            run_one(queue, row)


def place(api, store, item, best):
    line = {
        "sku": item.sku,
        "quantity": 3,
        "unit_price_minor": 500,
        "substitution": {"allow": "ask", "sku": best.sku, "price_cap_minor": 450},
    }
    body = {
        "external_id": "W-77",
        "pickup": {"store": store.code},
        "customer": {"name": "Ann Lee", "phone": PHONE, "notify": ["sms"], "locale": "en"},
        "currency": "EUR",
        "total_minor": 1500,
        "lines": [line],
    }
    reply = api.post("/v1/orders", body, Idempotency_Key="place-77")
    assert reply.status_code == 201, reply.content
    return FulfillmentOrder.objects.get(order__public_id=reply.json()["id"])


def events(kind):
    return [event.data for event in ChannelEvent.objects.filter(type=kind)]


def test_missing_goods_are_replaced_settled_collected_and_partly_brought_back(phone):
    store, channel = make_store(), make_channel()
    item, best = make_item(**PLAIN), make_item(**PLAIN, name="Rice drink")
    stock(store, {item: 9, best: 9})
    api = Api(create_key(channel=channel, name="site", scopes=SCOPES)[1])
    part = place(api, store, item, best)
    accept(fulfillment=part)
    start_picking(fulfillment=part)

    line = part.lines.get()
    (first, *_) = suggest(line)
    assert (first.item, first.named, first.unit_price_minor) == (best, True, 450)
    proposal = Proposal(line_id=line.pk, item_id=best.pk, units=2)
    offer_substitutes(fulfillment=part, proposals=[proposal])
    relay()
    assert "1) Rice drink" in phone.texts[-1].body

    text = {"type": "message.received", "data": {"from": PHONE, "text": "ok 1"}}
    keep(source="sms:memory", event_id="text-1", body=json.dumps(text).encode())
    relay()
    assert "+ Rice drink" in phone.texts[-1].body
    assert events("fulfillment.substitutes_answered")[0]["substitution"]["lines"][0] == {
        "number": 1,
        "sku": item.sku,
        "substitute_sku": best.sku,
        "units": 2,
        "unit_price_minor": 450,
        "warnings": [],
        "on_silence": "decline",
        "outcome": "accepted",
    }

    part = FulfillmentOrder.objects.get(pk=part.pk)
    picked = {row.pk: row.allocated - row.short for row in part.lines.all()}
    finish_picking(fulfillment=part, picked=picked)
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    relay()
    (told,) = events("fulfillment.amount_changed")
    assert (told["supplied"]["ordered_minor"], told["supplied"]["amount_minor"]) == (1500, 1400)
    assert [one["refund"]["amount_minor"] for one in events("order.refund_due")] == [100]

    lift_block(block=Block.objects.get(reason="amount"))
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    back = {"number": 1, "sku": best.sku, "quantity": 1, "disposition": "restock"}
    path = f"/v1/orders/{part.order.public_id}/returns"
    reply = api.post(path, {"reason": "one too many", "lines": [back]}, Idempotency_Key="back-1")
    assert reply.status_code == 201, reply.content
    relay()
    assert [one["refund"]["amount_minor"] for one in events("order.refund_due")] == [100, 450]
    assert events("fulfillment.goods_returned")[0]["return"]["lines"][0]["sku"] == best.sku
    assert broken() == set()


def broken():
    found = set()
    with connection.cursor() as cursor:
        for invariant in shipped():
            cursor.execute(f"SELECT count(*) FROM ({invariant.sql}) AS broken")
            if cursor.fetchone()[0]:
                found.add(invariant.name)
    return found
