# ruff: noqa: ARG002  an override takes all that the library passes
"""A table's rows taken in: compared with what is stored, checked, and saved all or none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DatabaseError, models, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from tablib import Dataset

from hub.staff.tables.columns import Field
from hub.staff.tables.reading import Table, WrongColumns

if TYPE_CHECKING:  # the library ships no types

    class ModelResource:
        """What is used of the library's class."""

        _meta: Any
        fields: dict[str, Any]

        def __init__(self, **options: Any) -> None: ...

        def get_import_fields(self) -> list[Any]: ...

        def import_data(self, dataset: Dataset, **how: Any) -> Any: ...

        def validate_instance(self, instance: Any, errors: Any = None, **how: Any) -> None: ...
else:
    from import_export.resources import ModelResource

NEW, UPDATE, SKIP, REMOVED = "new", "update", "skip", "delete"
MOST_SHOWN = 200


@dataclass(frozen=True)
class Fault:
    """What is wrong in a line of the file; the column is empty when it is the whole line."""

    line: int
    column: str
    words: str
    code: str


@dataclass(frozen=True)
class Difference:
    """A line that makes, changes or removes a row: the columns that change, before and after."""

    line: int
    kind: str
    key: str
    steps: list[tuple[str, str, str]]

    @property
    def verb(self) -> str:
        """What becomes of the row."""
        words = {
            NEW: pgettext("row of a table", "new"),
            UPDATE: pgettext("row of a table", "changed"),
            REMOVED: pgettext("row of a table", "removed"),
        }
        return words[self.kind]


@dataclass
class Outcome:
    """What a file does: its differences, its faults, and how many rows stay as they are.

    ``rows`` are those that are made or changed, as they will be.
    """

    differences: list[Difference] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unchanged: int = 0
    rows: list[Any] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """How many rows are new, changed or removed."""
        return sum(one.kind == kind for one in self.differences)

    @property
    def mark(self) -> str:
        """The same for the same differences: what was looked at is what is saved."""
        told = [(one.kind, one.key, one.steps) for one in self.differences]
        return hashlib.sha256(repr(told).encode()).hexdigest()


class _Steps:
    """How the library is told to say differences: the cells that change."""

    def __init__(self, resource: TableResource, instance: Any, new: bool) -> None:
        self._new = new
        self._before = resource.cells(instance)
        self._after: dict[str, str] = {}

    def compare_with(self, resource: TableResource, instance: Any) -> None:
        """Look at the row as it will be."""
        self._after = resource.cells(instance) if instance is not None else {}

    def as_html(self) -> list[tuple[str, str, str]]:
        """Column, before, after; a new row has only the last."""
        before = dict.fromkeys(self._after, "") if self._new else self._before
        return [
            (name, before[name], after)
            for name, after in self._after.items()
            if before[name] != after
        ]


class _Loader:
    """Finds the rows of all lines at once, by their keys."""

    def __init__(self, resource: TableResource, dataset: Dataset) -> None:
        self._resource = resource
        self._found: dict[tuple[Any, ...], Any] | None = None
        self._dataset = dataset

    def get_instance(self, row: Mapping[str, str]) -> Any:
        """The row of a line, if there is one for the person."""
        keys = [self._resource.fields[name] for name in self._resource.keys]
        if self._found is None:
            rows = self._resource.rows_named(self._dataset.dict)
            self._found = {tuple(one.get_value(found) for one in keys): found for found in rows}
        return self._found.get(tuple(one.clean(row) for one in keys))


