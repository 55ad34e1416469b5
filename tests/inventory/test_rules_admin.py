"""The pages of rules: what they change is shown first, and everybody keeps to their stores."""

import re
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from hub import clock
from hub.stores.models import StaffScope
from inventory.admin import previewed
from inventory.models import (
    BundlePart,
    ChannelBuffer,
    IncomingUnits,
    SafetyStock,
    SalesStop,
    SignalRule,
    StoreFeed,
)
from inventory.services import previewing
from tests.factories import make_channel, make_item, make_person, make_store, stock
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture
def channel():
    return make_channel(name="Green shop")


@pytest.fixture
def mug(store, channel):
    item = make_item(sku="MUG")
    stock(store, {item: 3})
    return item


@pytest.fixture
def chief(client):
    person = User.objects.create_superuser("chief")
    client.force_login(person)
    return person


@pytest.fixture
def lead(client, store):
    """Every permission there is, in one store."""
    person = make_person()
    person.user_permissions.set(Permission.objects.all())
    StaffScope.objects.create(user=person, store=store)
    client.force_login(person)
    return person


def address(model, view, *args):
    return reverse(f"admin:inventory_{model._meta.model_name}_{view}", args=args)


def read(reply):
    assert reply.status_code == 200, reply.status_code
    html = reply.content.decode()
    start = html.index("data-preview") if "data-preview" in html else html.index("<body")
    return " ".join(re.sub(r"<[^>]+>", " ", html[start:]).split())


def send(client, where, fields):
    """Send the form, read what it would change, and confirm; returns what was shown."""
    first = client.post(where, fields | {"_save": "Save"})
    shown = read(first)
    sent = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', first.content.decode()))
    sent.pop("csrfmiddlewaretoken", None)
    assert client.post(where, sent).status_code == 302
    return shown


def test_a_rule_is_saved_after_a_look_at_what_it_changes(client, chief, mug, store):
    where = address(SafetyStock, "add")
    fields = {"store": store.pk, "category": "", "item": "", "units": 5}

    reply = client.post(where, fields | {"_save": "Save"})

    shown = read(reply)
    assert "1 SKU in 1 store changes" in shown
    assert "1 falls to zero" in shown
    assert "3 → 0" in shown
    assert not SafetyStock.objects.exists()
    send(client, where, fields)
    assert SafetyStock.objects.get().units == 5


def test_a_changed_rule_is_previewed_against_what_is_in_force(client, chief, mug):
    rule = SafetyStock.objects.create(units=5)
    fields = {"store": "", "category": "", "item": "", "units": 1}

    shown = send(client, address(SafetyStock, "change", rule.pk), fields)

    assert "1 comes back" in shown
    assert "0 → 2" in shown
    rule.refresh_from_db()
    assert rule.units == 1


def test_a_rule_sent_as_it_was_needs_no_question(client, chief, mug):
    rule = SafetyStock.objects.create(units=5)
    fields = {"store": "", "category": "", "item": "", "units": 5, "_save": "Save"}

    assert client.post(address(SafetyStock, "change", rule.pk), fields).status_code == 302


def test_a_preview_that_ran_out_of_time_says_so(client, chief, mug, monkeypatch):
    stock(make_store(), {mug: 3})
    monkeypatch.setattr(previewing, "POSITIONS", 1)
    monkeypatch.setattr(previewed, "preview", partial(previewing.preview, seconds=0))
    fields = {"store": "", "category": "", "item": "", "units": 1, "_save": "Save"}

    shown = read(client.post(address(SafetyStock, "add"), fields))

    assert "in 1 of 2 stores, drawn by lot" in shown
    assert "about 2 shelves change in all" in shown


def test_a_rule_that_is_refused_is_not_previewed(client, chief, mug):
    fields = {"store": "", "category": "tea", "item": mug.pk, "units": 5, "_save": "Save"}

    text = read(client.post(address(SafetyStock, "add"), fields))

    assert "Name an item or a category, not both." in text


def test_the_same_rule_twice_is_refused_in_words(client, chief, mug):
    SafetyStock.objects.create(item=mug, units=1)
    fields = {"store": "", "category": "", "item": mug.pk, "units": 5, "_save": "Save"}

    assert "already exists" in read(client.post(address(SafetyStock, "add"), fields))


def test_deleting_a_rule_shows_what_comes_back(client, chief, mug):
    rule = SafetyStock.objects.create(units=5)
    where = address(SafetyStock, "delete", rule.pk)

    assert "1 comes back" in read(client.get(where))
    assert SafetyStock.objects.exists()
    delete(client, where)
    assert not SafetyStock.objects.exists()


def delete(client, where, **more):
    """Press the button on the page that asks whether to delete."""
    page = client.get(where)
    own = dict(page.context["own"]) if page.status_code == 200 else {}
    return client.post(where, {"post": "yes"} | own | more)


