"""The curb's settings on three levels: what a store's curb follows, and what stays its own."""

from __future__ import annotations

import threading
from datetime import time, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from hub import clock
from hub.stores.inheriting import BUILT_IN, CHAIN, GROUP, OWN
from hub.stores.levels import (
    WrongSetting,
    adopt,
    inherited,
    preview_level,
    regroup,
    set_level,
    settings_of,
)
from hub.stores.models import SettingsLevel, Store, StoreGroup
from orders.curbside.settings import curb_of
from orders.models import CurbSettings, Visit
from tests import confirming
from tests.factories import make_store
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def north(store):
    group = StoreGroup.objects.create(name="north")
    regroup(lambda: group.stores.add(store))
    return group


@pytest.fixture
def root(client):
    client.force_login(User.objects.create_superuser("root"))


def test_a_curb_follows_the_chain_until_its_group_and_then_its_store_says_otherwise(store, north):
    set_level(by="iga", says={"wait_target": 4, "may_extend": False})
    assert (curb_of(store).wait_target, curb_of(store).may_extend) == (4, False)
    set_level(by="iga", says={"wait_target": 7, "escalate_after": [2, 6]}, group=north)
    assert (curb_of(store).wait_target, curb_of(store).escalate_after) == (7, [2, 6])
    set_level(by="iga", says={"wait_target": 9}, store=store)
    assert curb_of(store).wait_target == 9
    set_level(by="iga", says={}, store=store)
    set_level(by="iga", says={}, group=north)

    known = settings_of(store)
    assert (curb_of(store).wait_target, curb_of(store).escalate_after) == (4, [3, 5, 8])
    assert (known["wait_target"].origin, known["escalate_after"].origin) == (CHAIN, BUILT_IN)


def test_only_stores_that_differ_from_the_defaults_get_a_row(store):
    set_level(by="iga", says={"lead_minutes": 45, "wait_target": 5})

    assert not CurbSettings.objects.exists()


def test_what_a_store_had_set_before_is_kept_as_its_own(store, north):
    other = make_store()
    CurbSettings.objects.create(store=other, wait_target=2, alert_phone="+48500123456")

    effect = set_level(by="iga", says={"wait_target": 7})

    assert effect.touched == {store.pk}
    assert curb_of(other).wait_target == 2
    assert curb_of(other).alert_phone == "+48500123456"
    assert SettingsLevel.objects.get(store=other).others == {"wait_target": 2}


def test_the_hours_of_legal_sale_come_from_one_level(store):
    CurbSettings.objects.create(store=store, age_sale_from=time(10), age_sale_until=time(22))

    set_level(by="iga", says={"age_sale_from": time(8), "age_sale_until": time(22)})

    known = settings_of(store)
    assert {known[name].origin for name in ("age_sale_from", "age_sale_until")} == {OWN}
    set_level(by="iga", says={"age_sale_from": time(6), "age_sale_until": time(20)})
    assert (curb_of(store).age_sale_from, curb_of(store).age_sale_until) == (time(10), time(22))


def test_a_store_may_sell_at_any_hour_where_its_chain_may_not(store):
    set_level(by="iga", says={"age_sale_from": time(8), "age_sale_until": time(22)})
    assert curb_of(store).age_sale_until == time(22)

    set_level(by="iga", says={"age_sale_from": None, "age_sale_until": None}, store=store)

    assert (curb_of(store).age_sale_from, curb_of(store).age_sale_until) == (None, None)


@pytest.mark.parametrize(
    "says",
    [
        {"wait_target": 0},
        {"wait_target": None},
        {"escalate_after": []},
        {"escalate_after": [5, 3]},
        {"escalate_after": [1, 2, 3, 4]},
        {"escalate_after": [999]},
        {"near_metres": 1},
        {"most_extensions": 8},
        {"may_extend": None},
        {"may_extend": 3},
        {"age_sale_from": time(8)},
        {"age_sale_from": time(8), "age_sale_until": time(8)},
        {"age_sale_from": None, "age_sale_until": time(8)},
    ],
)
def test_a_setting_of_the_curb_that_cannot_be_is_refused(says):
    with pytest.raises(WrongSetting):
        set_level(by="iga", says=says)


def test_the_effect_on_curbs_is_known_before_and_nothing_has_happened_yet(store):
    other = make_store()
    CurbSettings.objects.create(store=other, wait_target=2)

    effect = preview_level(says={"wait_target": 7})

    told = [(one.field, one.before, one.after, one.stores) for one in effect.changes]
    assert told == [("wait_target", 5, 7, 1)]
    assert curb_of(store).wait_target == 5


