"""Store groups: another rank, other stores and deleting show what they change before they do."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from hub.stores.levels import regroup, set_level
from hub.stores.models import SettingsLevel, StoreGroup
from orders.models import RoutingRule, RoutingRuleSet
from tests.confirming import hidden, save
from tests.factories import make_store

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(client):
    client.force_login(User.objects.create_superuser("root"))


@pytest.fixture
def store():
    return make_store(code="S1")


def group(name, rank, *stores, **says):
    made = StoreGroup.objects.create(name=name, rank=rank)
    regroup(lambda: made.stores.set(stores))
    set_level(by="iga", says=says, group=made)
    return made


def page(row):
    return reverse("admin:stores_storegroup_change", args=[row.pk])


def lead(store):
    store.refresh_from_db()
    return store.lead_minutes


def test_another_rank_shows_its_effect_and_holds_once_confirmed(client, root, store):
    group("early", 1, store, lead_minutes=10)
    late = group("late", 2, store, lead_minutes=20)
    sent = {"name": "late", "rank": 0, "stores": [store.pk]}

    looked = client.post(page(late), sent)

    told = looked.content.decode()
    assert "Changes 1 store." in told
    assert "1: S1" in told
    assert "QuerySet" not in told
    assert lead(store) == 10
    client.post(page(late), hidden(looked))
    assert lead(store) == 20
    assert StoreGroup.history.filter(id=late.pk).first().rank == 0


def test_other_stores_show_their_effect_and_hold_once_confirmed(client, root, store):
    joins = make_store(code="S2")
    north = group("north", 1, store, lead_minutes=10)

    looked = client.post(page(north), {"name": "north", "rank": 1, "stores": [joins.pk]})

    told = looked.content.decode()
    assert "Changes 2 stores." in told
    assert (lead(store), lead(joins)) == (10, 60)
    assert list(north.stores.all()) == [store]
    client.post(page(north), hidden(looked))
    assert (lead(store), lead(joins)) == (60, 10)
    assert not SettingsLevel.objects.filter(store__isnull=False).exists()


def test_a_new_group_shows_what_its_stores_would_follow_only_if_anything(client, root, store):
    reply = client.post(
        reverse("admin:stores_storegroup_add"), {"name": "new", "rank": 5, "stores": [store.pk]}
    )

    assert reply.status_code == 302
    assert list(StoreGroup.objects.get().stores.all()) == [store]


def test_stores_that_somebody_added_meanwhile_are_looked_at_again(client, root, store):
    joins = make_store(code="S2")
    north = group("north", 1, lead_minutes=10)
    looked = client.post(page(north), {"name": "north", "rank": 1, "stores": [store.pk]})
    regroup(lambda: north.stores.add(joins))

    again = client.post(page(north), hidden(looked))

    assert "Somebody has changed this meanwhile" in again.content.decode()
    assert list(north.stores.all()) == [joins]


def test_deleting_shows_what_its_stores_fall_back_to(client, root, store):
    north = group("north", 1, store, lead_minutes=10)
    address = reverse("admin:stores_storegroup_delete", args=[north.pk])

    looked = client.get(address)

    assert "Changes 1 store." in looked.content.decode()
    assert lead(store) == 10
    client.post(address, hidden(looked))
    assert lead(store) == 60
    assert not StoreGroup.objects.exists()
    assert StoreGroup.history.filter(id=north.pk).first().history_type == "-"


def test_a_group_that_rules_name_is_not_deleted(client, root, store):
    north = group("north", 1, store, lead_minutes=10)
    rules = RoutingRuleSet.objects.create(name="near", most_parts=2)
    RoutingRule.objects.create(rule_set=rules, position=1, group=north)
    address = reverse("admin:stores_storegroup_delete", args=[north.pk])

    assert client.get(address).status_code == 200
    client.post(address, {"post": "yes"})

    assert StoreGroup.objects.exists()


def test_several_are_not_deleted_at_once_without_a_look(client, root, store):
    north = group("north", 1, store, lead_minutes=10)
    body = {"action": "delete_selected", "_selected_action": [north.pk], "post": "yes"}

    client.post(reverse("admin:stores_storegroup_changelist"), body)

    assert lead(store) == 10


def test_pressing_twice_saves_once(client, root, store):
    north = group("north", 1, lead_minutes=10)
    looked = client.post(page(north), {"name": "north", "rank": 1, "stores": [store.pk]})
    save(client, page(north), hidden(looked))
    kept = StoreGroup.history.filter(id=north.pk).count()

    client.post(page(north), hidden(looked))

    assert StoreGroup.history.filter(id=north.pk).count() == kept
