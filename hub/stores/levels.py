"""Settings on three levels: reading them, changing one, and what that changes in the stores.

Hot paths read one row of a store only. Every change here, one at a time, works out what holds in
each store it concerns and writes these columns in one statement. A column that says otherwise
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
from hub.stores.columns import ByStore, bring_in_line, in_force, read_columns
from hub.stores.declaring import rules, settings, spans
from hub.stores.inheriting import GroupLevel, Held, Levels, held, strays, values_of
from hub.stores.level_settings import HOLDER as LEVELS_OF_STORES
from hub.stores.models import SettingsLevel, Store, StoreGroup

EXAMPLES = 5

# the settings for which a level has columns of their own
OF_STORE = tuple(one.name for one in LEVELS_OF_STORES.settings)

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('stores.levels', 0))"


class WrongSetting(Invalid):
    """A setting that cannot be; ``field`` names it."""

    code = "wrong_setting"
    title = "This setting cannot be"


@dataclass(frozen=True)
class Change:
    """How one setting changes, in how many stores, and the keys of the first of them."""

    field: str
    before: Any
    after: Any
    stores: int
    examples: tuple[int, ...] = ()


@dataclass
class Effect:
    """What a change of a level does: each move of a setting, and the keys of the stores that it
    touches."""

    touched: frozenset[int] = frozenset()
    changes: list[Change] = field(default_factory=list)

    @property
    def stores(self) -> int:
        """How many stores it touches."""
        return len(self.touched)


def level_of(*, group: StoreGroup | None = None, store: Store | None = None) -> SettingsLevel:
    """The level of the group, the store or the chain, as it is; one that says nothing if there
    is none yet."""
    row = SettingsLevel.objects.filter(group=group, store=store).first()
    return row or SettingsLevel(group=group, store=store)


def settings_of(store: Store) -> dict[str, Held]:
    """Every setting of a store with where it comes from; what only its row says is its own."""
    return settings_of_all([store])[store.pk]


def own_of_all() -> dict[int, dict[str, Any]]:
    """What each store says itself, by its key, what only its rows say included."""
    own = _with_strays(_read(None), read_columns(None)).own
    return {store: dict(says) for store, says in own.items() if says}


def settings_of_all(stores: Collection[Store]) -> dict[int, dict[str, Held]]:
    """The same for many stores, by their keys, in a number of queries that is always the same."""
    columns = read_columns([store.pk for store in stores])
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
        values = _row_of(says) | {"changed_at": Now(), "changed_by": by}
        SettingsLevel.objects.update_or_create(group=group, store=store, defaults=values)

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


def preview_regroup(change: Callable[[], None]) -> Effect:
    """What ``regroup`` would do; nothing is changed."""
    with transaction.atomic():
        effect = regroup(change)
        transaction.set_rollback(True)
    return effect


def inherited() -> dict[str, Any]:
    """What holds in a new store without groups, of the settings that its own row holds. Call it
    in the transaction that makes the store, and ``adopt`` once it is made: no level changes until
    it ends."""
    hold()
    values = values_of(_read([]), 0)
    return {name: values[name] for name in OF_STORE}


@transaction.atomic
def adopt(store: Store) -> None:
    """What the store's rows say otherwise than its levels is its own setting from now on; rows
    that a new store lacks are made."""
    _change(lambda: None, [store.pk])


def hold() -> None:
    """Nobody else changes levels, or settings of a store, until this transaction ends.

    Whoever locks rows of stores, groups or settings before calling what changes levels calls this
    first, so that two of them cannot wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME)


def said(row: SettingsLevel) -> dict[str, Any]:
    """What a level says: its values, and None for what it sets to nothing."""
    known = settings()
    nothing = {name: None for name in row.unlimited if name in known and known[name].nothing}
    own = {name: value for name in OF_STORE if (value := getattr(row, name)) is not None}
    others = {
        name: known[name].kind.parse(plain) for name, plain in row.others.items() if name in known
    }
    return nothing | own | others


