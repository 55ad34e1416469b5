"""What the audit trail says of stores that went from stage to stage."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from hub.events.models import Fact
from hub.integration.models import StageChange
from hub.staff.audit import Told

_NAME = "store.stage_changed"


def tell(facts: Sequence[Fact]) -> dict[int, Told]:
    """The moves among the facts, by their keys, with the stage before and after; in one query."""
    asked = {fact.pk: fact.data.get("change_id", 0) for fact in facts if fact.name == _NAME}
    rows = StageChange.objects.select_related("store").in_bulk(list(asked.values()))
    return {key: _told(rows[change]) for key, change in asked.items() if change in rows}


def _told(change: StageChange) -> Told:
    return Told(
        title=_("Stage of the store"),
        of=str(change.store),
        link=reverse("admin:integration_stagechange_store", args=[change.store_id]),
        stores=(change.store_id,),
        why=change.reason,
        before=change.get_before_display(),
        after=change.get_after_display(),
    )