def test_a_new_store_gets_what_its_levels_say(store):
    set_level(by="iga", says={"wait_target": 7})
    fresh = make_store()

    adopt(fresh)

    assert curb_of(fresh).wait_target == 7
    assert settings_of(fresh)["wait_target"].origin == CHAIN


def test_a_change_of_levels_is_in_the_history_of_the_curbs(store):
    set_level(by="iga", says={"wait_target": 7})
    set_level(by="iga", says={"wait_target": 8})

    kept = CurbSettings.history.order_by("history_id")
    assert [(row.history_type, row.wait_target) for row in kept] == [("+", 7), ("~", 8)]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_store_that_is_made_while_the_chain_changes_follows_the_chain():
    brand = make_store().brand
    for minutes in (41, 42, 43):
        reading, changed = threading.Event(), threading.Event()

        def job(number, minutes=minutes, reading=reading, changed=changed):
            if number:
                reading.wait(5)
                set_level(by="iga", says={"lead_minutes": minutes, "wait_target": minutes})
                changed.set()
                return
            with transaction.atomic():
                values = inherited()
                reading.set()
                changed.wait(0.3)  # the change waits for us: it is over later
                adopt(make_store(code=f"NEW{minutes}", brand=brand, **values))

        at_once(2, job)

        fresh = Store.objects.get(code=f"NEW{minutes}")
        assert (fresh.lead_minutes, curb_of(fresh).wait_target) == (minutes, minutes)
        assert not SettingsLevel.objects.filter(store=fresh).exists()


# --- pages ------------------------------------------------------------------------------------


def test_the_chains_page_shows_what_curbs_become_and_how_waits_would_have_been_judged(
    client, root, store
):
    now = clock.now()
    for minutes in (2, 6, 9):
        Visit.objects.create(
            store=store,
            status="done",
            arrived_at=now - timedelta(hours=1),
            served_at=now - timedelta(hours=1) + timedelta(minutes=minutes),
        )
    address = reverse("admin:stores_settingslevel_of_chain")
    sent = {"wait_target": "8", "escalate_after": "2, 6", "may_extend": "no"}

    reply = client.post(address, sent)
    looked = reply.content.decode()

    assert "Changes 1 store." in looked
    assert "3, 5, 8 → 2, 6" in looked
    assert store.code in looked
    assert "waited longer than the target" in looked
    assert not CurbSettings.objects.exists()
    client.post(address, confirming.hidden(reply))
    curb = CurbSettings.objects.get()
    assert (curb.wait_target, curb.escalate_after, curb.may_extend) == (8, [2, 6], False)
    changes = client.get(reverse("admin:stores_settingslevel_changes")).content.decode()
    assert "Customers may ask for a day more: no" in changes


def test_a_change_that_leaves_curbs_alone_says_nothing_of_waits(client, root, store):
    looked = client.post(reverse("admin:stores_settingslevel_of_chain"), {"lead_minutes": "45"})

    assert "waited longer than the target" not in looked.content.decode()


@pytest.mark.parametrize(
    "sent",
    [
        {"escalate_after": "5, 3"},
        {"may_extend": "perhaps"},
        {"age_sale_from": "08:00"},
        {"age_sale_from": "08:00", "age_sale_until": "08:00"},
        {"age_sale_from": "08:00", "nothing_age_sale_until": "1"},
        {"wait_target": "99"},
    ],
)
def test_what_cannot_be_is_refused_on_the_page(client, root, sent):
    reply = client.post(reverse("admin:stores_settingslevel_of_chain"), sent | {"_confirmed": "1"})

    assert reply.status_code == 200
    assert not SettingsLevel.objects.exists()


def test_what_is_saved_on_the_page_of_a_curb_is_the_stores_own(client, root, store):
    set_level(by="iga", says={"wait_target": 7, "near_metres": 300})
    row = CurbSettings.objects.get()
    page = reverse("admin:orders_curbsettings_change", args=[row.pk])
    shown = client.get(page).content.decode()
    sent = {"wait_target": 7, "near_metres": 900, "most_extensions": 2, "may_extend": "on"}
    sent |= dict.fromkeys(("may_change_window", "may_change_store", "may_cancel_items"), "on")

    confirming.save(client, page, sent)
    set_level(by="iga", says={"wait_target": 4, "near_metres": 200})

    known = settings_of(store)
    assert "<b>7</b> (from the chain)" in shown
    assert (known["near_metres"].value, known["near_metres"].origin) == (900, OWN)
    assert (curb_of(store).wait_target, curb_of(store).near_metres) == (4, 900)


def test_a_group_tells_where_a_value_comes_from(store, north):
    set_level(by="iga", says={"may_extend": False}, group=north)

    one = settings_of(Store.objects.get(pk=store.pk))["may_extend"]

    assert (one.value, one.origin, one.name) == (False, GROUP, "north")
