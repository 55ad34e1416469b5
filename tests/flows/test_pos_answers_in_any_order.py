"""A POS that repeats, reorders and delays its answers leaves the same picture behind."""

import json
import random

import pytest
from django.test import Client

from hub.connectors.signing import sign
from hub.events import leases
from hub.events.models import Delivery, Fact
from hub.events.queues import queues
from hub.events.relay import run_one
from hub.inbox.models import InboundCall
from orders.models import FulfillmentOrder
from tests.factories import make_fulfillment, make_item, make_pos, make_store, stock

pytestmark = pytest.mark.django_db

PARTS = 3
ROUNDS = 5


def answers_of(pos, parts):
    """One acknowledgement per part, each with its own id, as (headers, body)."""
    for part in parts:
        data = {"fulfillment_id": part.public_id, "pos_reference": f"T-{part.pk}"}
        body = json.dumps({"type": "pick_list.acknowledged", "data": data}).encode()
        message_id = f"ack.{part.public_id}"
        yield sign(secrets=[pos.secret], message_id=message_id, body=body), body


def work_off():
    """Do what waits in the database's lane, as a relay does."""
    queue = next(queue for queue in queues() if queue.model is Delivery)
    for _ in range(100):
        rows = leases.claim(Delivery, lane="db", limit=50)
        if not rows:
            return
        queue.load(rows)
        for row in rows:
            run_one(queue, row)


def picture_after(chance):
    """Receive one day of answers in a random order with repeats; tell what they led to."""
    store = make_store()
    pos = make_pos(store)
    item = make_item()
    stock(store, {item: PARTS})
    parts = [make_fulfillment(store=store, lines={item: 1}) for _ in range(PARTS)]
    answers = list(answers_of(pos, parts))
    answers += chance.choices(answers, k=PARTS)
    chance.shuffle(answers)
    for headers, body in answers:
        path = f"/hooks/pos/{pos.public_id}"
        reply = Client().post(path, data=body, content_type="application/json", headers=headers)
        assert reply.status_code == 202
        if chance.random() < 0.5:
            work_off()
    work_off()
    facts = Fact.objects.filter(data__fulfillment_id__in=[part.pk for part in parts])
    acknowledged = FulfillmentOrder.objects.filter(store=store, pos_acknowledged_at__isnull=False)
    return (
        InboundCall.objects.filter(source=pos.public_id).count(),
        acknowledged.count(),
        sorted(facts.values_list("name", flat=True)),
        Delivery.objects.filter(lane="db").exclude(state="done").count(),
    )


def test_every_order_of_a_pos_s_answers_gives_the_same_picture():
    pictures = [picture_after(random.Random(seed)) for seed in range(ROUNDS)]

    expected = (
        PARTS,
        PARTS,
        sorted(["fulfillment.acknowledged", "fulfillment.proposed"] * PARTS),
        0,
    )
    assert pictures == [expected] * ROUNDS
