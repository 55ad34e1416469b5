"""What providers are used for, and that it stays below what may be spent a day (UTC)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime

from django.db import connection

from hub import clock
from hub.providers.models import Spending

_CHARGE = """
INSERT INTO providers_spending AS spent (provider, day, messages, segments, micros)
SELECT %(provider)s, %(day)s, %(messages)s, %(segments)s, %(micros)s
WHERE %(cap)s::bigint IS NULL OR %(micros)s <= %(cap)s
ON CONFLICT (provider, day) DO UPDATE SET
    messages = spent.messages + excluded.messages,
    segments = spent.segments + excluded.segments,
    micros = spent.micros + excluded.micros
WHERE %(cap)s::bigint IS NULL OR spent.micros + excluded.micros <= %(cap)s
RETURNING micros
"""
_REFUND = """
UPDATE providers_spending SET messages = greatest(0, messages - %(messages)s),
    segments = greatest(0, segments - %(segments)s), micros = greatest(0, micros - %(micros)s)
WHERE provider = %(provider)s AND day = %(day)s
"""


def today() -> date:
    """The day that spending is counted on."""
    return clock.now().astimezone(UTC).date()


def spent_today(providers: Collection[str]) -> dict[str, int]:
    """What each of these providers has cost today, in millionths of its currency."""
    rows = Spending.objects.filter(provider__in=providers, day=today())
    found = dict(rows.values_list("provider", "micros"))
    return {name: found.get(name, 0) for name in providers}


def charge(
    *, provider: str, messages: int, segments: int, micros: int, cap: int | None = None
) -> bool:
    """Count what is about to be handed over, all of it or, when that passes ``cap``, nothing.

    The answer says which. Settled by the row itself: two callers never pass the cap together.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _CHARGE,
            {
                "provider": provider,
                "day": today(),
                "messages": messages,
                "segments": segments,
                "micros": micros,
                "cap": cap,
            },
        )
        return cursor.fetchone() is not None


def refund(*, provider: str, messages: int, segments: int, micros: int, at: datetime) -> None:
    """Take back what was counted at that moment and has certainly not been taken over."""
    with connection.cursor() as cursor:
        cursor.execute(
            _REFUND,
            {
                "provider": provider,
                "day": at.astimezone(UTC).date(),
                "messages": messages,
                "segments": segments,
                "micros": micros,
            },
        )
