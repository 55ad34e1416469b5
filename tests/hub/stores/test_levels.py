"""Settings on three levels: what holds where, and that nothing a store said is lost."""

from __future__ import annotations

from datetime import time

import pytest

from hub.stores.inheriting import BUILT_IN, CHAIN, GROUP, OWN
from hub.stores.levels import (
    OF_STORE,
    WrongSetting,
    inherited,
    preview_level,
    regroup,
    set_level,
    settings_of,
)
from hub.stores.models import SettingsLevel, Store, StoreGroup
from tests.factories import make_store
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def lead(store):
    store.refresh_from_db()
    return store.lead_minutes


def group(name="north", rank=100, *stores):
    made = StoreGroup.objects.create(name=name, rank=rank)
    regroup(lambda: made.stores.set(stores))
    return made


def test_a_store_follows_the_chain_until_its_group_and_then_it_says_otherwise():
    store = make_store()
    north = group("north", 100, store)

    set_level(by="iga", says={"lead_minutes": 45})
    assert lead(store) == 45
    set_level(by="iga", says={"lead_minutes": 30}, group=north)
    assert lead(store) == 30
    set_level(by="iga", says={"lead_minutes": 20}, store=store)
    assert lead(store) == 20
    set_level(by="iga", says={}, store=store)
    assert lead(store) == 30


def test_every_value_says_where_it_comes_from():
    store = make_store()
    north = group("north", 100, store)
    set_level(by="iga", says={"lead_minutes": 45, "slot_minutes": 15})
    set_level(by="iga", says={"slot_capacity": 4}, group=north)
    set_level(by="iga", says={"slot_minutes": 20}, store=store)
    store.refresh_from_db()

    found = settings_of(store)

    assert {name: (found[name].value, found[name].origin) for name in OF_STORE} == {
        "lead_minutes": (45, CHAIN),
        "cut_off": (None, BUILT_IN),
        "slot_minutes": (20, OWN),
        "slot_capacity": (4, GROUP),
        "orders_per_hour": (None, BUILT_IN),
    }
    assert found["slot_capacity"].name == "north"


def test_of_several_groups_the_lowest_rank_decides():
    store = make_store()
    small, pilot = group("small", 50, store), group("pilot", 10, store)
    set_level(by="iga", says={"lead_minutes": 50}, group=small)
    set_level(by="iga", says={"lead_minutes": 10}, group=pilot)

    assert lead(store) == 10

    def last():
        pilot.rank = 90
        pilot.save()

    regroup(last)
    assert lead(store) == 50


def test_nothing_is_said_as_well_as_a_value():
    store = make_store()
    set_level(by="iga", says={"slot_capacity": 8, "cut_off": time(17)})
    set_level(by="iga", says={"slot_capacity": None, "cut_off": None}, store=store)

    store.refresh_from_db()

    assert (store.slot_capacity, store.cut_off) == (None, None)


def test_what_only_the_row_of_a_store_said_is_kept_as_its_own():
    early, usual = make_store(lead_minutes=15, cut_off=time(16)), make_store()

    set_level(by="iga", says={"lead_minutes": 45})

    assert (lead(early), lead(usual)) == (15, 45)
    own = SettingsLevel.objects.get(store=early)
    assert (own.lead_minutes, own.cut_off, own.slot_minutes) == (15, time(16), None)
    assert not SettingsLevel.objects.filter(store=usual).exists()


def test_the_effect_is_known_before_and_nothing_has_happened_yet():
    stores = [make_store() for _ in range(3)]
    make_store(lead_minutes=15)

    effect = preview_level(says={"lead_minutes": 45})

    assert effect.stores == 3
    assert effect.changes[0].examples == tuple(store.pk for store in stores)
    assert [(one.field, one.before, one.after, one.stores) for one in effect.changes] == [
        ("lead_minutes", 60, 45, 3)
    ]
    assert lead(stores[0]) == 60
    assert not SettingsLevel.objects.exists()


def test_a_store_that_leaves_its_group_follows_the_chain_again():
    store = make_store()
    north = group("north", 100, store)
    set_level(by="iga", says={"lead_minutes": 45})
    set_level(by="iga", says={"lead_minutes": 30}, group=north)

    regroup(north.stores.clear)

    assert lead(store) == 45
    assert not SettingsLevel.objects.filter(store=store).exists()


def test_a_new_store_begins_with_what_the_chain_says():
    set_level(by="iga", says={"lead_minutes": 45})

    assert inherited() == {
        "lead_minutes": 45,
        "cut_off": None,
        "slot_minutes": 30,
        "slot_capacity": None,
        "orders_per_hour": None,
    }


@pytest.mark.parametrize(
    "says",
    [
        {"lead_minutes": None},
        {"lead_minutes": -1},
        {"slot_minutes": 0},
        {"orders_per_hour": 0},
        {"colour": 3},
    ],
)
def test_a_setting_that_cannot_be_is_refused(says):
    with pytest.raises(WrongSetting):
        set_level(by="iga", says=says)


def test_a_change_is_remembered_for_level_and_stores():
    store = make_store()

    set_level(by="iga", says={"lead_minutes": 45})

    assert store.history.first().lead_minutes == 45
    assert SettingsLevel.objects.get().history.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_level_saved_while_a_store_joins_leaves_the_store_with_the_new_value():
    for _round in range(5):
        store = make_store()
        north = StoreGroup.objects.create(name=f"north {store.pk}")
        set_level(by="iga", says={"lead_minutes": 40}, group=north)

        def job(number, store=store, north=north):
            if number:
                regroup(lambda: north.stores.add(store))
            else:
                set_level(by="iga", says={"lead_minutes": 25}, group=north)

        at_once(2, job)

        assert lead(store) == 25
        assert not SettingsLevel.objects.filter(store=store).exists()
        Store.objects.filter(pk=store.pk).update(active=False)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_levels_changed_at_once_leave_every_store_with_what_both_say():
    for round_ in range(5):
        stores = [make_store() for _ in range(20)]
        north = group(f"north {round_}", 100, *stores)

        def job(number, north=north):
            says = {"lead_minutes": 11} if number else {"slot_minutes": 17}
            set_level(by="iga", says=says, group=north if number else None)

        at_once(2, job)

        found = set(Store.objects.filter(groups=north).values_list("lead_minutes", "slot_minutes"))
        assert found == {(11, 17)}
        assert not SettingsLevel.objects.filter(store__in=stores).exists()
        set_level(by="iga", says={})
        Store.objects.filter(groups=north).update(active=False)
