"""What rules and settings were before: one row for every change, with who made it, when and why.

Rows are written by ``save`` and ``delete``, beside the change and in its transaction; a service
that writes many rows in one statement calls ``remember`` itself. Secrets and phone numbers of
people are left out by the models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.utils import timezone

from hub.trace import actor

if TYPE_CHECKING:  # the library ships no types

    class HistoricalRecords:
        """What is used of the library's class."""

        def __init__(self, **options: Any) -> None: ...

        def create_historical_record(
            self, instance: models.Model, history_type: str, using: str | None = None
        ) -> None: ...

        def fields_included(self, model: models.Model) -> list[models.Field[Any, Any]]: ...

        def finalize(self, sender: type[models.Model], **how: Any) -> None: ...

        def post_save(self, instance: models.Model, created: bool, **how: Any) -> None: ...
else:
    from simple_history.models import HistoricalRecords

REASON_CHARACTERS = 200
ADDED, CHANGED, REMOVED = "+", "~", "-"

_is_kept: ContextVar[bool] = ContextVar("changes_are_kept", default=True)
_reason: ContextVar[str] = ContextVar("reason_of_change", default="")


def reason() -> str:
    """Why the changes in hand are made; empty when nobody said."""
    return _reason.get()


@contextmanager
def because(why: str) -> Iterator[None]:
    """Changes made inside the block carry ``why`` (cut to 200 characters) in their history."""
    token = _reason.set(why.replace("\x00", "").strip()[:REASON_CHARACTERS])
    try:
        yield
    finally:
        _reason.reset(token)


@contextmanager
def unkept() -> Iterator[None]:
    """Changes made inside the block have no history: for migrations that are older than it."""
    token = _is_kept.set(False)
    try:
        yield
    finally:
        _is_kept.reset(token)


class Changed(models.Model):
    """Who made a change, as ``hub.trace.actor`` tells it; empty: the hub itself."""

    actor = models.CharField(max_length=60, blank=True, default=actor, editable=False)

    class Meta:
        abstract = True


class RuleHistory(HistoricalRecords):
    """The history of a model's rows; ``worth`` says which rows have one (all of them).

    ``excluded_fields`` are neither kept nor shown. The person is told by ``actor``: there is no
    foreign key, because an API key or a task may act as well.
    """

    def __init__(self, *, worth: Callable[[Any], bool] | None = None, **options: Any) -> None:
        self.worth = worth
        super().__init__(
            bases=[Changed],
            history_id_field=models.BigAutoField(),
            history_change_reason_field=models.CharField(
                max_length=REASON_CHARACTERS, blank=True, default=""
            ),
            **options,
        )

    def finalize(self, sender: type[models.Model], **how: Any) -> None:
        """As the library's; rows that came without a history get their beginning."""
        super().finalize(sender, **how)
        if getattr(self, "cls", None) is sender:
            models.signals.pre_save.connect(self.begin_with, sender=sender, weak=False)

    def begin_with(self, instance: models.Model, **how: Any) -> None:
        """Keep how a row stood that was made without a history, such as by a bulk load, before
        its first change."""
        if how.get("raw") or instance._state.adding or not self._is_told(instance, how):
            return
        model: Any = type(instance)
        if model.history.filter(id=instance.pk).exists():
            return
        stored = model._base_manager.filter(pk=instance.pk).first()
        if stored is not None and (self.worth is None or self.worth(stored)):
            _write([stored], CHANGED, actor="system")

    def post_save(self, instance: models.Model, created: bool, **how: Any) -> None:
        """Write the row, unless only columns were saved that the history leaves out."""
        if self._is_told(instance, how):
            super().post_save(instance, created, **how)

    def _is_told(self, instance: models.Model, how: dict[str, Any]) -> bool:
        if not _is_kept.get():
            return False
        saved = how.get("update_fields")
        kept = {field.name for field in self.fields_included(instance)}
        return saved is None or bool(kept & set(saved))

    def create_historical_record(
        self, instance: models.Model, history_type: str, using: str | None = None
    ) -> None:
        """Write the row, unless the instance is none that is worth it."""
        if _is_kept.get() and (self.worth is None or self.worth(instance)):
            super().create_historical_record(instance, history_type, using=using)

    def get_change_reason_for_object(self, *_: object) -> str:
        """What was said by ``because``."""
        return reason()

    def get_history_user(self, _: models.Model) -> None:
        """Nobody: ``actor`` tells it."""

    def _get_history_user_fields(self) -> dict[str, Any]:
        # the library assigns what get_history_user returns; it is nothing, and kept nowhere
        return {"history_user": property(lambda _: None, lambda _, __: None)}


def remember(rows: Iterable[models.Model], *, kind: str = CHANGED) -> None:
    """Write the history of rows as they stand now, all of one model, in one statement.

    For services that change many at once; call it in the transaction of the change.
    """
    found = list(rows)
    if found:
        _write(found, kind, actor=actor())


def _write(rows: list[models.Model], kind: str, *, actor: str) -> None:
    keeper: Any = type(rows[0]).history.model  # type: ignore[attr-defined]
    keeper.objects.bulk_create(
        [
            keeper(
                history_date=timezone.now(),
                history_type=kind,
                history_change_reason=reason(),
                actor=actor,
                **{field.attname: getattr(row, field.attname) for field in keeper.tracked_fields},
            )
            for row in rows
        ]
    )


def begin(apps: Any, app_label: str, name: str, *, where: str = "true", kept_by: str = "") -> None:
    """In a migration: write how every row of the model stands (those of a condition in SQL), so
    that its first change has something to be compared with. ``kept_by``: another app does it."""
    model = apps.get_model(app_label, name)
    kept = apps.get_model(kept_by or app_label, f"Historical{name}")
    ours = {field.column for field in kept._meta.concrete_fields}
    quote = connection.ops.quote_name
    columns = [field.column for field in model._meta.concrete_fields if field.column in ours]
    listed = ", ".join(map(quote, columns))
    sql = f"""
        INSERT INTO {quote(kept._meta.db_table)}
            ({listed}, history_date, history_type, history_change_reason, actor)
        SELECT {listed}, statement_timestamp(), '~', '', 'system'
        FROM {quote(model._meta.db_table)} WHERE {where}
    """  # noqa: S608  made of the models' own names and the migration's condition
    with connection.cursor() as cursor:
        cursor.execute(sql)
