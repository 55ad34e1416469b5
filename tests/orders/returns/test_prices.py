"""A lead lowers a price: within the limit, for a reason, and the site is told what is due."""

import pytest

from hub.events.models import Fact
from orders.models import FulfillmentLine, PriceAdjustment, Refund, Settlement
from orders.picking.services import finish_picking, mark_ready
from orders.placing.cancel import cancel_order
from orders.returns.errors import (
    BeyondLimit,
    MayNotAdjust,
    PartEnded,
    PriceNotLower,
    WhyMissing,
)
from orders.returns.prices import adjust_price, least_price
from tests.factories import make_fulfillment, make_item, make_person, make_picking, make_ready
from tests.orders.returns.making import bring_back, make_collected, make_lead
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def adjust(part, price, by=None, **more):
    line = part.lines.select_related("fulfillment").get()
    by = by or make_lead("adjust_price")
    asked = {"reason": "dented", "unit_price_minor": price} | more
    return adjust_price(line=line, by=by, **asked)


def test_before_ready_the_settlement_tells_the_lower_price():
    part = make_picking()
    row = adjust(part, 450)
    assert (row.before_minor, row.after_minor, row.refund) == (500, 450, None)
    finish_picking(fulfillment=part, picked={part.lines.get().pk: 2})
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    assert Settlement.objects.get().supplied_minor == 900
    assert Refund.objects.get().amount_minor == 100


@pytest.mark.parametrize("make", [make_ready, make_collected])
def test_afterwards_the_difference_is_due(make):
    part = make()
    row = adjust(part, 400)
    assert row.refund.amount_minor == 200
    assert row.refund.reason == "price_adjusted"
    assert Fact.objects.filter(name="fulfillment.price_adjusted").count() == 1
    assert FulfillmentLine.objects.get().unit_price_minor == 400


def test_what_came_back_is_not_paid_twice():
    part = make_collected()
    bring_back(part, 1)
    assert adjust(part, 400).refund.amount_minor == 100
    bring_back(part, 1)
    assert sum(refund.amount_minor for refund in Refund.objects.all()) == 1000


def test_the_limit_counts_from_the_price_it_was_sold_at():
    part = make_ready()
    adjust(part, 450)
    assert least_price(part.lines.get()) == 400
    with pytest.raises(BeyondLimit) as refusal:
        adjust(part, 399)
    assert refusal.value.extra["least_minor"] == 400
    adjust(part, 400)
    adjust(part, 0, by=make_lead("adjust_price", "adjust_price_freely"))
    assert sum(refund.amount_minor for refund in Refund.objects.all()) == 1000


@pytest.mark.parametrize("price", [500, 501, -1])
def test_a_price_only_goes_down(price):
    with pytest.raises(PriceNotLower):
        adjust(make_ready(), price)


def test_it_takes_a_lead_a_reason_and_goods():
    part = make_ready()
    with pytest.raises(MayNotAdjust):
        adjust(part, 450, by=make_person())
    with pytest.raises(WhyMissing):
        adjust(part, 450, reason="  ")
    canceled = make_fulfillment()
    cancel_order(order=canceled.order, reason="")
    with pytest.raises(PartEnded):
        adjust(canceled, 450)
    assert not PriceAdjustment.objects.exists()


def test_the_same_tap_adjusts_once():
    part = make_ready(lines={make_item(): 2})
    first = adjust(part, 450, token="tap-1")
    assert adjust(part, 420, token="tap-1") == first
    assert Refund.objects.get().amount_minor == 100


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_leads_at_once_one_lowers_the_price():
    part, lead = make_ready(), make_lead("adjust_price")

    def lower(number):
        try:
            adjust(type(part).objects.get(pk=part.pk), 450, by=lead, token=f"tap-{number}")
        except PriceNotLower:
            return False
        return True

    assert sum(at_once(6, lower)) == 1
    assert Refund.objects.get().amount_minor == 100
