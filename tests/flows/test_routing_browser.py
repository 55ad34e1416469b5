"""Rules of routing in a real browser: tried, looked at, made active; rules that go, people that
come.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from hub import clock
from hub.staff.invitations import link_for
from inventory.models import SafetyStock
from orders.models import Order, RoutingRuleSet, RoutingSimulation
from orders.routing.trials import run_simulation
from tests.factories import make_channel, make_item, make_order, make_person
from tests.flows.browsing import PHONE, look, look_at_all
from tests.orders.routing.doing import make_rules, store_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def draft():
    """A draft that sends orders to the farther of two stores, which three went to the nearer of."""
    item, channel = make_item(), make_channel()
    store_at(1, item, units=50, code="NEAR")
    far = store_at(2, item, units=50, code="FAR")
    pickup = {"near": {"latitude": 52.0, "longitude": 21.0}}
    for _ in range(3):
        order = make_order(pickup=pickup, lines={item: 1}, channel=channel)
        Order.objects.filter(pk=order.pk).update(near_latitude=52.0, near_longitude=21.0)
    return make_rules({"sorters": ["ranked_list"], "ranked": [far.code]}, active=False)


def test_a_draft_is_tried_looked_at_and_made_active_in_one_hand(page, draft, chief):
    page.set_viewport_size(PHONE)
    page.goto(reverse("admin:orders_routingruleset_change", args=[draft.pk]))
    page.click("text=Make it active…")
    page.wait_for_selector("text=First see what they change")
    look(page, "routing-untried")
    page.fill("[name=since]", f"{clock.now() - timedelta(days=2):%Y-%m-%d}")
    page.click("button:has-text('Try it')")
    page.wait_for_selector("text=Waiting")
    run_simulation(key=RoutingSimulation.objects.get().pk)
    page.wait_for_selector("text=The draft is still as it was tried.")
    page.click("text=Make it active…")
    page.wait_for_selector("text=3 of 3 orders would go to other stores.")
    look(page, "routing-activate")
    page.fill("[name=_reason]", "the near one is closed for repairs")
    page.click("button:has-text('Make them active')")
    page.wait_for_selector("text=choose the stores from now on")
    assert RoutingRuleSet.objects.get().state == "active"


def test_the_pages_of_what_goes_and_who_comes_fit_every_screen(page, chief, trouble):
    trouble.allow("404 (Not Found)")  # a link that has ended
    rule = SafetyStock.objects.create(units=5)
    person = make_person(first_name="Ann", last_name="Arrow", email="ann@example.com")
    person.set_unusable_password()
    person.save()
    pages = {
        "delete": reverse("admin:inventory_safetystock_delete", args=[rule.pk]),
        "invited": link_for(person).partition("/admin")[2].join(["/admin", ""]),
        "link-ended": reverse("staff:invited", args=["nothing"]),
    }
    page.goto(reverse("admin:auth_user_changelist"))
    page.check(f"input[name=_selected_action][value='{person.pk}']")
    page.select_option("select[name=action]", "invite_selected")
    page.click("button[name=index]")
    page.wait_for_selector("text=Give each person the link of his own")
    look(page, "people-invitations")
    look_at_all(page, {f"rules-{name}": where for name, where in pages.items()})
