"""Making up past days of messages, each night: receipts that came late have come by then."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.db import connection, transaction
from django.db.models import Min

from hub import clock
from notifications.models import Message
from notifications.purposes import PURPOSES
from notifications.reporting.statements import DAY
from orders.models import RollupMark
from orders.reporting.rollup import alone

LAST_DAYS = 35
NAME = "messages"
WAITING = sorted(name for name, purpose in PURPOSES.items() if purpose.waits_at_night)


def make_up_messages(days: int = LAST_DAYS) -> int:
    """The last days, today left out, are as the messages say; the first time all; how many.

    Each day is made up in one transaction; 0 while another run is at it.
    """
    with alone(NAME) as ours:
        if not ours:
            return 0
        today = clock.now().astimezone(UTC).date()
        wanted = _days(today, days)
        for day in wanted:
            _make_up(day)
        reached = {"ran_at": datetime.combine(today, time(), UTC)}
        RollupMark.objects.update_or_create(name=NAME, defaults=reached)
        return len(wanted)


def settled_until() -> date | None:
    """The first day (UTC) that is not made up; None when none is."""
    at = RollupMark.objects.filter(name=NAME).values_list("ran_at", flat=True).first()
    return at.astimezone(UTC).date() if at else None


def _days(today: date, days: int) -> list[date]:
    """Those since the last run at least; a run that was missed leaves no gap."""
    settled = settled_until()
    if settled is None:
        oldest = Message.objects.aggregate(at=Min("created_at"))["at"]
        settled = oldest.astimezone(UTC).date() if oldest else today
    first = min(settled, today - timedelta(days=days))
    return [first + timedelta(days=number) for number in range((today - first).days)]


@transaction.atomic
def _make_up(day: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        for statement in DAY:
            cursor.execute(statement, {"day": day, "waiting": WAITING})