def test_deleting_asks_why_and_a_second_press_shows_the_first_result(client, chief, mug):
    rule = SafetyStock.objects.create(units=5)
    where = address(SafetyStock, "delete", rule.pk)
    page = client.get(where)
    sent = dict(page.context["own"]) | {"post": "yes", "_reason": "a mistake"}

    replies = [client.post(where, sent) for _ in "12"]

    assert b'name="_reason"' in page.content
    assert {reply["Location"] for reply in replies} == {address(SafetyStock, "changelist")}
    gone = SafetyStock.history.filter(id=rule.pk, history_type="-").get()
    assert gone.history_change_reason == "a mistake"


def test_what_was_changed_since_the_question_is_asked_about_again(client, chief, mug):
    rule = SafetyStock.objects.create(units=5)
    where = address(SafetyStock, "delete", rule.pk)
    sent = dict(client.get(where).context["own"]) | {"post": "yes"}
    SafetyStock.objects.filter(pk=rule.pk).update(units=50)

    reply = client.post(where, sent, follow=True)

    assert [message.level_tag for message in reply.context["messages"]] == ["warning"]
    assert SafetyStock.objects.exists()
    assert client.post(where, {"post": "yes"}).status_code == 303
    assert SafetyStock.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_of_two_who_delete_and_change_a_rule_at_once_one_is_told():
    clients = [Client(), Client()]
    for one in clients:
        one.force_login(make_person(is_superuser=True))
    rule = SafetyStock.objects.create(units=5)
    where = address(SafetyStock, "delete", rule.pk)
    sent = dict(clients[0].get(where).context["own"]) | {"post": "yes"}
    change = address(SafetyStock, "change", rule.pk)
    shown = clients[1].post(change, {"units": 7, "store": "", "category": "", "item": ""})
    saved = dict(shown.context["sent"]) | dict(shown.context["own"])

    def go(number):
        if number:
            return clients[1].post(change, saved).status_code == 302
        return clients[0].post(where, sent).status_code == 302

    deleted, changed = at_once(2, go)

    assert (deleted, changed) in {(True, False), (False, True)}
    assert SafetyStock.objects.filter(units=7).exists() == changed


def test_rules_are_not_deleted_by_the_dozen(client, chief, mug):
    rule = SafetyStock.objects.create(units=5)
    action = {"action": "delete_selected", "_selected_action": [rule.pk], "post": "yes"}

    client.post(address(SafetyStock, "changelist"), action)

    assert SafetyStock.objects.exists()


def test_a_buffer_has_percents_and_units_of_the_network(client, chief, mug, channel):
    fields = {"channel": channel.pk, "units": 0, "percent": 50, "network_units": 7}

    shown = send(client, address(ChannelBuffer, "add"), fields)

    assert "3 → 1" in shown
    assert "7 are hidden once from the sum over all stores" in shown
    assert ChannelBuffer.objects.get().percent == 50


def test_a_stop_is_made_with_a_name_and_lifted_after_a_look(client, chief, mug):
    fields = {"item": mug.pk, "store": "", "channel": "", "reason": "not_for_pickup"}

    assert "3 → 0" in send(client, address(SalesStop, "add"), fields)

    stop = SalesStop.objects.get()
    assert stop.created_by == "chief"
    assert "chief" in read(client.get(address(SalesStop, "changelist")))
    where = address(SalesStop, "delete", stop.pk)
    assert "0 → 3" in read(client.get(where))
    delete(client, where, _reason="found again")
    kept = SalesStop.history.filter(id=stop.pk, history_type="-").get()
    assert kept.history_change_reason == "found again"
    assert not SalesStop.objects.exists()


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"reason": "suppressed_for_channel"}, "Name the sales channel"),
        ({"reason": "recalled"}, "not one of the available choices"),
        ({"reason": "short_pick"}, "not one of the available choices"),
    ],
)
def test_a_stop_that_makes_no_sense_is_refused(client, chief, mug, fields, refusal):
    fields = {"item": mug.pk, "store": "", "channel": "", "_save": "Save"} | fields

    assert refusal in read(client.post(address(SalesStop, "add"), fields))
    assert not SalesStop.objects.exists()


def test_a_lead_lifts_the_short_pick_of_the_own_store_only(client, lead, mug, store):
    own = SalesStop.objects.create(item=mug, store=store, reason="short_pick")
    general = SalesStop.objects.create(item=mug, reason="not_for_pickup")
    foreign = SalesStop.objects.create(item=mug, store=make_store(), reason="short_pick")

    replies = {
        stop.pk: delete(client, address(SalesStop, "delete", stop.pk)).status_code
        for stop in (own, general, foreign)
    }

    assert replies == {own.pk: 302, general.pk: 403, foreign.pk: 404}
    assert set(SalesStop.objects.all()) == {general, foreign}


def test_nobody_lifts_the_stop_of_a_recall_here(client, chief, mug):
    stop = SalesStop.objects.create(item=mug, reason="recalled")

    assert client.post(address(SalesStop, "delete", stop.pk), {"post": "yes"}).status_code == 403
    assert client.post(address(SalesStop, "change", stop.pk), {}).status_code == 403
    assert SalesStop.objects.exists()


