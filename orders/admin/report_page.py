"""What the pages of reports show: figures beside those before, charts, and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from hub.stores.models import Store
from orders.admin.report_charts import (
    NARROW,
    WIDE,
    Chart,
    Row,
    chart,
    nice_steps,
    share_steps,
    spark,
    time_steps,
)
from orders.admin.report_scope import Asked
from orders.admin.report_words import Change, change, length, reason_words, said, tick
from orders.models import DayReason
from orders.reporting.measures import Kind, Measure
from orders.reporting.reading import (
    Sum,
    View,
    by_item,
    by_reason,
    by_step,
    by_store,
    overview,
    whole_of,
    with_percentiles,
)

MOST_STORES = 20
DAYS_OF_WEEK = 7


@dataclass(frozen=True)
class Tile:
    """One measure on the first page of reports."""

    measure: Measure
    value: str
    note: str
    change: Change
    spark: str


@dataclass(frozen=True)
class Table:
    """Numbers that can be taken along: ``cells`` for people, ``raw`` for a spreadsheet.

    ``shares`` are the lengths of the bars beside the rows, in percent; none where there are none.
    The first ``names`` columns are words.
    """

    key: str
    title: str
    header: Sequence[str]
    cells: Sequence[Sequence[str]]
    raw: Sequence[Sequence[object]]
    shares: Sequence[float] = ()
    note: str = ""
    names: int = 1


def tiles(known: Sequence[Measure], asked: Asked) -> list[tuple[str, list[Tile]]]:
    """The measures in their groups, with what they were before and how they went day by day."""
    found = overview(known, asked.view)
    groups: dict[str, list[Tile]] = {}
    for measure in known:
        groups.setdefault(str(measure.group), []).append(_tile(measure, found[measure.key], asked))
    return list(groups.items())


def _tile(measure: Measure, days: Mapping[date, Sum], asked: Asked) -> Tile:
    view, before = asked.view, asked.view.before
    now = whole_of(one for day, one in days.items() if view.first <= day <= view.last)
    then = whole_of(one for day, one in days.items() if before.first <= day <= before.last)
    value = now.value(measure)
    by_day = [days[day] if day in days else Sum() for day in _days(view)]
    line = [one.mean if measure.kind is Kind.TIME else one.value(measure) for one in by_day]
    return Tile(
        measure,
        said(measure.kind, value),
        _note(measure, now),
        change(measure, value, then.value(measure)),
        spark(line),
    )


def _note(measure: Measure, whole: Sum) -> str:
    if measure.kind is Kind.COUNT:
        return ""
    number = said(Kind.COUNT, whole.whole)
    if measure.kind is Kind.SHARE:
        return _("of %(number)s %(what)s") % {"number": number, "what": measure.whole_words}
    if not whole.buckets:
        return ""
    most = {"length": length(whole.most or 0), "number": number}
    return _("half of %(number)s; nine of ten in %(length)s") % most


def measured(measure: Measure, asked: Asked) -> dict[str, Any]:
    """One measure: its figure, its chart and its tables."""
    now, before = by_step(measure, asked.view), by_step(measure, asked.view.before)
    whole, then = whole_of(now.values()), whole_of(before.values())
    value, value_before = whole.value(measure), then.value(measure)
    tables = [steps_table(measure, now, before, asked.view), *breakdown(measure, asked.view)]
    return {
        "measure": measure,
        "value": said(measure.kind, value),
        "note": _note(measure, whole),
        "before": said(measure.kind, value_before),
        "change": change(measure, value, value_before),
        "charts": charts(measure, now, before, asked.view) if _is_something(now) else [],
        "tables": [(table, _with_shares(table)) for table in tables],
    }


def breakdown(measure: Measure, view: View) -> list[Table]:
    """By store, where there are several, and by reason."""
    found = []
    if view.stores is None or len(view.stores) > 1:
        found.append(stores_table(measure, view, most=MOST_STORES))
    for kind in measure.reasons:
        found.append(reasons_table(kind, view))
        if kind != DayReason.Kind.REJECTED:
            found.append(items_table(kind, view))
    return found


def table_of(measure: Measure, key: str, view: View) -> Table | None:
    """One table by its key, whole; None for a key that this measure has not."""
    if key == "steps":
        return steps_table(measure, by_step(measure, view), by_step(measure, view.before), view)
    if key == "stores":
        return stores_table(measure, view, most=None)
    what, _dash, kind = key.partition("-")
    if kind not in measure.reasons:
        return None
    makers = {"reasons": reasons_table, "items": items_table}
    return makers[what](kind, view) if what in makers else None


def charts(
    measure: Measure, now: Mapping[date, Sum], before: Mapping[date, Sum], view: View
) -> list[tuple[str, Chart]]:
    """The chart for a wide and for a narrow screen."""
    steps = view.steps
    names = [step_words(step, view) for step in steps]
    rows = _rows(measure, now, before, steps, names)
    most = max((value for row in rows for value in row.values if value is not None), default=0)
    makers = {Kind.SHARE: share_steps, Kind.TIME: time_steps, Kind.COUNT: nice_steps}
    scale = [(value, tick(measure.kind, value)) for value in makers[measure.kind](most)]
    sizes = (("wide", WIDE), ("narrow", NARROW))
    return [(name, chart(rows, names, size=size, scale=scale)) for name, size in sizes]


def _rows(
    measure: Measure,
    now: Mapping[date, Sum],
    before: Mapping[date, Sum],
    steps: Sequence[date],
    names: Sequence[str],
) -> list[Row]:
    def row(name: str, values: Sequence[float | None], what: str, *, bars: bool = False) -> Row:
        words = [
            f"{step}: {said(measure.kind, value)} {what}".strip()
            for step, value in zip(names, values, strict=False)
        ]
        return Row(name, values, words, bars=bars)

    ones = [now[step] for step in steps]
    # the days before, each beside its successor; of weeks there may be one more than these
    known = [old.value(measure) for old in before.values()][-len(steps) :]
    olds: list[float | None] = [*([None] * (len(steps) - len(known))), *known]
    values = [one.value(measure) for one in ones]
    if measure.kind is Kind.TIME:
        most = [one.most for one in ones]
        return [row("most", most, _("nine of ten")), row("now", values, _("half"))]
    return [row("now", values, "", bars=True), row("before", olds, _("before"))]


def steps_table(
    measure: Measure, now: Mapping[date, Sum], before: Mapping[date, Sum], view: View
) -> Table:
    """Step by step, with the sums it is made of, then the days before in one line."""
    sums = [(step_words(step, view), step, one) for step, one in now.items()]
    then = whole_of(before.values())
    cells = [[words, *_cells(measure, one)] for words, _step, one in sums]
    cells.append([_("Before that"), *_cells(measure, then)])
    cells.insert(0, [_("All together"), *_cells(measure, whole_of(now.values()))])
    raw = [[step, *_raw(measure, one)] for _words, step, one in sums]
    when = _("Week from") if view.step == "week" else _("Day")
    return Table("steps", _("The numbers"), [when, *_columns(measure)], cells, raw)


def stores_table(measure: Measure, view: View, *, most: int | None) -> Table:
    """Store by store, those that need a look first."""
    sums = by_store(measure, view)
    sign = -1 if measure.better <= 0 else 1
    worst = sorted(sums, key=lambda key: (sign * (_rough(measure, sums[key]) or 0), key))
    shown = worst[:most]
    if measure.kind is Kind.TIME:
        with_percentiles(measure, view, sums, shown)
    names = {store.pk: str(store) for store in Store.objects.filter(pk__in=shown)}
    longest = max((_rough(measure, sums[key]) or 0 for key in shown), default=0) or 1
    cells = [[names.get(key, "–"), *_cells(measure, sums[key])] for key in shown]
    raw = [[names.get(key, ""), *_raw(measure, sums[key])] for key in shown]
    shares = [round(100 * (_rough(measure, sums[key]) or 0) / longest, 1) for key in shown]
    left = len(worst) - len(shown)
    note = _("%(number)s more stores are in the file") % {"number": left} if left > 0 else ""
    header = [_("Store"), *_columns(measure)]
    return Table("stores", _("By store"), header, cells, raw, shares, note)


def reasons_table(kind: str, view: View) -> Table:
    """Why, the most frequent reason first."""
    found = [(reason_words(kind, reason), count) for reason, count in by_reason(kind, view)]
    whole = sum(count for _reason, count in found) or 1
    percents = [100 * count / whole for _reason, count in found]
    cells = [
        [words, said(Kind.COUNT, count), said(Kind.SHARE, percent)]
        for (words, count), percent in zip(found, percents, strict=True)
    ]
    unit = _("Orders") if kind == DayReason.Kind.REJECTED else _("Units")
    title = {
        DayReason.Kind.SHORT: _("Why units were missing"),
        DayReason.Kind.REJECTED: _("Why orders were turned down"),
        DayReason.Kind.REJECTED_ITEM: _("Why goods were turned down"),
    }[DayReason.Kind(kind)]
    header = [_("Reason"), unit, _("Share")]
    return Table(
        f"reasons-{kind}", title, header, cells, found, [round(one, 1) for one in percents]
    )


def items_table(kind: str, view: View) -> Table:
    """Which goods, the most missed first."""
    found = by_item(kind, view)
    most = max((count for _sku, _name, count in found), default=0) or 1
    short = kind == DayReason.Kind.SHORT
    return Table(
        f"items-{kind}",
        _("Goods that were missing most") if short else _("Goods turned down most"),
        [_("SKU"), _("Name"), _("Units")],
        [[sku, name, said(Kind.COUNT, count)] for sku, name, count in found],
        found,
        [round(100 * count / most, 1) for _sku, _name, count in found],
        names=2,
    )


def step_words(step: date, view: View) -> str:
    """A day as people say it, the year left out; the weekday where each comes once."""
    short = (view.last - view.first).days < DAYS_OF_WEEK
    return date_format(step, "D j M" if short else "j M")


def _columns(measure: Measure) -> list[str]:
    if measure.kind is Kind.COUNT:
        return [str(measure.title)]
    if measure.kind is Kind.TIME:
        return [_("Half at most"), _("Nine of ten at most"), _("Average"), _("How many")]
    return [str(measure.title), _("Number"), str(measure.whole_words).capitalize()]


def _cells(measure: Measure, one: Sum) -> list[str]:
    if measure.kind is Kind.COUNT:
        return [said(Kind.COUNT, one.part)]
    if measure.kind is Kind.TIME:
        lengths = [one.value(measure) if one.buckets else None, one.most, one.mean]
        return [*(said(Kind.TIME, value) for value in lengths), said(Kind.COUNT, one.whole)]
    numbers = (said(Kind.COUNT, one.part), said(Kind.COUNT, one.whole))
    return [said(Kind.SHARE, one.value(measure)), *numbers]


def _raw(measure: Measure, one: Sum) -> list[object]:
    """Percent and seconds as numbers; an empty cell where there is nothing."""
    if measure.kind is Kind.COUNT:
        return [one.part]
    if measure.kind is Kind.TIME:
        lengths = [one.value(measure) if one.buckets else None, one.most, one.mean]
        return [*(None if value is None else round(value, 1) for value in lengths), one.whole]
    value = one.value(measure)
    return [None if value is None else round(value, 2), one.part, one.whole]


def _rough(measure: Measure, one: Sum) -> float | None:
    """What stores are put in order by: of times the average."""
    return one.mean if measure.kind is Kind.TIME else one.value(measure)


def _is_something(sums: Mapping[date, Sum]) -> bool:
    return any(one.part or one.whole for one in sums.values())


def _days(view: View) -> list[date]:
    return View(first=view.first, last=view.last).steps


def _with_shares(table: Table) -> list[tuple[Sequence[str], float | None]]:
    """Each row beside the length of its bar."""
    shares: Sequence[float | None] = table.shares or [None] * len(table.cells)
    return list(zip(table.cells, shares, strict=True))
