"""Why words are not kept or not published."""

from __future__ import annotations

from hub.errors import Conflict, Invalid


class WordsRefused(Invalid):
    """The linter found errors; ``extra["findings"]`` holds (code, detail) of each."""

    code = "words_refused"
    title = "These words cannot be published"


class DraftChanged(Conflict):
    """Somebody else has saved, published or discarded the draft meanwhile."""

    code = "draft_changed"
    title = "Somebody else has changed this draft meanwhile; look at it again"
