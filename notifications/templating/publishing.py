"""From a draft to the words in force, and back to those shipped with the hub.

Of each purpose, channel and language there is at most one draft and one published version. Both
rules, and that published words stay as they are, hold against several people at a time.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.db.models.functions import Now

from hub.customers.models import Channel
from hub.errors import Invalid
from notifications.inbound.replies import REPLIES
from notifications.models import TemplateVersion
from notifications.purposes import PURPOSES
from notifications.templating.errors import DraftChanged, WordsRefused
from notifications.templating.letters import letters_of
from notifications.templating.linting import Finding, errors_in, lint
from notifications.wording import LOCALES, Key

State = TemplateVersion.State
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('notifications.template:' || %s, 0))"


def findings_of(row: TemplateVersion) -> list[Finding]:
    """What the linter says of a version, or of a row that is not saved yet."""
    return lint(
        purpose=row.purpose,
        channel=row.channel,
        title=row.title,
        body=row.body,
        letters=letters_of(row.locale),
    )


def check_key(key: Key) -> Key:
    """The key itself, if there can be words for it; raises Invalid otherwise."""
    locale, purpose, channel = key
    told = purpose in PURPOSES and channel in Channel.values
    answered = purpose in REPLIES and channel == Channel.SMS
    if locale not in LOCALES or not (told or answered):
        raise Invalid(f"there are no words for {purpose} by {channel} in {locale}")
    return key


def draft_of(key: Key) -> TemplateVersion | None:
    """The draft of a (locale, purpose, channel)."""
    return _rows(key).filter(state=State.DRAFT).first()


def published_of(key: Key) -> TemplateVersion | None:
    """The version in force of a (locale, purpose, channel)."""
    return _rows(key).filter(state=State.PUBLISHED).first()


@transaction.atomic
def save_draft(*, key: Key, title: str, body: str, by: str, seen: str = "") -> TemplateVersion:
    """Keep the words as the one draft of the key; they may still be wrong.

    ``seen`` is the digest of the draft that the writer started from, empty for none. Raises
    DraftChanged when the draft is another by now.
    """
    check_key(key)
    _lock(key)
    draft = draft_of(key)
    if (draft.digest if draft else "") != seen:
        raise DraftChanged
    words = {"title": title, "body": body, "digest": _digest(title, body), "created_by": by}
    if draft is None:
        locale, purpose, channel = key
        newest = _rows(key).aggregate(newest=Max("number"))["newest"] or 0
        return TemplateVersion.objects.create(
            locale=locale, purpose=purpose, channel=channel, number=newest + 1, **words
        )
    TemplateVersion.objects.filter(pk=draft.pk).update(**words)
    draft.refresh_from_db()
    return draft


@transaction.atomic
def publish(*, key: Key, seen: str, note: str, by: str) -> TemplateVersion:
    """Put the draft whose digest is ``seen`` in force, and retire what was; messages written
    from then on take it.

    Raises DraftChanged when there is no such draft, WordsRefused when the linter finds errors.
    """
    _lock(key)
    draft = draft_of(key)
    if draft is None or draft.digest != seen:
        raise DraftChanged
    wrong = errors_in(findings_of(draft))
    if wrong:
        findings = [[one.code, one.detail] for one in wrong]
        raise WordsRefused(" ".join(one.detail for one in wrong), findings=findings)
    _retire(key)
    changes = {"note": note, "published_by": by, "published_at": Now()}
    rows = TemplateVersion.objects.filter(pk=draft.pk, state=State.DRAFT)
    if not rows.update(state=State.PUBLISHED, **changes):
        raise DraftChanged
    draft.refresh_from_db()
    return draft


@transaction.atomic
def withdraw(*, key: Key, why: str = "", by: str = "") -> bool:
    """Let the shipped words be in force again, and keep who wished it and why; False when they
    are already."""
    _lock(key)
    return _retire(key, withdrawn_at=Now(), withdrawn_by=by, withdrawn_why=why)


@transaction.atomic
def discard_draft(*, key: Key, seen: str) -> None:
    """Drop the draft whose digest is ``seen``; raises DraftChanged when there is no such."""
    _lock(key)
    rows = _rows(key).filter(state=State.DRAFT, digest=seen)
    if not rows.delete()[0]:
        raise DraftChanged


def _retire(key: Key, **kept: Any) -> bool:
    return bool(_rows(key).filter(state=State.PUBLISHED).update(state=State.RETIRED, **kept))


def _rows(key: Key) -> QuerySet[TemplateVersion]:
    locale, purpose, channel = key
    return TemplateVersion.objects.filter(locale=locale, purpose=purpose, channel=channel)


def _lock(key: Key) -> None:
    """One writer of a key at a time; the constraints hold without, but end in an error."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, ["/".join(key)])


def _digest(title: str, body: str) -> str:
    return hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()
