"""What became of rules is kept for five years, then forgotten."""

from __future__ import annotations

from django.apps import apps
from django.db import connection, models

from hub.events.retention import delete_in_batches

KEPT_DAYS = 5 * 365 + 1

_OLD = """
DELETE FROM {table} WHERE {key} IN (
    SELECT {key} FROM {table}
    WHERE history_date < statement_timestamp() - make_interval(days => %s)
    LIMIT %s)
"""
_OLD_MEMBERS = """
DELETE FROM {table} WHERE history_id IN (
    SELECT history_id FROM {kept}
    WHERE history_date < statement_timestamp() - make_interval(days => %s)
    LIMIT %s)
"""


def purge_history() -> int:
    """Delete changes of rules of five years ago or earlier; returns how many rows."""
    return sum(_purge(model) for model in _histories())


def _histories() -> list[type[models.Model]]:
    """The tables that keep changes, of whatever app."""
    kept = [model for model in apps.get_models() if hasattr(model._meta, _MARK)]
    return [getattr(model, getattr(model._meta, _MARK)).model for model in kept]


_MARK = "simple_history_manager_attribute"


def _purge(model: type[models.Model]) -> int:
    quote = connection.ops.quote_name
    kept = quote(model._meta.db_table)
    for many in model._history_m2m_fields:  # type: ignore[attr-defined]
        table = quote(getattr(model, many.name).model._meta.db_table)
        delete_in_batches(_OLD_MEMBERS.format(table=table, kept=kept), KEPT_DAYS)
    return delete_in_batches(_OLD.format(table=kept, key="history_id"), KEPT_DAYS)
