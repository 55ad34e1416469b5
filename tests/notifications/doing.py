"""Doing a relay's work on messages step by step."""

from __future__ import annotations

from contextlib import suppress

from django.db.models.functions import Now

from hub.events import leases
from hub.events.catalog import FulfillmentHandedOff, OrderPlaced, ReadyForPickup
from hub.events.models import Fact
from notifications import handlers
from notifications.models import Message
from notifications.services.sending import BATCH, claim_messages, send_batch
from notifications.services.sending import QUEUE as QUEUE
from orders.models import FulfillmentOrder, FulfillmentStatus
from tests import factories


def claim_due() -> list[Message]:
    """Claim whatever is due, in every lane."""
    lanes = leases.due_lanes(Message)
    return [row for lane in lanes for row in leases.claim(Message, lane=lane, limit=50)]


def work() -> None:
    """Claim and run what is due, once: a lane's messages together, as its pace allows."""
    claims = []
    for lane in leases.due_lanes(Message):
        with suppress(leases.NotNow):
            claims.append(claim_messages(lane, BATCH))
    for rows in claims:
        if rows:
            send_batch(rows)


def fall_due() -> None:
    """Let every waiting message be due now, as time would."""
    Message.objects.filter(state="pending").update(due_at=Now())


def tell_ready(part: FulfillmentOrder) -> None:
    """React to the part's becoming ready."""
    fact = ReadyForPickup(order_id=part.order_id, fulfillment_id=part.pk)
    handlers.tell_ready([fact], [Fact()])


def ready_message(**values) -> Message:
    """The message of a pickup that has just become ready; takes what ``make_order`` takes."""
    part = factories.make_ready(**values)
    tell_ready(part)
    return Message.objects.get(purpose="ready", subject=f"fulfillment:{part.pk}")


def received_message(**values) -> Message:
    """The message about a fresh order; takes what ``make_order`` takes."""
    order = factories.make_order(**values)
    handlers.tell_order_received([OrderPlaced(order_id=order.pk)], [Fact()])
    return Message.objects.get(purpose="order_received", order_id=order.pk)


def handed_off_message(**values) -> Message:
    """The message after a hand-off; takes what ``make_order`` takes."""
    part = factories.make_ready(**values)
    collect(part.pk)
    fact = FulfillmentHandedOff(order_id=part.order_id, fulfillment_id=part.pk)
    handlers.tell_handed_off([fact], [Fact()])
    return Message.objects.get(purpose="handed_off", subject=f"fulfillment:{part.pk}")


def collect(fulfillment_id: int) -> None:
    """The goods are gone."""
    parts = FulfillmentOrder.objects.filter(pk=fulfillment_id)
    parts.update(status=FulfillmentStatus.COMPLETED, completed_at=Now())


def part_of(message: Message) -> FulfillmentOrder:
    """The pickup that the message speaks of."""
    return FulfillmentOrder.objects.get(pk=message.subject.split(":")[1])


def facts_of(message: Message) -> list[str]:
    """The names of the facts about the message, oldest first."""
    facts = Fact.objects.filter(data__message_id=message.pk).order_by("pk")
    return list(facts.values_list("name", flat=True))