@pytest.mark.parametrize("model", [SafetyStock, SalesStop])
def test_who_works_for_one_store_makes_rules_for_that_store_only(client, lead, mug, model):
    fields = {"item": mug.pk, "category": "", "channel": "", "units": 1, "_save": "Save"}
    fields |= {"reason": "not_for_pickup"}

    for store in ("", make_store().pk):
        reply = client.post(address(model, "add"), fields | {"store": store})
        assert reply.status_code == 200
        assert "data-preview" not in reply.content.decode()

    assert not model.objects.exists()


def test_a_picker_sees_the_stops_but_lifts_none(client, mug, store):
    person = make_person()
    StaffScope.objects.create(user=person, store=store)
    client.force_login(person)
    stop = SalesStop.objects.create(item=mug, store=store, reason="short_pick")

    assert "MUG" in read(client.get(address(SalesStop, "changelist")))
    assert client.get(address(SalesStop, "delete", stop.pk)).status_code == 403
    assert client.get(address(SafetyStock, "changelist")).status_code == 403


def test_a_preview_needs_the_permission_that_saving_needs(client, mug, store):
    client.force_login(make_person())
    fields = {"store": "", "category": "", "item": "", "units": 5, "_save": "Save"}

    assert client.post(address(SafetyStock, "add"), fields).status_code == 403
    assert client.post(address(SafetyStock, "change", 10**15), fields).status_code in {403, 404}


def test_how_often_a_feed_should_come_is_set_after_a_look(client, chief, mug, store):
    feed = StoreFeed.objects.create(store=store, counted_as_of="2026-01-01T00:00:00Z")

    shown = send(client, address(StoreFeed, "change", feed.pk), {"expected_minutes": 60})

    assert "3 → 0" in shown
    feed.refresh_from_db()
    assert feed.expected_minutes == 60
    assert client.get(address(StoreFeed, "add")).status_code == 403
    assert StoreFeed.objects.get().counted_as_of.year == 2026


def test_a_signal_rule_begins_with_what_is_so_already(client, chief, mug, channel):
    where = address(SignalRule, "add")
    assert "Signals to the site" in send(client, where, {"channel": channel.pk, "low_units": 2})
    rule = SignalRule.objects.get()
    assert rule.told_position == rule.quiet_position > 0

    send(client, address(SignalRule, "change", rule.pk), {"low_units": 4})

    rule.refresh_from_db()
    assert (rule.low_units, rule.told_position) == (4, rule.quiet_position)


def item_form(item, *parts):
    fields = {
        "sku": item.sku,
        "name": item.name,
        "unit": "each",
        "zone": "ambient",
        "names": "{}",
        "allergens": "[]",
        "lead_minutes": 0,
        "minimum_age": 0,
        "price_minor": 0,
        "active": "on",
        "parts-TOTAL_FORMS": len(parts),
        "parts-INITIAL_FORMS": 0,
    }
    for number, (part, quantity) in enumerate(parts):
        fields |= {
            f"parts-{number}-bundle": item.pk,
            f"parts-{number}-part": part.pk,
            f"parts-{number}-quantity": quantity,
        }
    return fields


def test_a_bundle_is_made_of_parts_on_its_items_page(client, chief, mug):
    gift = make_item(sku="GIFT")

    reply = client.post(address(type(gift), "change", gift.pk), item_form(gift, (mug, 2)))

    assert reply.status_code == 302
    assert BundlePart.objects.values_list("part__sku", "quantity").get() == ("MUG", 2)


def test_bundles_of_bundles_are_refused_in_a_sentence(client, chief, mug):
    gift, hamper, tea = make_item(), make_item(), make_item()
    BundlePart.objects.create(bundle=gift, part=mug)

    outer = client.post(address(type(gift), "change", hamper.pk), item_form(hamper, (gift, 1)))
    inner = client.post(address(type(gift), "change", mug.pk), item_form(mug, (tea, 1)))
    itself = client.post(address(type(gift), "change", tea.pk), item_form(tea, (tea, 1)))

    assert "This item is a bundle itself." in read(outer)
    assert "This item is a part of a bundle already" in read(inner)
    assert "A bundle is no part of itself." in read(itself)
    assert BundlePart.objects.count() == 1


def test_the_same_part_twice_is_refused(client, chief, mug):
    gift = make_item()

    reply = client.post(address(type(gift), "change", gift.pk), item_form(gift, (mug, 1), (mug, 2)))

    assert reply.status_code == 200
    assert not BundlePart.objects.exists()


def test_what_is_overdue_is_marked(client, lead, mug, store):
    due = clock.now() - timedelta(hours=1)
    IncomingUnits.objects.create(
        source="erp", reference="DN-1", store=store, item=mug, units=4, expected_at=due
    )

    assert "Overdue" in read(client.get(address(IncomingUnits, "changelist")))
