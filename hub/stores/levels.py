"""Settings on three levels: reading them, changing one, and what that changes in the stores.

Hot paths read the columns of Store only. Every change here, one at a time, works out what holds
in each store it concerns and writes these columns in one statement. A column that says otherwise
than the levels was set for its store alone: that is kept as the store's own setting first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from hub.errors import Invalid
from hub.history import remember
from hub.stores.inheriting import (
    DEFAULTS,
    FIELDS,
    MAY_BE_NOTHING,
    GroupLevel,
    Held,
    Levels,
    held,
    said,
    strays,
    values_of,
)
from hub.stores.models import SettingsLevel, Store, StoreGroup

LONGEST = {
    "lead_minutes": range(10_081),  # a week
    "slot_minutes": range(5, 1_441),
    "slot_capacity": range(10_001),
    "orders_per_hour": range(1, 10_001),
}

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('stores.levels', 0))"

_REWRITE = """
UPDATE stores_store AS store
SET lead_minutes = fresh.lead_minutes, cut_off = fresh.cut_off, slot_minutes = fresh.slot_minutes,
    slot_capacity = fresh.slot_capacity, orders_per_hour = fresh.orders_per_hour
FROM unnest(%s::bigint[], %s::smallint[], %s::time[], %s::smallint[], %s::smallint[],
    %s::smallint[]) AS fresh
    (id, lead_minutes, cut_off, slot_minutes, slot_capacity, orders_per_hour)
WHERE store.id = fresh.id AND
    (store.lead_minutes, store.cut_off, store.slot_minutes, store.slot_capacity,
     store.orders_per_hour)
    IS DISTINCT FROM
    (fresh.lead_minutes, fresh.cut_off, fresh.slot_minutes, fresh.slot_capacity,
     fresh.orders_per_hour)
RETURNING store.id
"""


class WrongSetting(Invalid):
    """A setting that cannot be; ``field`` names it."""

    code = "wrong_setting"
    title = "This setting cannot be"


@dataclass(frozen=True)
class Change:
    """How one setting changes, and in how many stores."""

    field: str
    before: Any
    after: Any
    stores: int


@dataclass
class Effect:
    """What a change of a level does: each move of a setting, and how many stores it touches."""

    stores: int = 0
    changes: list[Change] = field(default_factory=list)


def level_of(*, group: StoreGroup | None = None, store: Store | None = None) -> SettingsLevel:
    """The level of the group, the store or the chain, as it is; one that says nothing if there
    is none yet."""
    row = SettingsLevel.objects.filter(group=group, store=store).first()
    return row or SettingsLevel(group=group, store=store)


def settings_of(store: Store) -> dict[str, Held]:
    """Every setting of a store with where it comes from; what only its row says is its own."""
    return settings_of_all([store])[store.pk]


def own_of_all() -> dict[int, dict[str, Any]]:
    """What each store says itself, by its key, what only its row says included."""
    rows = Store.objects.values("pk", *FIELDS)
    columns = {row.pop("pk"): row for row in rows}
    own = _with_strays(_read(None), columns).own
    return {store: dict(says) for store, says in own.items() if says}


def settings_of_all(stores: Collection[Store]) -> dict[int, dict[str, Held]]:
    """The same for many stores, by their keys, in two queries."""
    columns = {store.pk: {name: getattr(store, name) for name in FIELDS} for store in stores}
    levels = _with_strays(_read(list(columns)), columns)
    return {store: held(levels, store) for store in columns}


@transaction.atomic
def set_level(
    *,
    by: str,
    says: Mapping[str, Any],
    group: StoreGroup | None = None,
    store: Store | None = None,
) -> Effect:
    """The level says exactly this from now on, and the stores' columns follow.

    A setting that is not a key is inherited; None sets it to nothing. Raises WrongSetting.
    """
    check(says)

    def write() -> None:
        values = {name: says.get(name) for name in FIELDS}
        values["unlimited"] = sorted(name for name in says if says[name] is None)
        SettingsLevel.objects.update_or_create(
            group=group, store=store, defaults=values | {"changed_at": Now(), "changed_by": by}
        )

    return _change(write, None if store is None else [store.pk])


def preview_level(
    *,
    says: Mapping[str, Any],
    group: StoreGroup | None = None,
    store: Store | None = None,
) -> Effect:
    """What ``set_level`` would do; nothing is changed. Raises WrongSetting."""
    with transaction.atomic():
        effect = set_level(by="", says=says, group=group, store=store)
        transaction.set_rollback(True)
    return effect


@transaction.atomic
def regroup(change: Callable[[], None]) -> Effect:
    """Carry out a change of groups, their members or ranks, and let the stores' settings follow."""
    return _change(change, None)


