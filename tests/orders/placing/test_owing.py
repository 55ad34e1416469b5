"""Staff cancel an order: the site, which did not, is told what it owes."""

import pytest

from hub.events.models import Fact
from orders.errors import TooLate
from orders.models import Refund
from orders.placing.amending import amend_order
from orders.placing.owing import cancel_and_owe
from tests.factories import make_item, make_order, make_ready

pytestmark = pytest.mark.django_db


def test_all_that_was_paid_is_owed_once():
    order = make_order(lines={make_item(): 2, make_item(): 1})
    for _ in range(2):
        cancel_and_owe(order=order, reason="the customer called")
    refund = Refund.objects.get()
    assert (refund.reason, refund.amount_minor) == ("canceled", 1500)
    assert [line["units"] for line in refund.lines] == [2, 1]
    assert Fact.objects.filter(name="order.refund_due").count() == 1


def test_what_the_site_took_off_itself_is_not_owed():
    order = make_order(lines={make_item(): 3})
    amend_order(order=order, quantities={1: 1})
    cancel_and_owe(order=order, reason="the customer called")
    assert Refund.objects.get().amount_minor == 500


def test_what_is_ready_is_neither_canceled_nor_owed():
    part = make_ready()
    with pytest.raises(TooLate):
        cancel_and_owe(order=part.order, reason="the customer called")
    assert not Refund.objects.exists()