class TableResource(ModelResource):
    """One table for one person: only rows of ``rows_of`` exist for them.

    ``keys`` name the columns by which a line finds its row. Rows that are not there are made when
    the person may add them; what the file does not name stays as it is.
    """

    keys: ClassVar[tuple[str, ...]] = ()
    required: ClassVar[tuple[str, ...]] = ()

    class Meta:
        fields = ()  # no column comes by itself
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True
        use_transactions = True
        store_instance = True
        instance_loader_class = _Loader

    def __init__(self, request: HttpRequest, *, may_add: bool, may_change: bool) -> None:
        super().__init__()
        self.request = request
        self._may_add, self._may_change = may_add, may_change
        self._seen: dict[tuple[str, ...], int] = {}
        self._named: set[str] = set()
        self.fields = {one.column_name: one for one in self.columns()}

    def columns(self) -> list[Field]:
        """What the table has, in order; columns may depend on who asks."""
        raise NotImplementedError

    def rows_of(self, request: HttpRequest) -> models.QuerySet[Any]:
        """The rows that there are for the person."""
        raise NotImplementedError

    def get_queryset(self) -> models.QuerySet[Any]:
        """The same, for the library."""
        return self.rows_of(self.request)

    def take(self, table: Table, *, save: bool, mark: str = "") -> Outcome:
        """What the table does; saved when asked for, sound, and the same as what had ``mark``.

        Raises WrongColumns. Nothing is saved otherwise, and ``Outcome.mark`` differs when what is
        stored has changed since.
        """
        self._check_columns(table.header)
        self._named = {self.fields[name].attribute for name in table.header}
        dataset = Dataset(*table.rows, headers=table.header)
        self._seen.clear()
        with transaction.atomic():
            result = self.import_data(
                dataset, dry_run=False, raise_errors=False, use_transactions=True
            )
            outcome = self._told(result)
            if not save or outcome.faults or outcome.mark != mark:
                transaction.set_rollback(True)
        return outcome

    def rows_named(self, lines: Iterable[Mapping[str, str]]) -> models.QuerySet[Any]:
        """The rows that the lines may mean: those with one of their first keys."""
        first = self.fields[self.keys[0]]
        named = set()
        for line in lines:
            with suppress(ValueError):
                named.add(first.clean(line))
        return self.get_queryset().filter(**{f"{first.attribute}__in": named})

    def lines(self) -> Iterator[list[str]]:
        """The rows as they go out, in the order of the columns."""
        for row in self.rows_out().iterator(chunk_size=500):
            yield list(self.cells(row).values())

    def rows_out(self) -> models.QuerySet[Any]:
        """The rows that go out, with what their cells read; by key."""
        return self.get_queryset().order_by(*self._ordering())

    def header(self) -> list[str]:
        """The names of the columns."""
        return [one.column_name for one in self.get_import_fields()]

    def cells(self, row: Any) -> dict[str, str]:
        """The row as cells by column."""
        return {
            one.column_name: str(one.widget.render(one.get_value(row), row))
            for one in self.get_import_fields()
        }

    @classmethod
    def get_diff_class(cls) -> type[_Steps]:
        """Differences as cells."""
        return _Steps

    def before_import_row(self, row: dict[str, str], **how: Any) -> None:
        """Refuse a line without its key, and one whose key another line has."""
        line = how["row_number"] + 1
        faults = {
            name: ValidationError(_("is missing"), code="missing")
            for name in self.required
            if name in row and not row[name]
        }
        if not faults:
            faults = self._unreadable_keys(row)
        if faults:
            raise ValidationError(faults)
        key = tuple(row[name].casefold() for name in self.keys)
        earlier = self._seen.setdefault(key, line)
        if earlier != line:
            raise ValidationError(
                _("the same as in line %(line)s") % {"line": earlier}, code="repeated"
            )

    def do_instance_save(self, instance: Any, is_create: bool) -> None:
        """A new row whole, of an old one what the file names."""
        if is_create:
            instance.save(force_insert=True)
            return
        own = {one.name for one in instance._meta.concrete_fields}
        named = [one.attribute for one in self.get_import_fields() if one.attribute in own]
        instance.save(update_fields=[name for name in named if name in self._named])

    def after_init_instance(self, instance: Any, new: bool, row: Any, **how: Any) -> None:
        """Refuse to make or change what the person may not."""
        if new and not self._may_add:
            raise ValidationError(_("there is no such row"), code="unknown_row")
        if not new and not self._may_change:
            raise ValidationError(_("you may not change this row"), code="not_allowed")

    def _unreadable_keys(self, row: Mapping[str, str]) -> dict[str, ValidationError]:
        faults = {}
        for name in self.keys:
            try:
                self.fields[name].clean(row)
            except ValueError as error:
                faults[name] = ValidationError(str(error), code="invalid")
        return faults

    def _check_columns(self, header: list[str]) -> None:
        known = set(self.header())
        repeated = sorted({name for name in header if header.count(name) > 1})
        if repeated:
            raise WrongColumns(_("twice in the first line: %(n)s") % {"n": ", ".join(repeated)})
        if unknown := sorted(set(header) - known):
            raise WrongColumns(
                _("unknown columns: %(unknown)s; there are: %(known)s")
                % {"unknown": ", ".join(unknown)[:200], "known": ", ".join(self.header())}
            )
        if missing := [name for name in self.required if name not in header]:
            raise WrongColumns(_("missing columns: %(n)s") % {"n": ", ".join(missing)})

    def _key(self, row: Any) -> str:
        cells = self.cells(row)
        return " ".join(cells[name] for name in self.keys)

    def _ordering(self) -> list[str]:
        return [str(self.fields[name].attribute) for name in self.keys]

    def _told(self, result: Any) -> Outcome:
        outcome = Outcome()
        for error in result.base_errors:
            raise error.error
        for line, row in enumerate(result.rows, 2):
            if row.import_type == SKIP:
                outcome.unchanged += 1
            elif row.validation_error is not None:
                outcome.faults += self._faults(line, row.validation_error)
            elif row.errors:
                outcome.faults += [_of_error(line, one.error) for one in row.errors]
            else:
                outcome.differences.append(
                    Difference(line, row.import_type, self._key(row.instance), row.diff)
                )
                outcome.rows.append(row.instance)
        return outcome

    def _faults(self, line: int, error: ValidationError) -> list[Fault]:
        """What is wrong, each by the name that its column has in the file."""
        names = {one.attribute: one.column_name for one in self.get_import_fields()}
        if not hasattr(error, "error_dict"):
            return [Fault(line, "", _said(one), one.code or "invalid") for one in error.error_list]
        return [
            Fault(
                line,
                "" if name == NON_FIELD_ERRORS else str(names.get(name, name)),
                _said(one),
                one.code or "invalid",
            )
            for name, found in error.error_dict.items()
            for one in found
        ]


def _said(error: ValidationError) -> str:
    return " ".join(error.messages)


def _of_error(line: int, error: Exception) -> Fault:
    """A refusal of the database in words; anything else is a mistake of the hub and is raised."""
    if isinstance(error, DatabaseError):
        return Fault(line, "", _("the database refuses this row"), "refused")
    raise error
