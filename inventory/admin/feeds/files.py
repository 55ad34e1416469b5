# ruff: noqa: ARG002  an override takes all that Django passes
"""Stock files: what came, how far the hub is, what was refused, and what a person has to decide."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub import clock
from hub.errors import HubError
from hub.staff.pages import ReadOnlyAdmin
from hub.staff.refusals import refused
from hub.stores.services import find_store
from inventory.admin.feeds import words
from inventory.models import FeedLayout, StockFile, UnmappedCode
from inventory.services.files import (
    approve_file,
    queue_file,
    receive_file,
    refuse_file,
    refused_csv,
    retry_file,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LONGEST_KEY = 18
SHOWN_LINES = 100
SHOWN_CODES = 50
UNFINISHED = [StockFile.Status.WAITING, StockFile.Status.RUNNING]
SOURCE = "admin"


class UploadForm(forms.Form):
    """A stock file, and how to read it."""

    file = forms.FileField()
    layout = forms.ModelChoiceField(
        FeedLayout.objects.filter(active=True),
        required=False,
        empty_label=gettext_lazy("As the hub writes it"),
    )
    store = forms.CharField(required=False, max_length=40)
    as_of = forms.DateTimeField(required=False)


@admin.register(StockFile)
class StockFileAdmin(ReadOnlyAdmin[StockFile]):
    """Every stock file that came, the newest first."""

    list_display = ["name", "state", "progress", "refused_lines", "source", "received_at"]
    list_filter = ["status", "mode", "layout"]
    list_select_related = ["layout"]
    search_fields = ["name", "=public_id", "=source"]
    ordering = ["-id"]
    list_before_template = "admin/inventory/stockfile/list_top.html"

    def get_urls(self) -> list[URLPattern]:
        """Uploads, decisions and downloads have addresses of their own."""
        wrap, named = self.admin_site.admin_view, "inventory_stockfile_"
        own = [
            path("upload/", wrap(self.upload_view), name=named + "upload"),
            path("<int:pk>/live/", wrap(self.live_view), name=named + "live"),
            path("<int:pk>/decide/", wrap(self.decide_view), name=named + "decide"),
            path("<int:pk>/refused.csv", wrap(self.refused_view), name=named + "refused"),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("Status"), ordering="status")
    def state(self, row: StockFile) -> str:
        """The status in words."""
        return str(words.STATES[row.status][0])

    state.label = dict(words.STATES.values())  # type: ignore[attr-defined]  # unfold colours by it

    @admin.display(description=gettext_lazy("Progress"))
    def progress(self, row: StockFile) -> SafeString | str:
        """A bar, and how many of its lines are done."""
        if row.lines is None:
            return words.bytes_of(row.size)
        return format_html(
            '<span class="feed-progress"><span class="feed-bar"><span style="width: {}%"></span>'
            "</span>{} of {}</span>",
            words.progress_of(status=row.status, lines=row.lines, done=row.lines_done),
            f"{row.lines_done:,}",
            f"{row.lines:,}",
        )

    @admin.display(description=gettext_lazy("Refused"), ordering="lines_refused")
    def refused_lines(self, row: StockFile) -> str:
        """How many lines were left out."""
        return f"{row.lines_refused:,}" if row.lines_refused else "–"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, which renews itself while a file waits or runs."""
        own = {
            "unfinished": StockFile.objects.filter(status__in=UNFINISHED).exists(),
            "may_upload": self._may(request, "add"),
        }
        return super().changelist_view(request, {**(extra_context or {}), **own})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The file's page."""
        file = self._find(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": file.name,
            **self._context(request, file),
        }
        return TemplateResponse(request, "admin/inventory/stockfile/page.html", context)

    def live_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What changes of the page, for it to renew; 204 when nothing has changed."""
        context = self._context(request, self._find(request, str(pk)))
        if request.GET.get("seen") == context["seen"]:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        return TemplateResponse(request, "admin/inventory/stockfile/live.html", context)

    @method_decorator(require_POST)
    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Carry out what a person decided about the file, and go back to it (303)."""
        file = self._find(request, str(pk))
        decision = DECISIONS.get(request.POST.get("decision", ""))
        if decision is None or not self._may(request, "change"):
            raise Http404
        decide, done = decision
        try:
            decide(file=file, by=request.user.get_username())
        except HubError as error:
            messages.error(request, _("Nothing was done: {detail}.").format(detail=refused(error)))
        else:
            messages.success(request, done)
        return _to(file)

    def refused_view(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """The refused lines as a download."""
        file = self._find(request, str(pk))
        reply = StreamingHttpResponse(refused_csv(file), content_type="text/csv; charset=utf-8")
        reply["Content-Disposition"] = f'attachment; filename="refused-{file.public_id}.csv"'
        return reply

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file from a person."""
        if not self._may(request, "add"):
            raise Http404
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                file = _receive(form.cleaned_data, by=request.user.get_username())
            except HubError as error:
                form.add_error(None, words.sentence(refused(error)))
            else:
                return _to(file)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Upload a stock file"),
            "form": form,
        }
        return TemplateResponse(request, "admin/inventory/stockfile/upload.html", context)

    def _context(self, request: HttpRequest, file: StockFile) -> dict[str, Any]:
        said, tone = words.STATES[file.status]
        refused = file.refused.order_by("line")
        return {
            "file": file,
            "said": said,
            "tone": tone,
            "size": words.bytes_of(file.size),
            "percent": words.progress_of(
                status=file.status, lines=file.lines, done=file.lines_done
            ),
            "lines": f"{file.lines or 0:,}",
            "done": f"{file.lines_done:,}",
            "refused_total": f"{file.lines_refused:,}",
            "store": file.store or (file.layout.store if file.layout else None),
            "heading": words.heading_of(status=file.status, done=file.lines_done),
            "problem": words.sentence(file.problem),
            "cuts": words.cuts_of(file.preview),
            "expected": words.expected_of(file.preview),
            "outcomes": words.outcomes_of(file.result),
            "hint": words.HINTS.get(file.problem_code, ""),
            "reasons": list(
                refused.order_by().values("code").annotate(lines=Count("pk")).order_by("-lines")
            ),
            "refused": list(refused[:SHOWN_LINES]),
            "unmapped": list(UnmappedCode.objects.filter(file=file)[:SHOWN_CODES]),
            "live": file.status in [*UNFINISHED, StockFile.Status.PARKED],
            "may_decide": self._may(request, "change"),
            "may_retry": file.status == StockFile.Status.REFUSED and bool(file.path),
            "seen": f"{file.status}.{file.lines}.{file.lines_done}.{file.lines_refused}",
        }

    def _may(self, request: HttpRequest, what: str) -> bool:
        return self.is_open_to(request) and request.user.has_perm(f"inventory.{what}_stockfile")

    def _find(self, request: HttpRequest, pk: str) -> StockFile:
        if not self.has_view_permission(request) or not pk.isdecimal() or len(pk) > LONGEST_KEY:
            raise Http404
        rows = self.get_queryset(request).select_related("layout__store", "store")
        return get_object_or_404(rows, pk=int(pk))


def _receive(wanted: dict[str, Any], *, by: str) -> StockFile:
    layout: FeedLayout | None = wanted["layout"]
    file, is_new = receive_file(
        content=wanted["file"].chunks(),
        name=wanted["file"].name,
        source=layout.source if layout else SOURCE,
        as_of=wanted["as_of"] or clock.now(),
        layout=layout,
        store=find_store(wanted["store"]) if wanted["store"] else None,
        by=by,
    )
    if is_new:
        queue_file(file=file)
    return file


def _approve(*, file: StockFile, by: str) -> None:
    queue_file(file=approve_file(file=file, by=by))


def _retry(*, file: StockFile, by: str) -> None:
    queue_file(file=retry_file(file=file, by=by))


def _refuse(*, file: StockFile, by: str) -> None:
    refuse_file(file=file, by=by)


DECISIONS: dict[str, tuple[Callable[..., None], StrOrPromise]] = {
    "approve": (_approve, gettext_lazy("Approved. The file is being taken over.")),
    "refuse": (_refuse, gettext_lazy("Refused. Nothing of the file counts.")),
    "retry": (_retry, gettext_lazy("The file is read again.")),
}


def _to(file: StockFile) -> HttpResponseRedirect:
    page = reverse("admin:inventory_stockfile_change", args=[file.pk])
    return HttpResponseRedirect(page, status=HTTPStatus.SEE_OTHER)
