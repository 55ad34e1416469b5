# ruff: noqa: ARG002  an override takes all that Django passes
"""Pages that let a table out as a file, and a file in: looked at first, then taken whole."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar

from django.contrib import messages
from django.db import models
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_protect

from hub.history import because
from hub.staff.effects import Effect
from hub.staff.exporting import FORMATS
from hub.staff.fresh import fresh_login_required
from hub.staff.pages import HubAdmin
from hub.staff.refusals import refused
from hub.staff.tables.keeping import drop, keep, kept
from hub.staff.tables.reading import (
    MOST_BYTES,
    MOST_ROWS,
    TableRefused,
    TableTooLarge,
    read_table,
    too_large,
)
from hub.staff.tables.resource import MOST_SHOWN, Outcome, TableResource

M = TypeVar("M", bound=models.Model)

EXPORT = "staff.export_data"
ICON = "table_view"
_OVERHEAD = 64 * 1024  # of the form around the file


class TableAdmin(HubAdmin[M]):
    """A page whose rows go out and come in as tables; ``tables`` are its tables by name.

    Who may see the page and take data out gets the file; who may add or change rows sends one.
    """

    tables: ClassVar[dict[str, tuple[Any, type[TableResource]]]] = {}
    fresh_for_import: ClassVar[bool] = False
    list_before_template = "admin/staff/list_tools.html"

    def get_urls(self) -> list[URLPattern]:
        """Each table has an address for either way."""
        wrap, named = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}_"
        own = [
            path("table/<slug:table>/out/<slug:form>/", wrap(self.out_view), name=f"{named}out"),
            path("table/<slug:table>/in/", wrap(self.in_view), name=f"{named}in"),
        ]
        return [*own, *super().get_urls()]

    def list_tools(self, request: HttpRequest) -> list[tuple[str, str, str]]:
        """With the ways out and in."""
        before = getattr(super(), "list_tools", None)
        tools = list(before(request)) if before else []
        named = f"admin:{self.opts.app_label}_{self.opts.model_name}_"
        if not (self._may_take_in(request) or self._may_take_out(request)):
            return tools
        return tools + [
            (
                _("%(table)s as a table") % {"table": title},
                reverse(f"{named}in", args=[table]),
                ICON,
            )
            for table, (title, _resource) in self.tables.items()
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with links to the tables."""
        more = {"list_tools": self.list_tools(request)}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def effects_of_table(
        self, outcome: Outcome, resource: TableResource, change: Callable[[], object]
    ) -> list[Effect]:
        """What taking the file in does beyond its own rows."""
        return []

    def out_view(self, request: HttpRequest, table: str, form: str) -> HttpResponseBase:
        """The table as a download, of what the person may see; after a fresh login."""
        send: Any = self._table_out
        return fresh_login_required(send)(request, table, form)

    def _table_out(self, request: HttpRequest, table: str, form: str) -> HttpResponseBase:
        if not self._may_take_out(request) or form not in FORMATS:
            raise Http404
        resource = self._table_resource(request, table)
        return FORMATS[form](table, resource.header(), resource.lines())

    def in_view(self, request: HttpRequest, table: str) -> HttpResponse:
        """Offer the table, and ask for a file; show what it changes and what is wrong in it;
        take it in."""
        may_in = self._may_take_in(request)
        if not may_in and (request.method != "GET" or not self._may_take_out(request)):
            raise Http404
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES + _OVERHEAD:
            # before anything of it is read, the form's own proof included: it is refused anyway
            error = TableTooLarge(too_large())
            messages.error(request, f"{refused(error)} ({error.code})")
            return HttpResponseRedirect(request.path, status=HTTPStatus.SEE_OTHER)
        if self.fresh_for_import:
            reply: HttpResponse = fresh_login_required(csrf_protect(self._table_take))(
                request, table
            )
            return reply
        return csrf_protect(self._table_take)(request, table)

    in_view.csrf_exempt = True  # type: ignore[attr-defined]  # checked once the size is known

    def _table_take(self, request: HttpRequest, table: str) -> HttpResponse:
        if request.method != "POST":
            return self._table_asked(request, table)
        try:
            if "confirm" in request.POST:
                return self._table_confirmed(request, table)
            return self._table_looked(request, table)
        except TableRefused as error:
            return self._table_asked(request, table, error)

    def _table_looked(self, request: HttpRequest, table: str) -> HttpResponse:
        upload = request.FILES.get("file")
        if upload is None:
            raise TableRefused(_("choose a file"))
        if (upload.size or 0) > MOST_BYTES:
            raise TableTooLarge(too_large())
        found = read_table(upload.read())
        resource = self._table_resource(request, table)
        outcome = resource.take(found, save=False)
        token = ""
        if not outcome.faults and outcome.differences:
            token = keep(found, user_id=_key(request), what=self._table_name(table))
        effects = []
        if token:
            carry_out = self._table_resource(request, table)
            mark = outcome.mark
            effects = self.effects_of_table(
                outcome, resource, lambda: carry_out.take(found, save=True, mark=mark)
            )
        return self._table_shown(request, table, outcome, token, effects)

    def _table_confirmed(self, request: HttpRequest, table: str) -> HttpResponse:
        """Take the file in as it was looked at, or show it again when something has changed."""
        token, who, what = request.POST["confirm"], _key(request), self._table_name(table)
        found = kept(token, user_id=who, what=what)
        resource = self._table_resource(request, table)
        with because(request.POST.get("_reason", "") or _("from a file")):
            outcome = resource.take(found, save=True, mark=request.POST.get("mark", ""))
        if outcome.faults or outcome.mark != request.POST.get("mark", ""):
            messages.warning(request, _("Something has changed meanwhile. Look at it again."))
            again = "" if outcome.faults else token
            return self._table_shown(request, table, outcome, again, [])
        drop(token, user_id=who, what=what)
        messages.success(request, _taken(outcome))
        return self.response_taken(request, outcome)

    def response_taken(self, request: HttpRequest, outcome: Outcome) -> HttpResponse:
        """Where the person goes on after the file was taken in: the list."""
        page = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        return HttpResponseRedirect(reverse(page), status=HTTPStatus.SEE_OTHER)

    def _table_resource(self, request: HttpRequest, table: str) -> TableResource:
        if table not in self.tables:
            raise Http404
        return self.tables[table][1](
            request,
            may_add=self.has_add_permission(request),
            may_change=self.has_change_permission(request),
        )

    def _may_take_in(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) or self.has_change_permission(request)

    def _may_take_out(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(EXPORT)

    def _table_name(self, table: str) -> str:
        return f"{self.opts.label_lower}.{table}"

    def _table_asked(
        self, request: HttpRequest, table: str, error: TableRefused | None = None
    ) -> HttpResponse:
        context = {
            **self._table_page(request, table),
            "columns": [
                (name, name in resource.required)
                for resource in [self._table_resource(request, table)]
                for name in resource.header()
            ],
            "error": refused(error) if error else "",
            "code": error.code if error else "",
            "most_rows": MOST_ROWS,
            "most_megabytes": MOST_BYTES // 2**20,
            "formats": list(FORMATS) if self._may_take_out(request) else [],
            "may_take_in": self._may_take_in(request),
        }
        status = HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK
        return TemplateResponse(request, "admin/staff/table_in.html", context, status=status)

    def _table_shown(
        self,
        request: HttpRequest,
        table: str,
        outcome: Outcome,
        token: str,
        effects: list[Effect],
    ) -> HttpResponse:
        context = {
            **self._table_page(request, table),
            "outcome": outcome,
            "shown": outcome.differences[:MOST_SHOWN],
            "faults": outcome.faults[:MOST_SHOWN],
            "counts": _counts(outcome),
            "token": token,
            "effects": effects,
        }
        return TemplateResponse(request, "admin/staff/table_look.html", context)

    def _table_page(self, request: HttpRequest, table: str) -> dict[str, Any]:
        if table not in self.tables:
            raise Http404
        named = f"admin:{self.opts.app_label}_{self.opts.model_name}_"
        return {
            **self.admin_site.each_context(request),
            "title": _as_table(self.tables[table][0]),
            "opts": self.opts,
            "table": table,
            "list_url": reverse(f"{named}changelist"),
            "out_name": f"{named}out",
        }


def _key(request: HttpRequest) -> int:
    return int(request.user.pk or 0)


def _as_table(title: object) -> str:
    return _("%(table)s as a table") % {"table": title}


def _counts(outcome: Outcome) -> list[tuple[str, int, str]]:
    """How many rows are new, changed, as they were, and wrong, with the tone of each."""
    return [
        (_("new"), outcome.count("new"), "success"),
        (_("changed"), outcome.count("update"), "info"),
        (_("as they were"), outcome.unchanged, ""),
        (_("faults"), len(outcome.faults), "danger"),
    ]


def _taken(outcome: Outcome) -> str:
    count = len(outcome.differences)
    return ngettext("%(count)s row was taken in.", "%(count)s rows were taken in.", count) % {
        "count": count
    }