def check(says: Mapping[str, Any]) -> None:
    """Raise WrongSetting for a setting that there is not, or that cannot have this value."""
    for name, value in says.items():
        setting = settings().get(name)
        if setting is None:
            raise WrongSetting(f"there is no setting {name}", field=name)
        if value is None and not setting.nothing:
            raise WrongSetting(f"{name} cannot be nothing", field=name)
        if value is not None and (problem := setting.kind.problem(value)):
            raise WrongSetting(f"{name}: {problem}", field=name)
    for span in spans():
        if not is_span(says, span):
            raise WrongSetting(
                f"{' and '.join(span)}: both or neither, not the same", field=span[1]
            )


def is_span(says: Mapping[str, Any], span: tuple[str, str]) -> bool:
    """Whether both ends are said or neither, and are two different values or both nothing."""
    ends = [says[name] for name in span if name in says]
    if not ends:
        return True
    return (
        len(ends) == len(span)
        and (ends[0] is None) == (ends[1] is None)
        and (ends[0] is None or ends[0] != ends[1])
    )


def _row_of(says: Mapping[str, Any]) -> dict[str, Any]:
    """What is said, as the fields of a level keep it."""
    others = {
        name: settings()[name].kind.plain(value)
        for name, value in says.items()
        if name not in OF_STORE and value is not None
    }
    nothing = sorted(name for name in says if says[name] is None)
    return {name: says.get(name) for name in OF_STORE} | {"unlimited": nothing, "others": others}


def _change(write: Callable[[], None], stores: Collection[int] | None) -> Effect:
    """Keep strays, write, then bring the columns in line, each step by what the last wrote."""
    hold()
    columns = read_columns(stores, lock=True)
    _keep_strays(_read(stores), columns)
    write()
    fresh = _read(stores)
    wanted = {store: values_of(fresh, store) for store in columns}
    bring_in_line(columns, wanted)
    return _effect(columns, wanted)


def _read(stores: Collection[int] | None) -> Levels:
    rows = list(SettingsLevel.objects.select_related("group"))
    members = StoreGroup.stores.through.objects.all()
    if stores is not None:
        members = members.filter(store_id__in=stores)
    groups_of: dict[int, list[int]] = {}
    for store, group in members.values_list("store_id", "storegroup_id"):
        groups_of.setdefault(store, []).append(group)
    return Levels(
        rules(),
        chain=next((said(row) for row in rows if not (row.group_id or row.store_id)), {}),
        groups={
            row.group.pk: GroupLevel(row.group.pk, row.group.name, row.group.rank, said(row))
            for row in rows
            if row.group
        },
        groups_of=groups_of,
        own={row.store_id: said(row) for row in rows if row.store_id},
    )


def _with_strays(levels: Levels, columns: ByStore) -> Levels:
    own = dict(levels.own)
    for store, row in columns.items():
        if odd := strays(levels, store, row):
            own[store] = {**own.get(store, {}), **odd}
    return Levels(levels.rules, levels.chain, levels.groups, levels.groups_of, own)


def _keep_strays(levels: Levels, columns: ByStore) -> None:
    kept = _with_strays(levels, columns).own
    rows = [
        SettingsLevel(store_id=store, **_row_of(says))
        for store, says in kept.items()
        if says != levels.own.get(store, {})
    ]
    SettingsLevel.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["store"],
        update_fields=[*OF_STORE, "unlimited", "others"],
    )
    remember(SettingsLevel.objects.filter(store__in=[row.store_id for row in rows]))


def _effect(before: ByStore, after: ByStore) -> Effect:
    moved: dict[tuple[str, str], tuple[Any, Any, list[int]]] = {}
    for store, row in before.items():
        known = in_force(row)
        for name, value in after[store].items():
            if known[name] != value:
                key = (name, repr((known[name], value)))  # values may be lists
                moved.setdefault(key, (known[name], value, []))[2].append(store)
    changes = [
        Change(name, old, new, len(stores), tuple(stores[:EXAMPLES]))
        for (name, _told), (old, new, stores) in moved.items()
    ]
    touched = frozenset(store for _old, _new, stores in moved.values() for store in stores)
    order = list(settings())
    return Effect(touched, sorted(changes, key=lambda one: (order.index(one.field), -one.stores)))
