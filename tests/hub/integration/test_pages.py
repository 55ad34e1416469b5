"""The pages of settings and of the first steps."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from hub.staff import first_steps
from hub.stores.levels import set_level
from hub.stores.models import SettingsLevel, StaffScope, Store, StoreGroup
from tests.confirming import hidden, save
from tests.factories import make_order, make_person, make_pos, make_store

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ask_again():
    first_steps.forget()
    yield
    first_steps.forget()


@pytest.fixture
def root(client):
    client.force_login(User.objects.create_superuser("root"))


def test_a_level_shows_its_effect_and_holds_once_confirmed(client, root):
    store = make_store()
    address = reverse("admin:stores_settingslevel_of_chain")

    looked = client.post(address, {"lead_minutes": "45"})
    assert "Changes 1 store." in looked.content.decode()
    assert not SettingsLevel.objects.exists()
    client.post(address, hidden(looked))

    store.refresh_from_db()
    assert store.lead_minutes == 45
    assert SettingsLevel.objects.get().changed_by == "root"


def test_pressing_twice_saves_a_level_once(client, root):
    make_store()
    address = reverse("admin:stores_settingslevel_of_chain")
    sent = hidden(client.post(address, {"lead_minutes": "45"}))

    for _press in range(2):
        reply = client.post(address, sent)
        assert reply.status_code in {302, 303}

    assert SettingsLevel.history.count() == 1


def test_what_would_change_something_else_than_was_seen_is_looked_at_again(client, root):
    store = make_store()
    address = reverse("admin:stores_settingslevel_of_chain")
    sent = hidden(client.post(address, {"lead_minutes": "45"}))
    set_level(by="iga", says={"lead_minutes": 20}, store=store)

    again = client.post(address, sent)

    assert "Somebody has changed this meanwhile" in again.content.decode()
    assert "Changes no store as of now." in again.content.decode()
    assert not SettingsLevel.objects.filter(store=None).exists()


def test_the_store_page_tells_where_each_setting_comes_from(client, root):
    store = make_store()
    set_level(by="iga", says={"lead_minutes": 45})

    page = client.get(reverse("admin:stores_store_change", args=[store.pk])).content.decode()

    assert "<b>45</b> (from the chain)" in page
    assert reverse("admin:stores_settingslevel_of_store", args=[store.pk]) in page


@pytest.mark.parametrize(
    "sent",
    [
        {"lead_minutes": "soon"},
        {"lead_minutes": "-5"},
        {"cut_off": "25:00"},
        {"slot_capacity": "3", "nothing_slot_capacity": "1"},
        {"lead_minutes": "99999999999999999999"},
    ],
)
def test_what_cannot_be_is_refused_on_the_page(client, root, sent):
    reply = client.post(reverse("admin:stores_settingslevel_of_chain"), sent | {"_confirmed": "1"})

    assert reply.status_code == 200
    assert not SettingsLevel.objects.exists()


def test_who_works_for_a_store_sees_its_settings_and_no_others(client):
    mine, other = make_store(), make_store()
    group = StoreGroup.objects.create(name="north")
    person = make_person()
    wanted = ["view_settingslevel", "change_settingslevel"]
    person.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    StaffScope.objects.create(user=person, store=mine)
    client.force_login(person)
    named = "admin:stores_settingslevel_"

    assert client.get(reverse(named + "of_store", args=[mine.pk])).status_code == 200
    for address in (
        reverse(named + "of_store", args=[other.pk]),
        reverse(named + "of_group", args=[group.pk]),
        reverse(named + "of_chain"),
        reverse(named + "file"),
    ):
        assert client.get(address, follow=True).status_code in (404, 200)
        assert client.post(address, {"_confirmed": "1"}).status_code in (404, 302)


def test_saving_a_group_lets_the_settings_of_its_stores_follow(client, root):
    store = make_store()
    low, high = (
        StoreGroup.objects.create(name=name, rank=rank) for name, rank in (("a", 1), ("b", 2))
    )
    set_level(by="iga", says={"lead_minutes": 10}, group=low)
    set_level(by="iga", says={"lead_minutes": 20}, group=high)
    for group in (low, high):
        address = reverse("admin:stores_storegroup_change", args=[group.pk])
        save(client, address, {"name": group.name, "rank": group.rank, "stores": [store.pk]})
    assert Store.objects.get().lead_minutes == 10

    address = reverse("admin:stores_storegroup_change", args=[low.pk])
    save(client, address, {"name": "a", "rank": 9, "stores": [store.pk]})

    assert Store.objects.get().lead_minutes == 20
    assert not SettingsLevel.objects.filter(store=store).exists()


def test_the_first_steps_go_once_all_are_done(client, root, settings):
    def shown():
        return "First steps" in client.get(reverse("admin:index")).content.decode()

    assert shown()
    make_order()
    make_pos()
    assert shown()
    first_steps._over.add("all")
    assert not shown()
