"""A draft becomes active exactly as it was tried; whoever comes second is told."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from hub import clock
from orders.models import Order, RoutingRuleSet, RoutingSimulation
from orders.routing.drafting import NotTried, activate, activate_tried, trial_of
from orders.routing.fingerprint import fingerprint
from orders.routing.trials import run_simulation, start_simulation
from tests.factories import make_channel, make_item, make_order, make_person
from tests.orders.routing.doing import make_group, make_rules, store_at
from tests.orders.routing.test_admin import asked_on_the_page, form, opened, rule, url
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    person = make_person(is_superuser=True)
    client.force_login(person)
    return person


def tried(draft):
    """The fingerprint of a finished trial of the draft."""
    since = clock.now() - timedelta(days=1)
    simulation = start_simulation(rule_set=draft, since=since, most_orders=100, by="ann")
    run_simulation(key=simulation.pk)
    simulation.refresh_from_db()
    assert simulation.state == "done"
    return simulation.fingerprint


def near_orders(count=3):
    """Orders that went to the nearer of two stores; both stores."""
    item, channel = make_item(), make_channel()
    near, far = store_at(1, item, units=50), store_at(2, item, units=50)
    pickup = {"near": {"latitude": 52.0, "longitude": 21.0}}
    for _ in range(count):
        order = make_order(pickup=pickup, lines={item: 1}, channel=channel)
        Order.objects.filter(pk=order.pk).update(near_latitude=52.0, near_longitude=21.0)
    return near, far


class TestOfWhatWasTried:
    def test_an_edit_needs_a_new_trial(self):
        draft = make_rules({"radius_metres": 5000}, active=False)
        mark = tried(draft)
        draft.rules.update(radius_metres=4000)

        with pytest.raises(NotTried):
            activate_tried(rule_set=draft, tried=mark, by="ann")

        draft.refresh_from_db()
        assert draft.state == "draft"
        activate_tried(rule_set=draft, tried=tried(draft), by="ann")
        assert draft.state == "active"

    def test_a_mark_that_no_trial_has_opens_nothing(self):
        draft = make_rules({}, active=False)

        for mark in ("", fingerprint(draft)):
            with pytest.raises(NotTried):
                activate_tried(rule_set=draft, tried=mark, by="ann")

    def test_a_trial_of_the_day_before_is_too_old(self):
        draft = make_rules({}, active=False)
        mark = tried(draft)

        with clock.turned_to(clock.now() + timedelta(hours=25)), pytest.raises(NotTried):
            activate_tried(rule_set=draft, tried=mark, by="ann")

    def test_new_rules_in_force_need_a_new_trial(self):
        draft, other = make_rules({}, active=False), make_rules({}, active=False)
        mark = tried(draft)
        activate(rule_set=other, by="ben")

        with pytest.raises(NotTried):
            activate_tried(rule_set=draft, tried=mark, by="ann")

    def test_another_store_in_a_group_needs_a_new_trial_but_another_name_does_not(self):
        group = make_group(store_at(1))
        draft = make_rules({"group": group}, active=False)
        mark = tried(draft)
        RoutingRuleSet.objects.filter(pk=draft.pk).update(name="another")
        assert trial_of(draft)

        group.stores.add(store_at(2))

        with pytest.raises(NotTried):
            activate_tried(rule_set=draft, tried=mark, by="ann")

    def test_a_trial_during_which_the_rules_in_force_change_counts_for_nothing(self, monkeypatch):
        draft, other = make_rules({}, active=False), make_rules({}, active=False)

        def meanwhile(*_args, **_kwargs):
            activate(rule_set=other, by="ben")
            return Nothing()

        monkeypatch.setattr("orders.routing.trials.try_rules", meanwhile)

        assert tried(draft) == ""
        assert trial_of(draft) is None


class Nothing:
    orders = 0

    def told(self):
        return {}


class TestThePage:
    def test_asks_for_a_trial_first(self, client, boss):
        draft = make_rules({}, active=False)

        page = client.get(url("routingruleset_activate", draft.pk))

        assert reverse("admin:orders_routingruleset_try", args=[draft.pk]) in page.text
        assert "Make them active" not in page.text
        client.post(url("routingruleset_activate", draft.pk), {"tried": ""})
        draft.refresh_from_db()
        assert draft.state == "draft"

    def test_shows_what_would_change_and_keeps_the_reason(self, client, boss):
        _near, far = near_orders()
        draft = make_rules({"sorters": ["ranked_list"], "ranked": [far.code]}, active=False)
        tried(draft)

        page = client.get(url("routingruleset_activate", draft.pk))
        fields = dict(page.context["own"]) | {"_reason": "the far one is empty"}
        client.post(url("routingruleset_activate", draft.pk), fields)

        assert "3 of 3 orders would go to other stores." in page.text
        assert far.code in page.text
        draft.refresh_from_db()
        assert draft.state == "active"
        kept = draft.history.order_by("-history_id").first()
        assert kept.history_change_reason == "the far one is empty"

    def test_says_how_many_would_find_no_store(self, client, boss):
        near_orders(2)
        draft = make_rules({"radius_metres": 500}, active=False)
        tried(draft)

        page = client.get(url("routingruleset_activate", draft.pk))

        assert "2 more orders would find no store." in page.text

    def test_says_when_there_was_nothing_to_try(self, client, boss):
        draft = make_rules({}, active=False)
        tried(draft)

        page = client.get(url("routingruleset_activate", draft.pk))

        assert "nothing could be tried" in page.text
        assert "Make them active" in page.text

    def test_the_second_press_shows_the_first_result(self, client, boss):
        draft = make_rules({}, active=False)
        tried(draft)
        fields = asked_on_the_page(client, draft)

        replies = [client.post(url("routingruleset_activate", draft.pk), fields) for _ in "12"]

        assert {reply["Location"] for reply in replies} == {
            url("routingruleset_change", draft.pk),
        }
        page = client.get(replies[-1]["Location"])
        assert [message.level_tag for message in page.context["messages"]] == ["success"]

    def test_a_draft_edited_since_is_not_made_active_and_the_page_says_so(self, client, boss):
        draft = make_rules({"radius_metres": 900}, active=False)
        tried(draft)
        fields = asked_on_the_page(client, draft)
        draft.rules.update(radius_metres=800)

        reply = client.post(url("routingruleset_activate", draft.pk), fields, follow=True)

        assert [message.level_tag for message in reply.context["messages"]] == ["error"]
        assert "have not been tried as they stand now" in reply.text
        draft.refresh_from_db()
        assert draft.state == "draft"

    def test_a_finished_trial_leads_on_until_the_draft_is_edited(self, client, boss):
        draft = make_rules({"radius_metres": 900}, active=False)
        tried(draft)
        trial = RoutingSimulation.objects.get()
        link = url("routingruleset_activate", draft.pk)

        assert link in client.get(url("routingsimulation_change", trial.pk)).text
        draft.rules.update(radius_metres=800)
        assert link not in client.get(url("routingsimulation_change", trial.pk)).text


def test_who_saves_second_is_told_and_overwrites_nothing(client, boss):
    draft = make_rules({"radius_metres": 1000}, active=False)
    row = draft.rules.get()
    seen = opened(client, draft)
    first, second = (
        form(rule(radius_metres=metres, id=row.pk), initial=1, _seen=seen)
        for metres in (2000, 3000)
    )

    saved = client.post(url("routingruleset_change", draft.pk), first)
    refused = client.post(url("routingruleset_change", draft.pk), second)
    again = client.post(url("routingruleset_change", draft.pk), second)

    assert saved.status_code == 302
    assert (refused.status_code, again.status_code) == (200, 200)
    assert refused.context["adminform"].form.has_error("__all__", "changed_meanwhile")
    assert 'value="3000"' in refused.text
    row.refresh_from_db()
    assert row.radius_metres == 2000


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_make_two_tried_drafts_active_at_once_one_is_told():
    make_rules({})
    drafts = [make_rules({"radius_metres": 1000 + n}, active=False) for n in range(4)]
    marks = [tried(draft) for draft in drafts]

    def go(number):
        try:
            activate_tried(rule_set=drafts[number], tried=marks[number], by="ann")
        except NotTried:
            return False
        return True

    assert sum(at_once(4, go)) == 1
    assert RoutingRuleSet.objects.filter(state="active").count() == 1
    assert RoutingRuleSet.objects.filter(state="draft").count() == 3


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_save_one_draft_at_once_one_is_told():
    draft = make_rules({"radius_metres": 1000}, active=False)
    row = draft.rules.get()
    clients = [Client() for _ in range(4)]
    for client in clients:
        client.force_login(make_person(is_superuser=True))
    seen = opened(clients[0], draft)

    def save(number):
        fields = form(rule(radius_metres=2000 + number, id=row.pk), initial=1, _seen=seen)
        return clients[number].post(url("routingruleset_change", draft.pk), fields).status_code

    assert sorted(at_once(4, save)) == [200, 200, 200, 302]
    kept = draft.rules.get()
    assert kept.history.filter(history_type="~").count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_nobody_saves_a_rule_between_the_look_and_the_activation(client):
    client.force_login(make_person(is_superuser=True))
    draft = make_rules({"radius_metres": 1000}, active=False)
    row, mark = draft.rules.get(), tried(draft)
    fields = form(rule(radius_metres=9000, id=row.pk), initial=1, _seen=opened(client, draft))

    def go(number):
        if number:
            return client.post(url("routingruleset_change", draft.pk), fields).status_code == 302
        try:
            activate_tried(rule_set=draft, tried=mark, by="ann")
        except NotTried:
            return False
        return True

    done = at_once(2, go)

    assert sum(done) == 1
    draft.refresh_from_db()
    active, metres = draft.state == "active", draft.rules.get().radius_metres
    assert (active, metres) in {(True, 1000), (False, 9000)}
