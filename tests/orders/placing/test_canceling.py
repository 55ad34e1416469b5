"""Canceling a whole order."""

import pytest

from hub.events.models import Fact
from inventory.models import StockLevel
from inventory.services import allocations
from orders.blocks import open_block
from orders.errors import IllegalMove, StaleVersion, TooLate
from orders.models import Block, FulfillmentOrder, FulfillmentStatus, Order, OrderStatus
from orders.placing import cancel
from orders.placing.cancel import cancel_order
from orders.revision import revision_of
from orders.states import move, move_order
from tests.factories import make_fulfillment, make_order, make_picking, make_ready
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def facts_of(order):
    return list(
        Fact.objects.filter(subject=f"order:{order.pk}")
        .order_by("id")
        .values_list("name", flat=True)
    )


def test_a_canceled_order_gives_everything_back_and_says_so():
    order = make_order()
    cancel_order(order=order, reason="changed my mind")
    order.refresh_from_db()
    part = order.fulfillments.get()
    assert (order.status, part.status, part.reason) == ("canceled", "canceled", "changed my mind")
    assert StockLevel.objects.get().allocated == 0
    assert order.lines.get().canceled == order.lines.get().quantity
    assert facts_of(order)[2:] == ["fulfillment.canceled", "order.canceled"]


def test_canceling_again_changes_nothing_whatever_version_is_sent():
    order = make_order()
    cancel_order(order=order, reason="")
    before = facts_of(order)
    assert cancel_order(order=order, reason="", version=1).status == "canceled"
    assert facts_of(order) == before


def test_an_order_in_the_picking_can_be_canceled_and_one_that_is_ready_cannot():
    picking, ready = make_picking(), make_ready()
    cancel_order(order=picking.order, reason="")
    with pytest.raises(TooLate) as refused:
        cancel_order(order=ready.order, reason="")
    assert refused.value.extra["present_status"] == "open"
    ready.refresh_from_db()
    assert ready.status == "ready"


def test_a_completed_order_cannot_be_canceled():
    part = make_fulfillment()
    FulfillmentOrder.objects.filter(pk=part.pk).update(status=FulfillmentStatus.COMPLETED)
    move_order(part.order, to=OrderStatus.COMPLETED)
    with pytest.raises(IllegalMove):
        cancel_order(order=part.order, reason="")


def test_an_order_that_its_store_rejected_can_be_canceled():
    part = make_fulfillment()
    move(part, to=FulfillmentStatus.REJECTED)
    allocations.release(reference=part.public_id)
    open_block(order=part.order, reason=Block.Reason.OTHER)
    cancel_order(order=part.order, reason="")
    assert facts_of(part.order)[-1] == "order.canceled"
    part.refresh_from_db()
    assert part.status == "rejected"


def test_the_version_covers_the_order_and_all_its_parts():
    part = make_fulfillment()
    order = part.order
    read = revision_of(order, [part])
    move(part, to=FulfillmentStatus.ACCEPTED)
    with pytest.raises(StaleVersion) as refused:
        cancel_order(order=order, reason="", version=read)
    assert refused.value.extra["version"] == read + 1
    cancel_order(order=order, reason="", version=read + 1)


def test_a_long_reason_is_cut_to_what_the_store_can_show():
    order = make_order()
    cancel_order(order=order, reason="x" * 500)
    assert len(order.fulfillments.get().reason) == 60


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_cancellations_at_once_give_the_goods_back_once():
    order = make_order()

    def job(_number):
        return cancel_order(order=Order.objects.get(pk=order.pk), reason="").status

    assert set(at_once(10, job)) == {"canceled"}
    level = StockLevel.objects.get()
    assert (level.allocated, level.on_hand) == (0, 4)
    assert facts_of(order).count("order.canceled") == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_cancellation_and_a_step_at_once_end_in_a_canceled_order():
    for _ in range(10):
        part = make_fulfillment()

        def job(number, part=part):
            if number == 0:
                return cancel_order(order=Order.objects.get(pk=part.order_id), reason="").status
            try:
                move(FulfillmentOrder.objects.get(pk=part.pk), to=FulfillmentStatus.ACCEPTED)
            except IllegalMove:
                return "refused"
            return "accepted"

        at_once(2, job)
        part.refresh_from_db()
        assert part.status == "canceled"
        assert (
            cancel.why_not_cancel(Order.objects.get(pk=part.order_id), [part]) == "it is canceled"
        )
