"""Rules on the staff pages: drafted, tried, made active; decisions explained."""

from datetime import timedelta

import pytest
from django.urls import reverse

from hub import clock
from orders.models import Order, RoutingDecision, RoutingRuleSet, RoutingSimulation
from orders.routing.trials import run_simulation
from tests.factories import make_channel, make_item, make_order, make_person, make_store
from tests.orders.routing.doing import make_rules, store_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    person = make_person(is_superuser=True)
    client.force_login(person)
    return person


def url(page, *args):
    return reverse(f"admin:orders_{page}", args=args)


def rule(number=0, **values):
    """What the browser sends for one rule."""
    fields = {
        "position": number + 1,
        "whole_basket": "on",
        "rejected_days": 7,
        "rejected_least": 10,
        "spare_rejected": "on",
        "sorter_1": "distance",
        "ranked_codes": "",
    } | values
    return {f"rules-{number}-{name}": value for name, value in fields.items() if value is not None}


def form(*rules, initial=0, **values):
    management = {"rules-TOTAL_FORMS": len(rules), "rules-INITIAL_FORMS": initial}
    fields = {"name": "Autumn", "channel": "", "most_parts": 1} | management | values
    for one in rules:
        fields |= one
    return fields


def opened(client, draft):
    """The mark that the draft's page carries when it is opened."""
    return client.get(url("routingruleset_change", draft.pk)).context["seen"]


def asked_on_the_page(client, draft, **values):
    """What the button of the activation page sends."""
    return dict(client.get(url("routingruleset_activate", draft.pk)).context["own"]) | values


def errors_of(reply):
    formset = reply.context["inline_admin_formsets"][0].formset
    return {code for one in formset.errors for data in [one] for code in _codes(data)}


def _codes(errors):
    return {error.code for field in errors.as_data().values() for error in field}


def test_a_draft_is_made_with_rules_tried_and_made_active(client, boss):
    preferred = make_store()
    ranked = rule(1, sorter_1="ranked_list", sorter_2="distance", ranked_codes=preferred.code)
    reply = client.post(url("routingruleset_add"), form(rule(), ranked), follow=True)
    assert reply.status_code == 200
    draft = RoutingRuleSet.objects.get()
    assert (draft.state, draft.created_by) == ("draft", boss.username)
    second = draft.rules.get(position=2)
    assert (second.sorters, second.ranked) == (["ranked_list", "distance"], [preferred.code])
    since = f"{clock.now() - timedelta(days=1):%Y-%m-%d}"
    client.post(url("routingruleset_try", draft.pk), {"since": since, "most_orders": 10})
    client.post(url("routingruleset_activate", draft.pk), asked_on_the_page(client, draft))
    draft.refresh_from_db()
    assert (draft.state, draft.version) == ("active", 1)
    assert client.get(url("routingruleset_change", draft.pk)).status_code == 200
    refused = client.post(url("routingruleset_change", draft.pk), form(rule()))
    assert refused.status_code == 403
    client.post(url("routingruleset_copy", draft.pk))
    assert RoutingRuleSet.objects.get(state="draft").rules.count() == 2


def test_two_rules_change_places(client, boss):
    draft = make_rules({"radius_metres": 1000}, {"radius_metres": 2000}, active=False)
    one, other = draft.rules.all()
    swapped = form(
        rule(0, position=2, radius_metres=1000, id=one.pk),
        rule(1, position=1, radius_metres=2000, id=other.pk),
        initial=2,
        _seen=opened(client, draft),
    )
    assert client.post(url("routingruleset_change", draft.pk), swapped).status_code == 302
    assert [row.radius_metres for row in draft.rules.all()] == [2000, 1000]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"sorter_2": "distance"}, "sorter_twice"),
        ({"sorter_2": "ranked_list"}, "ranked_list_alone"),
        ({"ranked_codes": "NOWHERE", "sorter_2": "ranked_list"}, "no_such_store"),
        ({"sorter_1": "magic"}, "invalid_choice"),
        ({"most_rejected_percent": 101}, "invalid"),
        ({"radius_metres": -1}, "min_value"),
        ({"position": "x"}, "invalid"),
    ],
)
def test_rules_that_make_no_sense_are_refused_by_code(client, boss, values, code):
    reply = client.post(url("routingruleset_add"), form(rule(**values)))
    assert reply.status_code == 200
    codes = errors_of(reply)
    assert codes, code
    assert not RoutingRuleSet.objects.exists()


