"""The integrator's pages: bringing stores on line, the cockpit, settings and their file."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub.integration import wave_pages
from hub.integration.models import StageChange, Wave
from hub.staff.pages import ReadOnlyAdmin, pretty
from hub.staff.scope import ScopedAdmin
from hub.stores.models import Stage


@admin.register(Wave)
class WaveAdmin(ReadOnlyAdmin[Wave]):
    """The waves so far, and beside them the page on which stores are chosen and moved."""

    list_display = ["number", "target_stage", "state", "asked_by", "asked_at", "ended_at"]
    list_filter = ["target", "state"]
    ordering = ["-id"]
    fields = ["target_stage", "state", "reason", "overrides", "asked_by", "asked_at", "ended_at"]

    def get_urls(self) -> list[URLPattern]:
        """Choosing stores, moving them, following the wave, and how ready one store is."""
        wrap, named = self.admin_site.admin_view, "integration_wave_"
        own = [
            path("choose/", wrap(self.choose_view), name=named + "choose"),
            path("start/", wrap(self.start_view), name=named + "start"),
            path("<int:pk>/progress/", wrap(self.progress_view), name=named + "progress"),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("Wave"), ordering="pk")
    def number(self, row: Wave) -> SafeString:
        """Its number, with its page."""
        link = reverse("admin:integration_wave_progress", args=[row.pk])
        return format_html('<a href="{}">{}</a>', link, row.pk)

    @admin.display(description=gettext_lazy("Stage"), ordering="target")
    def target_stage(self, row: Wave) -> str:
        """Where its stores were to go."""
        return str(Stage(row.target).label)

    def choose_view(self, request: HttpRequest) -> HttpResponse:
        """Stores beside checks; those that are ready can be moved at once."""
        return wave_pages.choose_page(request, self._page(request))

    @method_decorator(require_POST)
    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Move the chosen stores."""
        self._page(request)
        return wave_pages.start(request)

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What became of each store."""
        return wave_pages.progress_page(request, self._page(request), pk)

    def _page(self, request: HttpRequest) -> dict[str, Any]:
        if not self.has_view_permission(request):
            raise Http404
        return self.admin_site.each_context(request)


@admin.register(StageChange)
class StageChangeAdmin(ScopedAdmin[StageChange], ReadOnlyAdmin[StageChange]):
    """Every move of a store between stages: who, why, and how ready it was."""

    list_display = ["store", "move", "at", "by", "reason"]
    list_filter = ["after"]
    list_select_related = ["store"]
    search_fields = ["=store__code", "store__name", "reason"]
    ordering = ["-id"]
    fields = ["store", "move", "at", "by", "reason", "let_pass", "found", "wave"]

    def get_urls(self) -> list[URLPattern]:
        """How ready one store is."""
        view = self.admin_site.admin_view(self.store_view)
        name = "integration_stagechange_store"
        return [path("store/<int:pk>/", view, name=name), *super().get_urls()]

    def store_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One store's checks and moves."""
        if not self.has_view_permission(request):
            raise Http404
        return wave_pages.store_page(request, self.admin_site.each_context(request), pk)

    @admin.display(description=gettext_lazy("Move"))
    def move(self, row: StageChange) -> str:
        """From where to where."""
        return f"{Stage(row.before).label} → {Stage(row.after).label}"

    @admin.display(description=gettext_lazy("Musts that were let pass"))
    def let_pass(self, row: StageChange) -> str:
        """By their codes."""
        return ", ".join(row.overridden) or _("none")

    @admin.display(description=gettext_lazy("How ready it was"))
    def found(self, row: StageChange) -> SafeString:
        """Every check as it was."""
        return pretty(row.readiness)
