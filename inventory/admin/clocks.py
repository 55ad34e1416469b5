"""The clocks of those who tell of stock, as they were found to run."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub import clock
from hub.staff.pages import ReadOnlyAdmin
from hub.staff.scope import ScopedAdmin
from inventory.models import SourceClock
from inventory.services.clocks import KEPT, SAMPLES_NEEDED, in_words


@admin.register(SourceClock)
class SourceClockAdmin(ScopedAdmin[SourceClock], ReadOnlyAdmin[SourceClock]):
    """Measurements; those of more than a day ago correct nothing any more."""

    list_display = ["source", "store", "runs", "known_from", "measured_at"]
    list_filter = ["exact"]
    list_select_related = ["store"]
    search_fields = ["source", "=store__code"]
    search_help_text = gettext_lazy("Source or store code")
    ordering = ["-measured_at"]
    fields = ["source", "store", "runs", "known_from", "measured_at"]

    @admin.display(description=gettext_lazy("Its clock is"), ordering="ahead_ms")
    def runs(self, row: SourceClock) -> str:
        """How far ahead or behind, in words."""
        return in_words(row.ahead_ms)

    @admin.display(description=gettext_lazy("How we know"))
    def known_from(self, row: SourceClock) -> str:
        """Where the measurement comes from, and whether it still corrects what the source says."""
        if row.measured_at <= clock.now() - KEPT:
            return _("too long ago, no longer used")
        if row.exact:
            return _("the sender tells its time")
        leads = sum(1 for sample in row.samples if sample)
        learned = _("{leads} of the last {count} calls told of the future").format(
            leads=leads, count=len(row.samples)
        )
        return (
            learned
            if len(row.samples) >= SAMPLES_NEEDED
            else _("{learned}: too few to correct").format(learned=learned)
        )
