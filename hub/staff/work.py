"""Pages of leased work (deliveries, calls, messages): see why it failed, try it again."""

from __future__ import annotations

from typing import TypeVar

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.events import leases
from hub.events.leases import Leased, State
from hub.staff.pages import ReadOnlyAdmin, block_of
from hub.staff.tones import Tones

W = TypeVar("W", bound=Leased)

# How unfold colours a lease's state; its keys are the labels people see.
STATE_TONES = Tones({"Pending": "info", "Done": "success", "Parked": "danger"})


class WorkAdmin(ReadOnlyAdmin[W]):
    """Leased work: what waits, what failed and why; parked rows can be tried again."""

    actions = ["replay_selected"]
    show_full_result_count = False

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Replaying needs the right to change such rows, though no field is editable."""
        permission = f"{self.opts.app_label}.change_{self.opts.model_name}"
        return self.is_open_to(request) and request.user.has_perm(permission)

    @admin.action(description=gettext_lazy("Try the parked ones again"), permissions=["replay"])
    def replay_selected(self, request: HttpRequest, queryset: models.QuerySet[W]) -> None:
        """Make the chosen parked rows due now, with fresh attempts; the others stay as they are."""
        chosen = queryset.count()
        replayed = leases.replay(self.model._default_manager.filter(pk__in=queryset.values("pk")))
        if replayed:
            messages.success(
                request,
                _("{replayed} of {chosen} will be tried again now.").format(
                    replayed=replayed, chosen=chosen
                ),
            )
        if replayed < chosen:
            rest = chosen - replayed
            messages.warning(
                request,
                _("{rest} of {chosen} not parked, left as they are.").format(
                    rest=rest, chosen=chosen
                ),
            )

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def work_state(self, row: W) -> str:
        """Pending, done or parked."""
        return _(State(row.state).label)

    work_state.label = STATE_TONES  # type: ignore[attr-defined]  # unfold colours by it

    @admin.display(description=gettext_lazy("What went wrong"))
    def trouble(self, row: W) -> SafeString:
        """The last error with its traceback."""
        return block_of(row.last_error)

    @admin.display(description=gettext_lazy("Error"))
    def trouble_short(self, row: W) -> str:
        """The last line of the last error: a traceback ends with what happened."""
        lines = row.last_error.strip().splitlines()
        return lines[-1][:120] if lines else "–"