def test_a_trial_is_started_watched_and_read(client, boss):
    item, channel = make_item(), make_channel()
    near, far = store_at(1, item, units=9), store_at(2, item, units=9)
    pickup = {"near": {"latitude": 52.0, "longitude": 21.0}}
    order = make_order(pickup=pickup, lines={item: 1}, channel=channel)
    Order.objects.filter(pk=order.pk).update(near_latitude=52.0, near_longitude=21.0)
    draft = make_rules({"sorters": ["ranked_list"], "ranked": [far.code]}, active=False)
    since = f"{clock.now() - timedelta(days=1):%Y-%m-%d}"
    fields = {"since": since, "most_orders": 10}
    reply = client.post(url("routingruleset_try", draft.pk), fields)
    trial = RoutingSimulation.objects.get()
    assert reply["Location"] == url("routingsimulation_change", trial.pk)
    live = client.get(url("routingsimulation_live", trial.pk))
    assert b"Waiting" in live.content
    seen = {"seen": "waiting.0"}
    assert client.get(url("routingsimulation_live", trial.pk), seen).status_code == 204
    run_simulation(key=trial.pk)
    text = client.get(url("routingsimulation_change", trial.pk)).content.decode()
    assert "1 of 1 orders" in text
    assert near.code in text
    assert far.code in text


@pytest.mark.parametrize(
    "fields", [{}, {"since": "x", "most_orders": 1}, {"since": "2999-01-01", "most_orders": 1}]
)
def test_a_trial_that_makes_no_sense_is_refused_in_words(client, boss, fields):
    draft = make_rules({}, active=False)
    reply = client.post(url("routingruleset_try", draft.pk), fields, follow=True)
    assert [message.level_tag for message in reply.context["messages"]] == ["error"]
    assert not RoutingSimulation.objects.exists()


def test_a_decision_is_explained_and_linked_from_its_order(client, boss):
    item = make_item()
    store_at(1)
    chosen = store_at(2, item)
    pickup = {"near": {"latitude": 52.0, "longitude": 21.0}}
    order = make_order(pickup=pickup, lines={item: 1})
    decision = RoutingDecision.objects.get(order=order)
    link = url("routingdecision_change", decision.pk)
    assert link in client.get(url("order_change", order.pk)).content.decode()
    text = client.get(link).content.decode()
    assert chosen.code in text
    assert "not enough stock" in text
    assert "Nearest first" in text


@pytest.mark.parametrize("explanation", [{}, [], {"candidates": None}, {"counts": {"chosen": 1}}])
def test_decisions_of_older_versions_can_be_looked_at(client, boss, explanation):
    order = make_order()
    RoutingDecision.objects.update(explanation=explanation)
    decision = RoutingDecision.objects.get(order=order)
    assert client.get(url("routingdecision_change", decision.pk)).status_code == 200


def test_people_of_some_stores_see_no_rules_and_no_foreign_decisions(client):
    person = make_person()
    client.force_login(person)
    draft, order = make_rules({}, active=False), make_order()
    decision = RoutingDecision.objects.get(order=order)
    for link in (
        url("routingdecision_change", decision.pk),
        url("routingsimulation_change", 1),
    ):
        assert client.get(link).status_code == 404
    for page in ("activate", "copy", "try"):
        assert client.post(url(f"routingruleset_{page}", draft.pk)).status_code == 404
    for page, status in (("activate", 404), ("copy", 405), ("try", 405)):
        assert client.get(url(f"routingruleset_{page}", draft.pk)).status_code == status
