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

from hub.events.models import Breaker
from hub.integration import cockpit_pages, file_pages, level_pages, wave_pages
from hub.integration.group_page import StoreGroupAdmin
from hub.integration.models import StageChange, Wave
from hub.staff.fresh import fresh_login_required
from hub.staff.history import RememberedAdmin
from hub.staff.pages import ReadOnlyAdmin, pretty
from hub.staff.scope import ScopedAdmin
from hub.stores.models import SettingsLevel, Stage

__all__ = ["BreakerAdmin", "SettingsLevelAdmin", "StageChangeAdmin", "StoreGroupAdmin", "WaveAdmin"]


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
            path("<int:pk>/resume/", wrap(self.resume_view), name=named + "resume"),
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

    @method_decorator(require_POST)
    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let a wave go on whose run has died."""
        self._page(request)
        return wave_pages.resume(request, pk)

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


@admin.register(SettingsLevel)
class SettingsLevelAdmin(
    ScopedAdmin[SettingsLevel], RememberedAdmin[SettingsLevel], ReadOnlyAdmin[SettingsLevel]
):
    """Settings of the chain, of groups and of stores; each change shows its effect first."""

    history_words = {
        "others": level_pages.others_in_words,
        "unlimited": level_pages.unlimited_in_words,
    }

    def get_urls(self) -> list[URLPattern]:
        """The levels, each with its page."""
        wrap, named = self.admin_site.admin_view, "stores_settingslevel_"
        own = [
            path("", wrap(self.list_view), name=named + "changelist"),
            path("chain/", wrap(self.level_view), name=named + "of_chain"),
            path("group/<int:group>/", wrap(self.level_view), name=named + "of_group"),
            path("store/<int:store>/", wrap(self.level_view), name=named + "of_store"),
            path("file/", wrap(self.file_view), name=named + "file"),
            path("file/download/", wrap(self.download_view), name=named + "download"),
        ]
        return [*own, *super().get_urls()]

    @fresh_login_required
    def download_view(self, request: HttpRequest) -> HttpResponse:
        """All settings as one file, for whoever proved lately who they are."""
        self._page(request)
        return file_pages.download(request)

    @fresh_login_required
    def file_view(self, request: HttpRequest) -> HttpResponse:
        """Bring a file in: first what it changes, then the word."""
        return file_pages.file_page(request, self._page(request))

    def list_view(self, request: HttpRequest) -> HttpResponse:
        """All levels with what they say."""
        context = self._page(request) | {"may_move_file": file_pages.may_move_file(request)}
        return level_pages.list_page(request, context)

    def level_view(
        self, request: HttpRequest, group: int | None = None, store: int | None = None
    ) -> HttpResponse:
        """One level, and what a change of it would change."""
        context, may = self._page(request), request.user.has_perm("stores.change_settingslevel")
        return level_pages.edit_page(request, context, group=group, store=store, may_change=may)

    def _page(self, request: HttpRequest) -> dict[str, Any]:
        if not self.has_view_permission(request):
            raise Http404
        return self.admin_site.each_context(request)


@admin.register(Breaker)
class BreakerAdmin(ReadOnlyAdmin[Breaker]):
    """Who is out of reach; beside it the cockpit, and a page for each connector's lane."""

    list_display = ["key", "state", "failures", "opened_at", "due_at", "last_error"]
    list_filter = ["state"]
    search_fields = ["=key"]
    fields = ["key", "state", "failures", "probes", "opened_at", "due_at", "last_error"]

    def get_urls(self) -> list[URLPattern]:
        """The cockpit, and a lane with what can be done there."""
        wrap, named = self.admin_site.admin_view, "events_breaker_"
        own = [
            path("cockpit/", wrap(self.cockpit_view), name=named + "cockpit"),
            path("lane/<str:lane>/", wrap(self.lane_view), name=named + "lane"),
            path("lane/<str:lane>/replay/", wrap(self.replay_view), name=named + "replay"),
            path("lane/<str:lane>/reset/", wrap(self.reset_view), name=named + "reset"),
            path("lane/<str:lane>/edit/", wrap(self.edit_view), name=named + "edit"),
        ]
        return [*own, *super().get_urls()]

    def cockpit_view(self, request: HttpRequest) -> HttpResponse:
        """Every connector with how it does."""
        return cockpit_pages.cockpit_page(request, self._page(request))

    def lane_view(self, request: HttpRequest, lane: str) -> HttpResponse:
        """One connector's lane."""
        return cockpit_pages.lane_view(request, self._page(request), lane)

    @method_decorator(require_POST)
    def replay_view(self, request: HttpRequest, lane: str) -> HttpResponse:
        """Send again what was given up."""
        self._page(request)
        return cockpit_pages.replay_view(request, lane)

    @method_decorator(require_POST)
    def reset_view(self, request: HttpRequest, lane: str) -> HttpResponse:
        """Call it again at once."""
        self._page(request)
        return cockpit_pages.reset_view(request, lane)

    def edit_view(self, request: HttpRequest, lane: str) -> HttpResponse:
        """Edit what was given up, and send it."""
        return cockpit_pages.edit_view(request, self._page(request), lane)

    def _page(self, request: HttpRequest) -> dict[str, Any]:
        if not self.has_view_permission(request):
            raise Http404
        return self.admin_site.each_context(request)
