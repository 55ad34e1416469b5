"""The pages of reports: all measures at once, one of them in full, and its numbers as a file."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from hub.staff.exporting import FORMATS
from hub.staff.fresh import fresh_login_required
from hub.staff.scope import StoreWorkAdmin
from orders.admin.report_page import measured, table_of, tiles
from orders.admin.report_scope import LENGTHS, STEPS, asked_of, choices_of
from orders.models import DayFigures
from orders.reporting.measures import Measure, measures

EXPORT = "staff.export_data"
CONNECTIONS = "stores.change_posconnection"


@admin.register(DayFigures)
class DayFiguresAdmin(StoreWorkAdmin[DayFigures]):
    """The days as they are kept; beside them the pages that read them."""

    list_display = [
        *("whose", "day", "placed", "accepted", "ready", "completed", "rejected", "expired"),
        *("due", "in_time", "asked", "filled", "short", "arrived"),
    ]
    list_select_related = ["store"]
    search_fields = ["=store__code"]
    search_help_text = gettext_lazy("Store code")
    ordering = ["-day", "id"]
    fields = ["whose", *(field.name for field in DayFigures._meta.fields[2:])]

    def get_urls(self) -> list[URLPattern]:
        """The reports come before the pages of single rows."""
        wrap = self.admin_site.admin_view
        name = "orders_dayfigures"
        return [
            path("report/", wrap(self.report_view), name=f"{name}_report"),
            path("report/<slug:key>/", wrap(self.measure_view), name=f"{name}_measure"),
            path("report/<slug:key>/file/", wrap(self.export_view), name=f"{name}_export"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("Store"), ordering="store")
    def whose(self, row: DayFigures) -> str:
        """The store, or the chain."""
        return str(row.store) if row.store else _("All stores")

    @method_decorator(require_GET)
    def report_view(self, request: HttpRequest) -> HttpResponse:
        """Every measure as a figure with its line, beside the days before."""
        known = self._open_to(request)
        if not known:
            raise Http404
        context = self._context(request, _("Reports"))
        context |= {"groups": tiles(list(known.values()), asked_of(request))}
        return TemplateResponse(request, "admin/orders/reports.html", context)

    @method_decorator(require_GET)
    def measure_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """One measure: chart, numbers, stores and reasons."""
        known = self._open_to(request)
        measure = _measure(known, key)
        asked = asked_of(request)
        same = [one for one in known.values() if str(one.group) == str(measure.group)]
        context = self._context(request, str(measure.title)) | {
            **measured(measure, asked),
            "same": same,
            "may_export": request.user.has_perm(EXPORT),
            "formats": list(FORMATS),
        }
        return TemplateResponse(request, "admin/orders/report.html", context)

    @method_decorator(require_GET)
    @method_decorator(fresh_login_required)  # type: ignore[arg-type]  # a file is an answer too
    def export_view(self, request: HttpRequest, key: str) -> HttpResponseBase:
        """One table of a measure as a file, for those who may take data along."""
        measure = _measure(self._open_to(request), key)
        asked = asked_of(request)
        if not request.user.has_perm(EXPORT):
            raise PermissionDenied
        table = table_of(measure, request.GET.get("table", ""), asked.view)
        make = FORMATS.get(request.GET.get("format", ""))
        if table is None or make is None:
            raise Http404
        name = f"{key}-{table.key}-{asked.view.first}-{asked.view.last}"
        return make(name, table.header, table.raw)

    def opens(self, request: HttpRequest, view: str) -> bool:
        """The reports open for whoever may read one of them."""
        return bool(self._open_to(request)) if view == "report" else super().opens(request, view)

    def _open_to(self, request: HttpRequest) -> dict[str, Measure]:
        """The measures that the person may read, of the stores that he sees: all who work in a
        store, and those of connections whoever looks after them."""
        if self.has_view_permission(request):
            return measures()
        if not request.user.has_perm(CONNECTIONS):
            return {}
        return {key: one for key, one in measures().items() if one.of_connections}

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        choices, more = choices_of(request)
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "asked": asked_of(request),
            "choices": choices,
            "more_stores": more,
            "lengths": LENGTHS.items(),
            "steps": STEPS.items(),
        }


def _measure(known: dict[str, Measure], key: str) -> Measure:
    found = known.get(key)
    if found is None:
        raise Http404
    return found
