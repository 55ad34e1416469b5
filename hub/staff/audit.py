"""The audit trail: who did what to what, when, from what to what, and why; newest first.

Its first source are the facts. Beside them stand the histories of rules, what was pressed in the
admin, and the stores' switches. A page looks at a bounded number of facts, by an index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.events.models import Fact
from hub.history import ADDED, CHANGED
from hub.staff.changes import Change, changes_in
from hub.staff.people import name_of
from hub.staff.pressed import pressed_in, words_of
from hub.stores.models import Store, StoreSwitch

PAGE = 60
LOOKED_AT = 300  # facts at most, of which a page shows those of the reader's stores
MOST_OF_EACH = 60  # lines of every other source within the span of a page
LONGEST_ROW = 200  # characters that tell of a row that came or went
MILLISECOND_BITS = 80
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
BY_STAFF = "actor::text LIKE 'staff:%%'"  # as the index says it, so that the planner finds it
_OWN = ("hub", "inventory", "orders", "notifications")
_SWITCHED = "store.switched"  # told by its own table, with the reason


@dataclass(frozen=True)
class Asked:
    """What a reader looks for. ``stores`` are those he may see, None for all; ``store`` one of
    them; ``person`` a user's key; ``after`` the public id of the last fact seen, with its time."""

    stores: frozenset[int] | None = None
    store: int | None = None
    person: int | None = None
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: str = ""

    def among(self) -> frozenset[int] | None:
        """The stores whose rows are asked for; None for all."""
        if self.store is None:
            return self.stores
        one = frozenset([self.store])
        return one if self.stores is None else one & self.stores

    def shows(self, stores: Iterable[int]) -> bool:
        """Whether something of these stores is among what was asked for."""
        among = self.among()
        return among is None or not among.isdisjoint(stores)


@dataclass(frozen=True)
class Told:
    """What an app says of one fact: in words, about what, where to read on, of which stores, what
    was before and after, and why."""

    title: str
    of: str
    link: str = ""
    stores: tuple[int, ...] = ()
    why: str = ""
    after: str = ""
    before: str = ""


@dataclass(frozen=True)
class Line:
    """One line of the trail."""

    at: datetime
    who: str
    what: str
    of: str = ""
    link: str = ""
    before: str = ""
    after: str = ""
    why: str = ""


@dataclass(frozen=True)
class Trail:
    """A page of lines; ``older`` is where the next one begins, empty at the end."""

    lines: list[Line]
    older: str = ""


def trail(asked: Asked) -> Trail:
    """What was asked for, newest first, with what happened meanwhile in the other sources."""
    facts, seen_all = _facts(asked)
    told = _tell(facts)
    lines = [
        (_line(fact, told[fact.pk]), fact)
        for fact in facts
        if fact.name != _SWITCHED and asked.shows(told[fact.pk].stores)
    ]
    shown = lines[:PAGE]
    last = shown[-1][1] if len(lines) > PAGE else (facts[-1] if facts and not seen_all else None)
    since, until = last.occurred_at if last else asked.since, _begins(asked)
    span = _Span(since, until)
    named = _names(fact.actor for _line_of, fact in shown)
    mine = [_named(line, named) for line, _fact in shown]
    rest = [] if asked.subject else _rest(asked, span)
    ordered = sorted([*mine, *rest], key=lambda line: line.at, reverse=True)
    return Trail(ordered, last.public_id if last else "")


def _rest(asked: Asked, span: _Span) -> list[Line]:
    switched = _switches(asked, span)
    named = _names(line.who for line in switched)
    known = [_named(line, named) for line in switched]
    return [*known, *_pressed(asked, span), *_changes(asked, span)]


@dataclass(frozen=True)
class _Span:
    since: datetime | None
    until: datetime | None

    def within(self, field: str) -> Q:
        """Rows whose time lies in the span."""
        found = Q()
        if self.since:
            found &= Q(**{f"{field}__gte": self.since})
        if self.until:
            found &= Q(**{f"{field}__lt": self.until})
        return found


