# ruff: noqa: ARG002  an override takes all that Django passes
"""The page of the audit trail, narrowed to the reader's stores."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from hub.staff.audit import Asked, day_begins, trail
from hub.staff.pages import ReadOnlyAdmin, is_store_bound
from hub.staff.scope import stores_for

PERMISSION = "staff.view_audit"
LONGEST_KEY = 18
LONGEST_SUBJECT = 60
MOST_CHOICES = 200


@admin.register(LogEntry)
class AuditAdmin(ReadOnlyAdmin[LogEntry]):
    """The whole trail in place of the list of what was pressed in the admin, which is a part."""

    fields = ["action_time", "user", "content_type", "object_repr", "change_message"]

    def is_open_to(self, request: HttpRequest) -> bool:
        """Open to all staff: the trail says which stores."""
        return True

    def has_module_permission(self, request: HttpRequest) -> bool:
        """For who may read the trail."""
        return request.user.has_perm(PERMISSION)

    def has_view_permission(self, request: HttpRequest, obj: LogEntry | None = None) -> bool:
        """For who may read the trail."""
        return request.user.has_perm(PERMISSION)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LogEntry]:
        """Entries belong to no store: single ones are for those who see all stores."""
        rows = super().get_queryset(request)
        return rows.none() if is_store_bound(request) else rows

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who did what in the reader's stores; ``?person=``, ``?store=`` (its code),
        ``?subject=`` such as order:17, ``?since=`` and ``?until=`` (days, UTC) narrow it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return _audit(request)


def _audit(request: HttpRequest) -> HttpResponse:
    found = trail(_asked(request))
    kept = {name: value for name, value in request.GET.items() if name != "after" and value}
    people = _people(request)
    context = {
        **admin.site.each_context(request),
        "title": _("Audit trail"),
        "lines": found.lines,
        "older": f"?{urlencode({**kept, 'after': found.older})}" if found.older else "",
        "kept": kept,
        "store_choices": stores_for(request).order_by("code")[:MOST_CHOICES],
        "people": people.order_by("username")[:MOST_CHOICES],
    }
    return TemplateResponse(request, "staff/audit.html", context)


def _asked(request: HttpRequest) -> Asked:
    bound = is_store_bound(request)
    stores = frozenset(stores_for(request).values_list("pk", flat=True)) if bound else None
    return Asked(
        stores=stores,
        store=_store(request),
        person=_person(request),
        subject=_text(request, "subject")[:LONGEST_SUBJECT],
        since=day_begins(_text(request, "since")),
        until=day_begins(_text(request, "until")),
        after=_text(request, "after")[:30],
    )


def _store(request: HttpRequest) -> int | None:
    """The store asked for; 404 for one that is not the reader's, as for one that is not there."""
    code = _text(request, "store")
    if not code:
        return None
    key = stores_for(request).filter(code=code).values_list("pk", flat=True).first()
    if key is None:
        raise Http404
    return key


def _person(request: HttpRequest) -> int | None:
    """The person asked for; 404 for one the reader does not see, as for one not there."""
    text = _text(request, "person")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY):
        raise Http404
    if not _people(request).filter(pk=int(text)).exists():
        raise Http404
    return int(text)


def _people(request: HttpRequest) -> QuerySet[User]:
    """Whom the reader may ask for: all, or who is named for one of the reader's stores."""
    people = User.objects.filter(is_staff=True)
    if not is_store_bound(request):
        return people
    return people.filter(store_scopes__store__in=stores_for(request)).distinct()


def _text(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()
