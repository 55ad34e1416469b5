"""The calendar of opening hours: a month of one store, a week of many, and days that differ."""

from __future__ import annotations

from calendar import Calendar as Weeks
from dataclasses import dataclass
from datetime import date, time, timedelta
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hub import clock
from hub.errors import HubError
from hub.history import because
from hub.staff.effects import (
    CONFIRMED,
    SEEN,
    changed_meanwhile,
    effects_on_stores,
    first_reply,
    keep_reply,
    mark_of,
    preview_page,
)
from hub.staff.history import REASON
from hub.staff.refusals import refused
from hub.staff.scope import stores_for
from hub.stores.exceptional_days import check_days, clear_days, on_days, set_days
from hub.stores.models import HoursException, Store, StoreGroup
from hub.stores.services import calendar_of

STORES_A_PAGE = 25
MOST_TO_CHOOSE = 200
CHANGE = "stores.change_hoursexception"
WEEK = timedelta(days=7)
FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True)
class Cell:
    """One day of one store: its hours in words, and why they differ when they do."""

    day: date
    hours: str
    is_open: bool
    exception: HoursException | None
    outside: bool
    is_today: bool


class DaysForm(forms.Form):
    """Which days of which stores get which hours."""

    first = forms.DateField()
    last = forms.DateField(required=False)
    opens = forms.TimeField(required=False)
    closes = forms.TimeField(required=False)
    reason = forms.CharField(required=False, max_length=100)
    usual = forms.BooleanField(required=False)


@dataclass(frozen=True)
class Asked:
    """What the form asks for."""

    stores: list[Store]
    days: list[date]
    opens: time | None
    closes: time | None
    reason: str
    usual: bool

    @property
    def keys(self) -> list[int]:
        """The keys of the stores."""
        return [store.pk for store in self.stores]

    def carry_out(self) -> int:
        """Set the days, or give them their usual hours again; how many rows."""
        if self.usual:
            return clear_days(stores=self.keys, days=self.days)
        return set_days(
            stores=self.keys,
            days=self.days,
            opens=self.opens,
            closes=self.closes,
            reason=self.reason,
        )


