# ruff: noqa: ARG002  an override takes all that Django passes
"""Pages of rules with their history: what was changed, by whom, when and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, TypeVar

from django.contrib.admin.utils import unquote
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from hub.history import because
from hub.staff.changes import Change, Words, changes_in
from hub.staff.pages import HubAdmin, is_store_bound
from hub.staff.scope import stores_for
from hub.stores.models import Store

M = TypeVar("M", bound=models.Model)

REASON = "_reason"
SHOWN = 40
LARGEST_KEY = 2**63 - 1

Owned = tuple[type[models.Model], dict[str, Any]]  # a model, and which of its rows


class RememberedAdmin(HubAdmin[M]):
    """A page whose rows have a history, each and all together, and whose form asks why.

    ``told_with`` are models that belong to a row of this page, each with the column that names
    it: their changes are told with the row's own. ``history_words`` say values in words.
    """

    told_with: ClassVar[tuple[tuple[type[models.Model], str], ...]] = ()
    history_words: ClassVar[Words] = {}
    change_form_after_template = "admin/staff/reason.html"
    list_before_template = "admin/staff/list_tools.html"
    delete_confirmation_template = "admin/staff/delete_with_effect.html"

    def get_urls(self) -> list[URLPattern]:
        """The history of all rows comes before the pages of single rows."""
        view = self.admin_site.admin_view(self.changes_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_changes"
        return [path("changes/", view, name=name), *super().get_urls()]

    def list_tools(self, request: HttpRequest) -> list[tuple[str, str, str]]:
        """Links above the list: what is written on them, where they lead, and their icon."""
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changes")
        return [(_("History"), page, "history")]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with links to what else there is of it."""
        more = {"list_tools": self.list_tools(request)}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """As Django's; what is changed carries the reason that was typed in."""
        more = {"show_history": True, "reason_name": REASON, **(extra_context or {})}
        with because(request.POST.get(REASON, "")):
            return super().changeform_view(request, object_id, form_url, more)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """As Django's; what is deleted carries the reason that was typed in."""
        with because(request.POST.get(REASON, "")):
            return super().delete_view(request, object_id, extra_context)

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        """The question, with what goes along with the row, and the field for the reason."""
        own = self.opts.verbose_name_plural
        more = {
            "related": [(name, count) for name, count in context["model_count"] if name != own],
            "reason_name": REASON,
            "back": reverse(
                f"admin:{self.opts.app_label}_{self.opts.model_name}_change",
                args=[context["object"].pk],
            ),
        }
        return super().render_delete_form(request, {**context, **more})

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What became of one row, also of one that was deleted; 404 when it is none of theirs."""
        key = unquote(object_id)
        if not self.has_view_permission(request) or not _is_key(key):
            raise Http404
        row = self.get_object(request, key)
        kept = self._history_rows(request).filter(id=key)
        if row is None and not kept.exists():
            raise Http404
        owned = [(of, {column: key}) for of, column in self.told_with]
        changes, older = self._history_told(kept, owned, _before(request))
        title = (
            str(row)
            if row is not None
            else _("%(what)s, deleted") % {"what": self.opts.verbose_name}
        )
        return self._history_page(request, title, changes, older, row=row)

    def changes_view(self, request: HttpRequest) -> HttpResponse:
        """What became of all rows, the newest first."""
        if not self.has_view_permission(request):
            raise Http404
        kept, owned = self._history_rows(request), self._history_owned(request)
        changes, older = self._history_told(kept, owned, _before(request))
        return self._history_page(
            request, str(self.opts.verbose_name_plural), changes, older, row=None
        )

    def _history_rows(self, request: HttpRequest) -> models.QuerySet[Any]:
        """The rows of the history that the person may see, as of the table itself."""
        rows: models.QuerySet[Any] = self.model.history.all()  # type: ignore[attr-defined]
        if not is_store_bound(request):
            return rows
        if self.model is Store:
            return rows.filter(id__in=stores_for(request).values("pk"))
        narrow = getattr(self, "of_stores", None)
        return narrow(rows, stores_for(request)) if narrow else rows.none()

    def _history_owned(
        self, request: HttpRequest
    ) -> list[tuple[type[models.Model], dict[str, Any]]]:
        bound = is_store_bound(request)
        mine = self._history_rows(request).values("id")
        return [(of, {f"{column}__in": mine} if bound else {}) for of, column in self.told_with]

    def _history_told(
        self,
        kept: models.QuerySet[Any],
        owned: list[Owned],
        before: datetime | None,
    ) -> tuple[list[Change], str]:
        """A page of changes, and where the next one begins; empty when there is none."""
        tables = [kept, *(of.history.filter(**where) for of, where in owned)]  # type: ignore[attr-defined]
        if before is not None:
            tables = [rows.filter(history_date__lt=before) for rows in tables]
        told = [
            change
            for rows in tables
            for change in changes_in(rows, most=SHOWN + 1, words=self.history_words)
        ]
        told.sort(key=lambda change: change.at, reverse=True)
        older = told[SHOWN - 1].at.isoformat() if len(told) > SHOWN else ""
        return told[:SHOWN], older

    def _history_page(
        self,
        request: HttpRequest,
        title: str,
        changes: list[Change],
        older: str,
        *,
        row: models.Model | None,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %(what)s") % {"what": title},
            "opts": self.opts,
            "original": row,
            "changes": changes,
            "older": older,
            "told_of": str(self.opts.verbose_name),
        }
        return TemplateResponse(request, "admin/staff/history.html", context)


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text) <= LARGEST_KEY


def _before(request: HttpRequest) -> datetime | None:
    """The moment that the page of older changes begins at; nonsense counts as none."""
    try:
        at = parse_datetime(request.GET.get("before", ""))
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None
