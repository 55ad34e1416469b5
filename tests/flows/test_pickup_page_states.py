"""Every state of the customer's page: axe-core finds nothing serious, light and dark; each is
pictured, to be looked at."""

from __future__ import annotations

from datetime import time

import pytest

from orders.curbside.handing import hand_off
from orders.curbside.signs import sign_of
from orders.curbside.visits import arrive, ask_spot, begin_service, customer_missing, say_on_my_way
from orders.models import CurbSettings, FulfillmentOrder, Spot
from orders.picking.rejecting import reject
from orders.picking.services import finish_picking
from orders.placing.cancel import cancel_order
from tests.factories import (
    ask_for,
    make_fulfillment,
    make_item,
    make_picking,
    make_ready,
    pin_of,
    stock,
)
from tests.flows.browsing import PHONE, look, look_at_all, picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def preparing(**bought):
    return make_fulfillment(**bought)


def coming(**bought):
    part = make_ready(**bought)
    say_on_my_way(fulfillment=part, minutes=10)
    return part


def here(**bought):
    part = make_ready(**bought)
    arrive(fulfillment=part, place="by the entrance")
    return part


def missing(**bought):
    part = make_ready(**bought)
    customer_missing(visit=arrive(fulfillment=part), by=None)
    return part


def which_spot(**bought):
    part = make_ready(**bought)
    ask_spot(visit=arrive(fulfillment=part, spot="3"), by=None)
    return part


def in_line(**bought):
    Spot.objects.filter(store=bought["store"]).update(closed_for="snow")
    Spot.objects.filter(store=bought["store"], label="1").update(closed_for="")
    other = make_ready(**bought, customer={"name": "Bo", "phone": "+48500000001", "email": ""})
    arrive(fulfillment=other, spot="1")
    part = make_ready(**bought)
    arrive(fulfillment=part)
    return part


def served(**bought):
    part = here(**bought)
    begin_service(fulfillment=part)
    return part


def collected(**bought):
    part = make_ready(**bought)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    return part


def canceled(**bought):
    part = make_fulfillment(**bought)
    cancel_order(order=part.order, reason="")
    return part


def rejected(**bought):
    part = make_fulfillment(**bought)
    reject(fulfillment=part, reason="no power")
    return part


def short(**bought):
    part = make_picking(**bought)
    counts = {line.pk: line.allocated for line in part.lines.all()}
    counts[max(counts)] = 4
    finish_picking(fulfillment=part, picked=counts)
    return part


def asked(**bought):
    part = make_picking(**bought)
    other = make_item(name="Margarine")
    stock(bought["store"], {other: 50})
    part.order.lines.update(substitution="ask")
    line = part.lines.order_by("pk").first()
    ask_for(FulfillmentOrder.objects.get(pk=part.pk), line, other, units=1)
    return part


def adults_only(**bought):
    wine = make_item(name="Wine", minimum_age=18)
    stock(bought["store"], {wine: 50})
    CurbSettings.objects.create(
        store=bought["store"], age_sale_from=time(0, 1), age_sale_until=time(0, 2)
    )
    return make_ready(store=bought["store"], lines={wine: 1})


STATES = {
    state.__name__: state
    for state in (
        *(preparing, coming, here, missing, which_spot, in_line, served, collected),
        *(canceled, rejected, short, asked, adults_only),
    )
}


@pytest.mark.parametrize("name", STATES)
def test_no_state_has_a_serious_finding(page, address, bought, name):
    page.goto(address(STATES[name](**bought)))
    page.set_viewport_size(PHONE)
    picture(page, f"pickup-state-{name}")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    look(page, f"pickup-state-{name}-all")


def test_the_other_pages_have_no_serious_finding(page, trouble, address, bought):
    trouble.allow("status of 404")
    url = address(make_fulfillment(**bought))
    spot = Spot.objects.get(store=bought["store"], label="4")
    sign = f"/s/{sign_of(store=bought['store'], spot=spot).code}"
    look_at_all(
        page,
        {
            "pickup-sign": sign,
            "pickup-gone": url[:-22] + "A" * 22,
            "pickup-changes": f"{url}/changes",
        },
    )
