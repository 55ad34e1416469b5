"""The history of rules in words: who changed what, when, from what to what, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from hub.history import ADDED, CHANGED, REMOVED

NOTHING = "–"
LONGEST_VALUE = 300
_SILENT = {"id", "public_id", "created_at", "created_by", "history"}

Words = Mapping[str, Callable[[Any], str]]


@dataclass(frozen=True)
class Step:
    """One field: what it was and what it became; empty where there was nothing to compare."""

    label: str
    before: str
    after: str


@dataclass
class Change:
    """One change of one row. ``first`` is how the row stood when its history began."""

    at: datetime
    who: str
    why: str
    kind: str
    what: str
    of: str
    key: int
    first: bool = False
    steps: list[Step] = field(default_factory=list)

    @property
    def verb(self) -> str:
        """What was done, as one word."""
        if self.first:
            return _("history begins")
        done = {ADDED: _("added"), CHANGED: _("changed"), REMOVED: _("removed")}
        return done[self.kind]

    @property
    def icon(self) -> str:
        """The sign beside it."""
        signs = {ADDED: "add", CHANGED: "edit", REMOVED: "delete"}
        return "flag" if self.first else signs[self.kind]


def changes_in(rows: models.QuerySet[Any], *, most: int, words: Words) -> list[Change]:
    """The newest ``most`` changes among rows of one history table, in words.

    ``words`` says the values of fields that their numbers do not tell. A row saved without any
    difference is no change.
    """
    model = rows.model
    earlier = model.objects.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
    last = earlier.order_by("-history_id").values("history_id")[:1]
    ordered = rows.annotate(last_id=Subquery(last)).order_by("-history_date", "-history_id")
    found = list(ordered[:most])
    before = model.objects.in_bulk({row.last_id for row in found if row.last_id})
    teller = _Teller(model, [*found, *before.values()], words)
    told = [teller.change(row, before.get(row.last_id)) for row in found]
    named = _people({row.actor for row in found})
    for change in told:
        change.who = named[change.who]
    return [change for change in told if change.steps or change.kind != CHANGED or change.first]


class _Teller:
    """Says rows of one history table, with what they refer to read at once."""

    def __init__(self, model: Any, rows: list[Any], words: Words) -> None:
        self._model, self._words = model, words
        self._subject = model.instance_type._meta
        self._fields = [one for one in model.tracked_fields if one.name not in _SILENT]
        self._others = {one.name: _named(one, rows) for one in self._fields if one.is_relation}
        self._members = _members(model, rows)

    def change(self, row: Any, before: Any) -> Change:
        """The row beside the one before it; who did it is still the actor's code."""
        return Change(
            at=row.history_date,
            who=row.actor,
            why=row.history_change_reason,
            kind=row.history_type,
            what=str(self._subject.verbose_name),
            of=self._title(row),
            key=row.id,
            first=before is None and row.history_type == CHANGED,
            steps=[*self._steps(row, before), *self._joined(row, before)],
        )

    def _title(self, row: Any) -> str:
        """The row's name, by the fields that tell it apart."""
        for name in ("name", "code"):
            if value := getattr(row, name, ""):
                return str(value)
        telling = [one for one in self._fields if one.name in _TELLING]
        return ", ".join(said for one in telling if (said := self._said(one, row)) != NOTHING)

    def _steps(self, row: Any, before: Any) -> list[Step]:
        steps = []
        for one in self._fields:
            new = self._said(one, row)
            old = NOTHING if before is None else self._said(one, before)
            if row.history_type == REMOVED:
                old, new = new, NOTHING
            if old != new:
                steps.append(Step(_label(one), old, new))
        return steps

    def _joined(self, row: Any, before: Any) -> list[Step]:
        """What was taken in and what was left out of a list of many."""
        steps = []
        for label, members in self._members.items():
            new = members.get(row.history_id, set())
            old = members.get(before.history_id, set()) if before is not None else set()
            if row.history_type == REMOVED:
                old, new = new, set()
            if old != new:
                steps.append(Step(label, _listed(old - new, "−"), _listed(new - old, "+")))
        return steps

    def _said(self, one: models.Field[Any, Any], row: Any) -> str:
        value = getattr(row, one.attname)
        if value is None or value in ("", []):
            return NOTHING
        if one.name in self._words:
            return self._words[one.name](value)
        if one.is_relation:
            return self._others[one.name].get(value, f"#{value}")
        if one.choices:
            return str(dict(one.flatchoices).get(value, value))
        return _plain(value)


# the fields by which a row without a name is known: a rule's place, a day, a weekday
_TELLING = {
    *("store", "channel", "item", "category", "group", "weekday", "date", "begins", "opens"),
    *("position", "user"),
}


def _label(one: models.Field[Any, Any]) -> str:
    return str(capfirst(str(one.verbose_name)))


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    if isinstance(value, dict):
        value = ", ".join(f"{name}: {said}" for name, said in value.items())
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _listed(names: set[str], sign: str) -> str:
    return _plain([f"{sign} {name}" for name in sorted(names)]) if names else NOTHING


def _named(one: models.Field[Any, Any], rows: Iterable[Any]) -> dict[Any, str]:
    """What the rows refer to through this field, by key: what was deleted has none."""
    keys = {getattr(row, one.attname) for row in rows} - {None}
    others: Any = one.related_model
    return {key: str(other) for key, other in others._base_manager.in_bulk(keys).items()}


def _members(model: Any, rows: list[Any]) -> dict[str, dict[int, set[str]]]:
    """Of each list of many, who was in it by the history row's key."""
    found: dict[str, dict[int, set[str]]] = {}
    for many in model._history_m2m_fields:
        kept = getattr(model, many.name).model
        joined = kept.objects.filter(history__in=[row.history_id for row in rows])
        reverse = many.m2m_reverse_field_name()
        by_row: dict[int, set[str]] = {}
        for link in joined.select_related(reverse, *_named_after(kept, reverse)):
            other = getattr(link, reverse, None)
            by_row.setdefault(link.history_id, set()).add(str(other) if other else "?")
        found[_label(many)] = by_row
    return found


def _named_after(kept: Any, name: str) -> list[str]:
    """What the members' own names may be made of, such as a permission's model."""
    member = kept._meta.get_field(name).related_model
    return [f"{name}__{one.name}" for one in member._meta.fields if one.is_relation]


def _people(actors: Iterable[str]) -> dict[str, str]:
    """Who the actors are, by their codes."""
    wanted = {code: code.partition(":") for code in actors}
    keys = [int(key) for kind, _sep, key in wanted.values() if kind == "staff" and key.isdecimal()]
    users = get_user_model()._default_manager.in_bulk(keys)
    return {code: _who(kind, key, users) for code, (kind, _sep, key) in wanted.items()}


def _who(kind: str, key: str, users: Mapping[int, Any]) -> str:
    if kind == "staff" and key.isdecimal():
        user = users.get(int(key))
        return (user.get_full_name() or user.get_username()) if user else _("somebody deleted")
    if kind == "key":
        return _("API key %(key)s") % {"key": key}
    if kind == "customer":
        return _("the customer")
    return pgettext("actor", "the hub")