def calendar_view(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The calendar; posted, what the new days do, and once confirmed they are set."""
    if request.method == "POST":
        if not request.user.has_perm(CHANGE):
            raise Http404
        with because(request.POST.get(REASON, "")):
            return _posted(request, context)
    code = request.GET.get("store", "").replace("\x00", "")
    page = _of_one(request, code) if code else _of_many(request)
    stores = stores_for(request).order_by("code")
    more = {
        "title": _("Calendar of opening hours"),
        "may_change": request.user.has_perm(CHANGE),
        "store_choices": stores[:MOST_TO_CHOOSE],
        "groups": StoreGroup.objects.filter(stores__in=stores).distinct(),
        "here": code,
        "reason_name": REASON,
        **page,
    }
    return TemplateResponse(request, "admin/stores/calendar.html", context | more)


def _of_one(request: HttpRequest, code: str) -> dict[str, Any]:
    """A month of one store, as weeks of cells."""
    store = get_object_or_404(stores_for(request), code=code)
    today = clock.now().astimezone(ZoneInfo(store.timezone)).date()
    month = _day(request.GET.get("day", ""), today).replace(day=1)
    weeks = Weeks().monthdatescalendar(month.year, month.month)
    cells = _cells(store, [day for week in weeks for day in week], today, month=month.month)
    return {
        "store": store,
        "heading": formats.date_format(month, "YEAR_MONTH_FORMAT"),
        "day_names": _day_names(weeks[0]),
        "weeks": [cells[start : start + 7] for start in range(0, len(cells), 7)],
        "before": (month - timedelta(days=1)).isoformat(),
        "after": (month + timedelta(days=31)).replace(day=1).isoformat(),
        "chosen": today.isoformat(),
    }


def _of_many(request: HttpRequest) -> dict[str, Any]:
    """A week of the person's stores, a page of them at a time."""
    today = clock.now().date()
    chosen = _day(request.GET.get("day", ""), today)
    monday = chosen - timedelta(days=chosen.weekday())
    days = [monday + timedelta(days=number) for number in range(7)]
    stores = _chosen_group(request, stores_for(request)).order_by("code")
    page = Paginator(stores, STORES_A_PAGE).get_page(request.GET.get("page"))
    rows = Store.objects.filter(pk__in=[store.pk for store in page])
    rows = rows.prefetch_related("hours", "exceptions").order_by("code")
    return {
        "heading": _("Week of %(day)s") % {"day": formats.date_format(monday)},
        "days": days,
        "day_names": _day_names(days),
        "rows": [(store, _cells(store, days, today)) for store in rows],
        "page": page,
        "before": (monday - WEEK).isoformat(),
        "after": (monday + WEEK).isoformat(),
        "chosen": today.isoformat(),
        "group_here": request.GET.get("group", ""),
    }


def _cells(store: Store, days: list[date], today: date, *, month: int = 0) -> list[Cell]:
    known = calendar_of(store)
    exceptions = {row.date: row for row in store.exceptions.all()}
    cells = []
    for day in days:
        spans = known.exceptions.get(day, known.hours.get(day.weekday(), ()))
        said = ", ".join(f"{span.opens:%H:%M}–{span.closes:%H:%M}" for span in sorted(spans))
        cells.append(
            Cell(
                day=day,
                hours=said or _("closed"),
                is_open=bool(spans),
                exception=exceptions.get(day),
                outside=bool(month) and day.month != month,
                is_today=day == today,
            )
        )
    return cells


def _posted(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    try:
        asked = _asked(request)
        check_days(stores=asked.keys, days=asked.days, opens=asked.opens, closes=asked.closes)
    except HubError as error:
        messages.error(request, refused(error))
        return HttpResponseRedirect(request.get_full_path(), status=HTTPStatus.SEE_OTHER)
    if CONFIRMED not in request.POST:
        return _previewed(request, asked, context)
    with transaction.atomic():
        if done := first_reply(request):
            return done
        if request.POST.get(SEEN, "") != _mark(asked):
            messages.warning(request, changed_meanwhile())
            return _previewed(request, asked, context)
        count = asked.carry_out()
        back = HttpResponseRedirect(_back(request, asked), status=HTTPStatus.SEE_OTHER)
        messages.success(request, _done(count))
        return keep_reply(request, back)


def _previewed(request: HttpRequest, asked: Asked, context: dict[str, Any]) -> HttpResponse:
    return preview_page(
        request,
        title=_("Change these days?"),
        said=_said(asked),
        effects=effects_on_stores(asked.keys, asked.carry_out),
        seen=_mark(asked),
        context=context,
    )


def _said(asked: Asked) -> list[tuple[str, Any]]:
    hours: str = _("closed all day")
    if asked.usual:
        hours = _("the usual hours again")
    elif asked.opens and asked.closes:
        hours = f"{asked.opens:%H:%M}–{asked.closes:%H:%M}"
    days = f"{asked.days[0]}" + (f" – {asked.days[-1]}" if len(asked.days) > 1 else "")
    codes = ", ".join(store.code for store in asked.stores[:12])
    more = len(asked.stores) - 12
    return [
        (_("days"), days),
        (_("hours"), hours),
        (_("why they differ"), asked.reason),
        (_("stores"), codes + (_(" and %(count)s more") % {"count": more} if more > 0 else "")),
    ]


def _asked(request: HttpRequest) -> Asked:
    """What the form says; raises WrongDays by way of ``check_days`` for what it leaves out."""
    form = DaysForm(request.POST)
    if not form.is_valid():
        return Asked([], [], None, None, "", False)
    said = form.cleaned_data
    first, last = said["first"], said["last"] or said["first"]
    span = min((last - first).days, 400) if FIRST <= first <= LAST else -1
    return Asked(
        stores=_chosen_stores(request),
        days=[first + timedelta(days=number) for number in range(span + 1)],
        opens=said["opens"],
        closes=said["closes"],
        reason=said["reason"].replace("\x00", ""),
        usual=said["usual"],
    )


def _chosen_stores(request: HttpRequest) -> list[Store]:
    """Those of the person's stores that were ticked, or are in the group that was chosen."""
    mine = stores_for(request).order_by("code")
    codes = [code.replace("\x00", "") for code in request.POST.getlist("store")]
    ticked = list(mine.filter(code__in=codes))
    group = request.POST.get("group", "")
    if group.isdecimal() and len(group) <= 18:  # noqa: PLR2004  a bigint
        ticked += list(mine.filter(groups=int(group)))
    return sorted({store.pk: store for store in ticked}.values(), key=lambda one: one.code)


def _chosen_group(request: HttpRequest, stores: QuerySet[Store]) -> QuerySet[Store]:
    group = request.GET.get("group", "")
    if group.isdecimal() and len(group) <= 18:  # noqa: PLR2004  a bigint
        return stores.filter(groups=int(group))
    return stores


def _mark(asked: Asked) -> str:
    """A mark of the exceptions that there are on these days."""
    rows = on_days(asked.keys, asked.days).order_by("store_id", "date")
    return mark_of(list(rows.values_list("store_id", "date", "opens", "closes", "reason")))


def _back(request: HttpRequest, asked: Asked) -> str:
    """The calendar of the month or week that was changed."""
    here = request.GET.get("store", "")
    place = f"store={here}&" if here and here in {store.code for store in asked.stores} else ""
    return f"{reverse('admin:stores_store_calendar')}?{place}day={asked.days[0].isoformat()}"


def _done(count: int) -> str:
    return ngettext("%(count)s day was changed.", "%(count)s days were changed.", count) % {
        "count": count
    }


def _day(text: str, otherwise: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return day if FIRST <= day <= LAST else otherwise


def _day_names(days: list[date]) -> list[str]:
    return [formats.date_format(day, "D") for day in days]