def _facts(asked: Asked) -> tuple[list[Fact], bool]:
    """The newest facts asked for, ``LOOKED_AT`` at most, and whether these are all."""
    rows = Fact.objects.all()
    if asked.person is not None:
        rows = rows.extra(where=[BY_STAFF]).filter(actor=f"staff:{asked.person}")  # noqa: S610
    if asked.subject:
        rows = rows.filter(subject=asked.subject)
    if asked.since:
        rows = rows.filter(public_id__gte=_first_id(asked.since))
    bound = asked.after or (_first_id(asked.until) if asked.until else "")
    if bound:
        rows = rows.filter(public_id__lt=bound)
    found = list(rows.order_by("-public_id")[: LOOKED_AT + 1])
    return found[:LOOKED_AT], len(found) <= LOOKED_AT


def _first_id(at: datetime) -> str:
    """The least public id that a fact of that millisecond can have: ids sort by time."""
    number = int(at.timestamp() * 1000) << MILLISECOND_BITS
    return "evt_" + "".join(LETTERS[number >> shift & 31] for shift in range(125, -1, -5))


def _begins(asked: Asked) -> datetime | None:
    """Before which moment the page's lines lie: that of the last fact of the page before."""
    if not asked.after:
        return asked.until
    at = Fact.objects.filter(public_id=asked.after).values_list("occurred_at", flat=True).first()
    return at or asked.until


def _tell(facts: Sequence[Fact]) -> dict[int, Told]:
    """What the apps say of each; of what none of them knows, its name and its store."""
    told = {fact.pk: _plain(fact) for fact in facts}
    for teller in tellers():
        told |= teller(facts)
    return told


@cache
def tellers() -> tuple[Callable[[Sequence[Fact]], dict[int, Told]], ...]:
    """``tell`` of each app's ``audit`` module: this package imports no app by name."""
    names = [f"{config.name}.audit" for config in apps.get_app_configs()]
    own = [name for name in names if name.partition(".")[0] in _OWN and name != __name__]
    return tuple(import_module(name).tell for name in own if find_spec(name))


def _plain(fact: Fact) -> Told:
    store = fact.data.get("store_id")
    stores = (store,) if isinstance(store, int) else ()
    return Told(fact.name, fact.subject, stores=stores, after=details(fact.data))


def details(data: dict[str, Any]) -> str:
    """What a fact carries besides keys, as words."""
    plain = {
        name: value
        for name, value in data.items()
        if not name.endswith(("_id", "_ids")) and isinstance(value, str | int | float | bool)
    }
    return ", ".join(f"{name}: {value}" for name, value in plain.items() if value != "")


def _line(fact: Fact, told: Told) -> Line:
    what, of, link = told.title, told.of, told.link
    return Line(fact.occurred_at, fact.actor, what, of, link, told.before, told.after, told.why)


def _named(line: Line, named: dict[str, str]) -> Line:
    who = named.get(line.who, line.who) or _("the hub")
    return Line(**(vars(line) | {"who": who}))


def _names(actors: Iterable[str]) -> dict[str, str]:
    keys = {actor: actor.partition(":")[2] for actor in set(actors) if actor.startswith("staff:")}
    people = User.objects.in_bulk([int(key) for key in keys.values() if key.isdecimal()])
    known = {actor: people.get(int(key)) for actor, key in keys.items() if key.isdecimal()}
    return {actor: name_of(person) for actor, person in known.items() if person}


