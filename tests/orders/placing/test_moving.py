"""Another store instead of the one that the customer named: only with the customer's yes."""

import threading
import time
from datetime import timedelta

import pytest
from django.db.models import Q

from hub import clock
from hub.events.catalog import OrderCanceled
from hub.events.models import Fact
from inventory.models import Hold, StockLevel
from inventory.services.holds import sweep_holds
from orders.models import Block, FulfillmentOrder, MoveOffer, RoutingDecision
from orders.picking.rejecting import reject, send_elsewhere
from orders.placing import moving
from orders.placing.cancel import cancel_order
from orders.placing.handlers import end_offers
from orders.placing.moving import OfferOver, answer_move, lapse_offers
from orders.placing.rerouting import ConsentMissing
from tests.factories import make_fulfillment, make_item
from tests.orders.routing.doing import store_at
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def item():
    return make_item()


def live_part(part):
    return FulfillmentOrder.objects.get(order=part.order_id, status="proposed")


def facts(part):
    rows = Fact.objects.filter(subject=f"order:{part.order_id}").order_by("id")
    return list(rows.values_list("name", flat=True))


def open_blocks(part):
    return Block.objects.filter(order=part.order_id, lifted_at__isnull=True)


def named_part(item, *, others=1):
    home = store_at(0, item)
    rivals = [store_at(kilometres, item) for kilometres in range(1, others + 1)]
    part = make_fulfillment(store=home, lines={item: 2})
    return part, home, rivals


def test_an_order_for_a_named_store_asks_before_it_moves(item):
    part, _, (rival,) = named_part(item)
    reject(fulfillment=part, reason="too_busy")
    offer = MoveOffer.objects.get()
    assert (offer.store, offer.state) == (rival, "open")
    assert not part.order.fulfillments.exclude(pk=part.pk).exists()
    assert StockLevel.objects.get(store=rival, item=item).held == 2
    assert facts(part)[-1] == "fulfillment.move_offered"
    assert "customer's answer" in open_blocks(part).get().note


def test_a_yes_moves_it_and_the_held_goods_with_it(item):
    part, _, (rival,) = named_part(item)
    reject(fulfillment=part, reason="too_busy")
    offer = MoveOffer.objects.get()
    for _ in range(2):
        answer_move(offer=offer, yes=True, by="customer")
    assert live_part(part).store == rival
    level = StockLevel.objects.get(store=rival, item=item)
    assert (level.held, level.allocated) == (0, 2)
    assert not open_blocks(part).exists()
    with pytest.raises(OfferOver):
        answer_move(offer=offer, yes=False, by="customer")


def test_a_no_frees_the_goods_and_calls_a_person(item):
    part, _, (rival,) = named_part(item)
    reject(fulfillment=part, reason="too_busy")
    answer_move(offer=MoveOffer.objects.get(), yes=False, by="customer")
    assert StockLevel.objects.get(store=rival, item=item).held == 0
    assert Hold.objects.get().status == "released"
    assert "does not want another store" in open_blocks(part).get().note
    assert not part.order.fulfillments.filter(status="proposed").exists()


def test_silence_means_no(item):
    part, _, _ = named_part(item)
    reject(fulfillment=part, reason="too_busy")
    offer = MoveOffer.objects.get()
    with clock.turned_to(offer.answer_by + timedelta(seconds=1)):
        with pytest.raises(OfferOver):
            answer_move(offer=offer, yes=True, by="customer")
        sweep_holds()
        assert (lapse_offers(), lapse_offers()) == (1, 0)
    offer.refresh_from_db()
    assert offer.state == "lapsed"
    assert "has not answered" in open_blocks(part).get().note
    assert facts(part).count("fulfillment.move_answered") == 1


def test_a_person_needs_the_customers_yes_to_move_it(item):
    part, _, (rival,) = named_part(item)
    reject(fulfillment=part, reason="too_busy")
    with pytest.raises(ConsentMissing):
        send_elsewhere(fulfillment=part, store=rival, by="staff:1")
    send_elsewhere(fulfillment=part, store=rival, by="staff:1", consent=True)
    assert live_part(part).store == rival
    assert MoveOffer.objects.get().state == "withdrawn"
    assert StockLevel.objects.get(store=rival, item=item).held == 0
    told = RoutingDecision.objects.filter(order=part.order).last().explanation
    assert (told["asked"], told["consent"]) == ("staff:1", True)


def test_a_question_ends_with_its_order(item):
    part, _, (rival,) = named_part(item)
    reject(fulfillment=part, reason="too_busy")
    cancel_order(order=part.order, reason="no")
    end_offers(OrderCanceled(order_id=part.order_id))
    assert MoveOffer.objects.get().state == "withdrawn"
    assert StockLevel.objects.get(store=rival, item=item).held == 0


def test_only_stores_that_whoever_placed_the_order_may_use_are_offered(item):
    home, _foreign, own = store_at(0, item), store_at(1, item), store_at(2, item)
    reach = [home.pk, own.pk]
    part = make_fulfillment(store=home, lines={item: 2}, allowed_store_ids=reach)
    reject(fulfillment=part, reason="too_busy")
    assert MoveOffer.objects.get().store == own

    alone = make_fulfillment(store=home, lines={item: 2}, allowed_store_ids=[home.pk])
    reject(fulfillment=alone, reason="too_busy")
    assert not MoveOffer.objects.filter(order=alone.order).exists()
    assert "no store works on it" in open_blocks(alone).get().note


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_yes_and_a_no_at_once_are_one_answer(item):
    part, _, _ = named_part(item)
    reject(fulfillment=part, reason="too_busy")
    offer = MoveOffer.objects.get()

    def answer(number):
        mine = MoveOffer.objects.select_related("order", "store").get(pk=offer.pk)
        try:
            answer_move(offer=mine, yes=bool(number % 2), by="customer")
        except OfferOver:
            return None
        return number % 2

    said = {one for one in at_once(6, answer) if one is not None}
    assert len(said) == 1
    assert part.order.fulfillments.filter(status="proposed").count() == said.pop()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_yes_beside_a_cancellation_leaves_nothing_set_aside(item, monkeypatch):
    part, _, _ = named_part(item)
    reject(fulfillment=part, reason="too_busy")
    offer, answering = MoveOffer.objects.get(), threading.Event()

    def slow(ended, look=moving.work_left):
        answering.set()
        time.sleep(0.5)  # the cancellation comes while the answer is being carried out
        return look(ended)

    monkeypatch.setattr(moving, "work_left", slow)

    def act(number):
        if number:
            answer_move(offer=offer, yes=True, by="customer")
        else:
            answering.wait(5)
            cancel_order(order=part.order, reason="no")

    at_once(2, act)
    assert not StockLevel.objects.filter(Q(allocated__gt=0) | Q(held__gt=0)).exists()
    assert set(part.order.fulfillments.values_list("status", flat=True)) == {"rejected", "canceled"}
