"""The one question with numbers that a phone is asked at a time; PostgreSQL sees to the one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from hub import clock
from notifications.models import OpenQuestion

Kind = OpenQuestion.Kind
ANSWER, NEWER, EXPIRED, STOPPED = "answer", "newer", "expired", "stop"
# A bare number says where somebody stands for half an hour after he was asked.
LASTS = {
    Kind.SPOT: timedelta(minutes=30),
    Kind.ORDER: timedelta(minutes=30),
    Kind.SUBSTITUTES: timedelta(hours=4),
}


def ask(
    *,
    phone_hash: str,
    kind: str,
    subject: str,
    options: Sequence[Any] = (),
    expires_at: datetime | None = None,
    instead: bool = False,
) -> bool:
    """Let bare numbers from this phone answer a question from now on; False when they cannot.

    ``options`` are what 1, 2 and so on stand for. Another question that is still open keeps them,
    unless this one is asked ``instead``, because its text is the last that the customer sees;
    the same question again is only renewed. Parallel callers open one. Call it in the transaction
    that writes the text.
    """
    now = clock.now()
    rows = _open(phone_hash)
    rows.filter(expires_at__lte=now).update(closed_at=now, closed_by=EXPIRED)
    values: dict[str, Any] = {
        "options": list(options),
        "expires_at": expires_at or now + LASTS[Kind(kind)],
    }
    if rows.filter(kind=kind, subject=subject).update(asked_at=now, **values):
        return True
    if instead:
        rows.update(closed_at=now, closed_by=NEWER)
    question = OpenQuestion(
        phone_hash=phone_hash, kind=kind, subject=subject, asked_at=now, **values
    )
    OpenQuestion.objects.bulk_create([question], ignore_conflicts=True)
    return _open(phone_hash).filter(kind=kind, subject=subject).exists()


def open_question(phone_hash: str) -> OpenQuestion | None:
    """What a bare number from this phone answers now, or None."""
    return _open(phone_hash).filter(expires_at__gt=clock.now()).first()


def close(question: OpenQuestion, *, by: str = ANSWER) -> bool:
    """Settle the question; False when it was settled before."""
    rows = OpenQuestion.objects.filter(pk=question.pk, closed_at__isnull=True)
    return bool(rows.update(closed_at=clock.now(), closed_by=by))


def close_all(phone_hash: str, *, by: str) -> None:
    """No number from this phone answers anything any more."""
    _open(phone_hash).update(closed_at=clock.now(), closed_by=by)


def close_of(subject: str, *, kind: str, by: str = ANSWER) -> None:
    """Whatever was asked of the subject has been answered another way."""
    rows = OpenQuestion.objects.filter(subject=subject, kind=kind, closed_at__isnull=True)
    rows.update(closed_at=clock.now(), closed_by=by)


def close_expired() -> int:
    """Close the questions whose time is over; how many."""
    rows = OpenQuestion.objects.filter(closed_at__isnull=True, expires_at__lte=clock.now())
    return rows.update(closed_at=clock.now(), closed_by=EXPIRED)


def _open(phone_hash: str) -> QuerySet[OpenQuestion]:
    return OpenQuestion.objects.filter(phone_hash=phone_hash, closed_at__isnull=True)
