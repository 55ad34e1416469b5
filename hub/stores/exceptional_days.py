"""Giving days of several stores other hours, or their usual ones again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, time

from django.db import transaction
from django.db.models import QuerySet

from hub.errors import Invalid
from hub.history import ADDED, CHANGED, remember
from hub.stores.models import HoursException

MOST_DAYS = 31
MOST_ROWS = 10_000


class WrongDays(Invalid):
    """Days or hours that cannot be."""

    code = "wrong_days"
    title = "These days cannot be set"


def check_days(
    *, stores: Collection[int], days: Sequence[date], opens: time | None, closes: time | None
) -> None:
    """Raise WrongDays for nothing to do, too much at once, or hours that are none."""
    if not stores or not days:
        raise WrongDays("choose stores, and a first day that is not after the last")
    if len(days) > MOST_DAYS or len(stores) * len(days) > MOST_ROWS:
        raise WrongDays(f"at most {MOST_DAYS} days, and {MOST_ROWS} days of stores at once")
    if (opens is None) != (closes is None):
        raise WrongDays("give both times, or none for a closed day")
    if opens is not None and closes is not None and opens >= closes:
        raise WrongDays("it closes before it opens")


@transaction.atomic
def set_days(
    *,
    stores: Collection[int],
    days: Sequence[date],
    opens: time | None,
    closes: time | None,
    reason: str,
) -> int:
    """On these days the stores have these hours, or are closed without times; how many rows.

    Raises WrongDays.
    """
    check_days(stores=stores, days=days, opens=opens, closes=closes)
    known = set(on_days(stores, days).values_list("store_id", "date"))
    rows = HoursException.objects.bulk_create(
        [
            HoursException(store_id=store, date=day, opens=opens, closes=closes, reason=reason)
            for store in sorted(stores)
            for day in days
        ],
        update_conflicts=True,
        unique_fields=["store", "date"],
        update_fields=["opens", "closes", "reason"],
    )
    remember([row for row in rows if (row.store_id, row.date) not in known], kind=ADDED)
    remember([row for row in rows if (row.store_id, row.date) in known], kind=CHANGED)
    return len(rows)


@transaction.atomic
def clear_days(*, stores: Collection[int], days: Sequence[date]) -> int:
    """On these days the stores have their usual hours again; how many days were exceptional."""
    check_days(stores=stores, days=days, opens=None, closes=None)
    return on_days(stores, days).delete()[0]


def on_days(stores: Collection[int], days: Sequence[date]) -> QuerySet[HoursException]:
    """The exceptions of these stores on these days."""
    return HoursException.objects.filter(store__in=stores, date__in=days)