def _switches(asked: Asked, span: _Span) -> list[Line]:
    """What leads switched on and off, and why. Told by name: rows keep no key of the person."""
    rows = StoreSwitch.objects.select_related("store")
    if asked.stores is not None:
        rows = rows.filter(store__in=asked.stores)
    if asked.store is not None:
        rows = rows.filter(store=asked.store)
    if asked.person is not None:
        name = User.objects.filter(pk=asked.person).values_list("username", flat=True).first()
        who = [f"staff:{asked.person}", name]
        rows = rows.filter(Q(opened_by__in=who) | Q(closed_by__in=who))
    link = reverse("admin:stores_storeswitch_board")
    on, off = _("off"), _("on")
    lines = []
    for row in rows.filter(span.within("opened_at")).order_by("-opened_at")[:MOST_OF_EACH]:
        what = row.get_kind_display()
        lines.append(
            Line(row.opened_at, row.opened_by, what, str(row.store), link, on, off, row.reason)
        )
    closed = rows.filter(span.within("closed_at"), closed_at__isnull=False)
    for row in closed.order_by("-closed_at")[:MOST_OF_EACH]:
        what, at = row.get_kind_display(), row.closed_at or row.opened_at
        lines.append(Line(at, row.closed_by or _("the hub"), what, str(row.store), link, off, on))
    return lines


def _pressed(asked: Asked, span: _Span) -> list[Line]:
    """What was pressed in the admin; who works for some stores sees what was done to their tablets,
    badges and PINs."""
    mine = asked.among()
    every = LogEntry.objects.all() if mine is None else pressed_in(mine)
    rows = every.filter(span.within("action_time"))
    if asked.person is not None:
        rows = rows.filter(user_id=asked.person)
    newest = rows.select_related("user", "content_type").order_by("-pk")[:MOST_OF_EACH]
    return [
        Line(
            at=row.action_time,
            who=name_of(row.user),
            what=words_of(row),
            of=f"{row.content_type.name if row.content_type else ''} {row.object_repr}".strip(),
        )
        for row in newest
    ]


def _changes(asked: Asked, span: _Span) -> list[Line]:
    """What was changed of rules and settings, field by field."""
    lines: list[Line] = []
    for model in _histories():
        rows = _of_reader(model, asked).filter(span.within("history_date"))
        if asked.person is not None:
            rows = rows.filter(actor=f"staff:{asked.person}")
        for change in changes_in(rows, most=MOST_OF_EACH, words={}):
            lines += _of_change(change)
    return sorted(lines, key=lambda line: line.at, reverse=True)[:MOST_OF_EACH]


@cache
def _histories() -> tuple[Any, ...]:
    """The history tables of rules and settings."""
    found = [model for config in apps.get_app_configs() for model in config.get_models()]
    return tuple(
        model
        for model in found
        if hasattr(model, "history_date") and hasattr(model, "instance_type")
    )


def _of_reader(model: Any, asked: Asked) -> Any:
    """The rows of the reader's stores; of tables without stores only for those who see all."""
    rows = model.objects.all()
    path = "id" if model.instance_type is Store else "store_id"
    if asked.stores is None and asked.store is None:
        return rows
    if path == "store_id" and not any(one.attname == path for one in model.tracked_fields):
        return rows.none()
    if asked.stores is not None:
        rows = rows.filter(**{f"{path}__in": asked.stores})
    return rows.filter(**{path: asked.store}) if asked.store is not None else rows


def _of_change(change: Change) -> Iterable[Line]:
    """A line for each field that changed; one for a row that came or went."""
    of = f"{change.what} {change.of}".strip()
    if change.kind != CHANGED or not change.steps:
        came = change.kind == ADDED
        told = "; ".join(
            f"{one.label}: {one.after if came else one.before}" for one in change.steps
        )
        told = told if len(told) <= LONGEST_ROW else f"{told[:LONGEST_ROW]}…"
        before, after = ("", told) if came else (told, "")
        yield Line(change.at, change.who, change.verb, of, "", before, after, change.why)
        return
    for step in change.steps:
        what = f"{change.verb}: {step.label}"
        yield Line(change.at, change.who, what, of, "", step.before, step.after, change.why)


def day_begins(text: str) -> datetime | None:
    """The beginning (UTC) of a day written as 2026-11-22, or None."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
