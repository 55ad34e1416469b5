"""The wordings that staff have published, read for many purposes at once."""

from __future__ import annotations

import logging
from collections.abc import Collection

from notifications.models import TemplateVersion
from notifications.templating.language import WordingError, compiled
from notifications.wording import Key, Wording

logger = logging.getLogger("hub.notifications")


def published_wordings(purposes: Collection[str]) -> dict[Key, Wording]:
    """What is in force instead of the shipped wordings of these purposes; one query, or none.

    A version that this hub cannot read, as after going back to an older release, is not in force:
    the error is logged, and customers get the shipped words.
    """
    if not purposes:
        return {}
    rows = TemplateVersion.objects.filter(
        state=TemplateVersion.State.PUBLISHED, purpose__in=purposes
    )
    found = {}
    for row in rows:
        try:
            found[row.locale, row.purpose, row.channel] = as_wording(row)
        except WordingError as error:
            logger.error("not in force: %s %s", row, error, extra={"row": row.pk})
    return found


def as_wording(row: TemplateVersion) -> Wording:
    """A version as a wording that can be filled; raises WordingError as ``compiled`` does."""
    return Wording(
        name=str(row),
        locale=row.locale,
        title=compiled(row.title),
        body=compiled(row.body),
        version_id=row.pk,
    )
