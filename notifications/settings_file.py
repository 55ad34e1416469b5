"""The part of messages in a settings file: limits on texts, and the words in force."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy

from hub.integration.settings_files import Row, Section, only, plain
from notifications.models import TemplateVersion, TextingRules
from notifications.templating.publishing import draft_of, publish, save_draft

LIMITS = ("regions", "per_number_hour", "per_number_day", "reach_minutes")
FROM_FILE = "from a settings file"


def _limits() -> Iterable[Row]:
    if row := TextingRules.objects.order_by("pk").first():
        yield {"key": ["limits"], **plain(row, LIMITS)}


def _take_limits(row: Row, _by: str) -> None:
    rules = TextingRules.objects.order_by("pk").first() or TextingRules()
    for name, value in only(row, LIMITS).items():
        setattr(rules, name, value)
    rules.full_clean()
    rules.save()


def _words() -> Iterable[Row]:
    published = TemplateVersion.objects.filter(state=TemplateVersion.State.PUBLISHED)
    for row in published:
        yield {"key": [row.locale, row.purpose, row.channel], "title": row.title, "body": row.body}


def _take_words(row: Row, by: str) -> None:
    """The words are in force; a draft that somebody was at is replaced by them."""
    locale, purpose, channel = row["key"]
    key = (locale, purpose, channel)
    values = only(row, ("title", "body"))
    before = draft_of(key)
    seen = before.digest if before else ""
    draft = save_draft(key=key, title=values["title"], body=values["body"], by=by, seen=seen)
    publish(key=key, seen=draft.digest, note=FROM_FILE, by=by)


SECTIONS = [
    Section("limits", gettext_lazy("Limits on texts"), 40, _limits, _take_limits, (TextingRules,)),
    Section("words", gettext_lazy("Words"), 41, _words, _take_words, (TemplateVersion,)),
]
