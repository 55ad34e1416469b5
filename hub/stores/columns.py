"""The columns in which settings are in force: reading them, and bringing them in line.

Only ``hub.stores.levels`` calls this, one change of levels at a time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection, models

from hub.history import ADDED, CHANGED, remember
from hub.stores.declaring import Holder, holders, rules, settings

ByStore = Mapping[int, Mapping[str, Any]]


def read_columns(
    stores: Collection[int] | None, *, lock: bool = False
) -> dict[int, dict[str, Any]]:
    """What the rows of these stores say (None: of all stores), by the store's key; ``lock`` keeps
    others from changing them until the transaction ends. What no row says is no key."""
    found: dict[int, dict[str, Any]] = {}
    for holder in holders():
        for row in _rows(holder, stores, lock=lock).values(holder.store, *holder.names):
            said = found.setdefault(row.pop(holder.store), {})
            said |= {name: settings()[name].kind.stored(value) for name, value in row.items()}
    return found


def bring_in_line(before: ByStore, after: ByStore) -> None:
    """The rows say what ``after`` says and keep a history of it; rows that say it already stay as
    they are. A store without a row gets one as soon as it differs from the defaults."""
    for holder in holders():
        moved = {
            store: [values[name] for name in holder.names]
            for store, values in after.items()
            if any(in_force(before[store])[name] != values[name] for name in holder.names)
        }
        if moved:
            missing = [store for store in moved if holder.names[0] not in before[store]]
            _add(holder, {store: moved[store] for store in missing})
            _update(holder, {store: moved[store] for store in moved if store not in missing})


def in_force(said: Mapping[str, Any]) -> dict[str, Any]:
    """What rows say, with the defaults for what none says."""
    return {**rules().defaults, **said}


def _rows(
    holder: Holder, stores: Collection[int] | None, *, lock: bool
) -> models.QuerySet[models.Model]:
    rows = holder.model._default_manager.order_by(holder.store)
    if stores is not None:
        rows = rows.filter(**{f"{holder.store}__in": stores})
    return rows.select_for_update(no_key=True) if lock else rows


def _add(holder: Holder, values: Mapping[int, Collection[Any]]) -> None:
    rows = [
        holder.model(**{holder.store: store}, **dict(zip(holder.names, said, strict=True)))
        for store, said in values.items()
    ]
    if rows:
        remember(holder.model._default_manager.bulk_create(rows), kind=ADDED)


def _update(holder: Holder, values: Mapping[int, Collection[Any]]) -> None:
    """All rows in one statement, whatever kinds of columns they have."""
    fields: list[Any] = [holder.model._meta.get_field(name) for name in holder.names]
    kinds = [settings()[name].kind for name in holder.names]
    rows = [
        {"store": store}
        | {
            field.column: kind.plain(value)
            for field, kind, value in zip(fields, kinds, said, strict=True)
        }
        for store, said in values.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_statement(holder, fields), [json.dumps(rows)])
        written = [key for (key,) in cursor.fetchall()]
    remember(holder.model._default_manager.filter(pk__in=written), kind=CHANGED)


def _statement(holder: Holder, fields: Collection[Any]) -> str:
    quote = connection.ops.quote_name
    meta: Any = holder.model._meta
    key = meta.pk if holder.store == "pk" else meta.get_field(holder.store.removesuffix("_id"))
    kept = ", ".join(f"{quote(one.column)} = fresh.{quote(one.column)}" for one in fields)
    typed = ", ".join(f"{quote(one.column)} {one.db_type(connection)}" for one in fields)
    return f"""
        UPDATE {quote(meta.db_table)} AS kept SET {kept}
        FROM jsonb_to_recordset(%s::jsonb) AS fresh (store bigint, {typed})
        WHERE kept.{quote(key.column)} = fresh.store
        RETURNING kept.{quote(meta.pk.column)}
    """  # noqa: S608  made of the models' own names