def inherited() -> dict[str, Any]:
    """What holds in a new store without groups. Call it in the transaction that makes the store:
    no level changes until it ends."""
    _lock()
    return values_of(_read([]), 0)


@transaction.atomic
def adopt(store: Store) -> None:
    """What the store's row says otherwise than its levels is its own setting from now on."""
    _lock()
    _keep_strays(_read([store.pk]), _columns([store.pk]))


def check(says: Mapping[str, Any]) -> None:
    """Raise WrongSetting for a setting that there is not, or that cannot have this value."""
    for name, value in says.items():
        if name not in DEFAULTS:
            raise WrongSetting(f"there is no setting {name}", field=name)
        if value is None and name not in MAY_BE_NOTHING:
            raise WrongSetting(f"{name} cannot be nothing", field=name)
        allowed = LONGEST.get(name)
        if value is not None and allowed is not None and value not in allowed:
            first, last = allowed.start, allowed.stop - 1
            raise WrongSetting(f"{name}: {first} to {last}", field=name)


def _change(write: Callable[[], None], stores: Collection[int] | None) -> Effect:
    """Keep strays, write, then bring the columns in line, each step by what the last wrote."""
    _lock()
    columns = _columns(stores)
    _keep_strays(_read(stores), columns)
    write()
    fresh = _read(stores)
    wanted = {store: values_of(fresh, store) for store in columns}
    _rewrite(wanted)
    return _effect(columns, wanted)


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME)


def _columns(stores: Collection[int] | None) -> dict[int, dict[str, Any]]:
    """What the rows of these stores say, locked until the transaction ends; None: of all."""
    rows = Store.objects.all() if stores is None else Store.objects.filter(pk__in=stores)
    rows = rows.select_for_update(no_key=True).order_by("pk")
    return {row.pop("pk"): row for row in rows.values("pk", *FIELDS)}


def _read(stores: Collection[int] | None) -> Levels:
    rows = list(SettingsLevel.objects.select_related("group"))
    members = StoreGroup.stores.through.objects.all()
    if stores is not None:
        members = members.filter(store_id__in=stores)
    groups_of: dict[int, list[int]] = {}
    for store, group in members.values_list("store_id", "storegroup_id"):
        groups_of.setdefault(store, []).append(group)
    return Levels(
        chain=next((said(row) for row in rows if not (row.group_id or row.store_id)), {}),
        groups={
            row.group.pk: GroupLevel(row.group.pk, row.group.name, row.group.rank, said(row))
            for row in rows
            if row.group
        },
        groups_of=groups_of,
        own={row.store_id: said(row) for row in rows if row.store_id},
    )


def _with_strays(levels: Levels, columns: Mapping[int, Mapping[str, Any]]) -> Levels:
    own = dict(levels.own)
    for store, row in columns.items():
        if odd := strays(levels, store, row):
            own[store] = {**own.get(store, {}), **odd}
    return Levels(levels.chain, levels.groups, levels.groups_of, own)


def _keep_strays(levels: Levels, columns: Mapping[int, Mapping[str, Any]]) -> None:
    kept = _with_strays(levels, columns).own
    rows = [
        SettingsLevel(
            store_id=store,
            unlimited=sorted(name for name in says if says[name] is None),
            **{name: says.get(name) for name in FIELDS},
        )
        for store, says in kept.items()
        if says != levels.own.get(store, {})
    ]
    SettingsLevel.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["store"],
        update_fields=[*FIELDS, "unlimited"],
    )
    remember(SettingsLevel.objects.filter(store__in=[row.store_id for row in rows]))


def _rewrite(wanted: Mapping[int, Mapping[str, Any]]) -> None:
    columns = [[values[name] for values in wanted.values()] for name in FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(_REWRITE, [list(wanted), *columns])
        written = [key for (key,) in cursor.fetchall()]
    remember(Store.objects.filter(pk__in=written))


def _effect(
    before: Mapping[int, Mapping[str, Any]], after: Mapping[int, Mapping[str, Any]]
) -> Effect:
    counted: dict[tuple[str, Any, Any], int] = {}
    touched = set()
    for store, row in before.items():
        for name in FIELDS:
            if row[name] != after[store][name]:
                key = (name, row[name], after[store][name])
                counted[key] = counted.get(key, 0) + 1
                touched.add(store)
    changes = [Change(*key, stores) for key, stores in counted.items()]
    return Effect(len(touched), sorted(changes, key=lambda one: (one.field, -one.stores)))
