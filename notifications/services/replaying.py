"""The texts of the last days, judged by other limits than those that stood."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q

from hub import clock
from hub.customers.models import Channel
from notifications.choosing import NUMBER_LIMIT
from notifications.models import Message, TextingRules
from notifications.services.ending import MUST_REACH
from notifications.services.limits import DAY, HOUR, region_of, regions_of_stores

DAYS = 7
MOST_TEXTS = 50_000
MOST_NUMBERS = 2_000  # reading a number takes a decryption


@dataclass(frozen=True)
class Judged:
    """Of the texts of the last days: how many had left, how many were too many for their number,
    how many went to a country that is not named, and how many would have been followed up."""

    texts: int
    too_many: int
    abroad: int
    followed: int
    complete: bool


def judged_by(rules: TextingRules) -> Judged:
    """The last seven days' texts under these rules.

    Of more than 50,000 texts the latest are looked at, and of the countries the 2,000 numbers
    that were texted last.
    """
    since = clock.now() - timedelta(days=DAYS)
    texts = Message.objects.filter(channel=Channel.SMS, created_at__gt=since)
    left = texts.filter(
        Q(accepted_at__isnull=False) | Q(outcome_reason=NUMBER_LIMIT), address_hash__gt=""
    )
    rows = list(
        left.order_by("-created_at").values_list("address_hash", "created_at")[: MOST_TEXTS + 1]
    )
    counted = rows[:MOST_TEXTS]
    return Judged(
        texts=len(counted),
        too_many=_too_many(reversed(counted), rules),
        abroad=_abroad(since, frozenset(rules.regions or regions_of_stores())),
        followed=_followed(since, rules.reach_minutes),
        complete=len(rows) <= MOST_TEXTS,
    )


def _too_many(texts: Iterable[tuple[str, datetime]], rules: TextingRules) -> int:
    """How many would not have left, each number's texts in the order in which they came."""
    had: dict[str, deque[datetime]] = defaultdict(deque)
    refused = 0
    for number, at in texts:
        lately = had[number]
        while lately and lately[0] <= at - DAY:
            lately.popleft()
        in_hour = sum(moment > at - HOUR for moment in lately)
        if in_hour >= rules.per_number_hour or len(lately) >= rules.per_number_day:
            refused += 1
        else:
            lately.append(at)
    return refused


def _abroad(since: datetime, regions: frozenset[str]) -> int:
    """How many of the numbers texted last are of a country that gets no texts."""
    rows = Message.objects.filter(channel=Channel.SMS, created_at__gt=since, contact__isnull=False)
    phones = rows.order_by("-created_at").values_list("contact__phone", flat=True)
    known = {phone for phone in phones[:MOST_NUMBERS] if phone}
    return sum(region_of(phone) not in regions for phone in known)


def _followed(since: datetime, minutes: int) -> int:
    """How many that must arrive had no receipt in that time."""
    late = Q(delivered_at__isnull=True) | Q(
        delivered_at__gt=F("accepted_at") + timedelta(minutes=minutes)
    )
    rows = Message.objects.filter(
        late, channel=Channel.SMS, purpose__in=MUST_REACH, accepted_at__gt=since
    )
    return rows.count()
