"""Limits against waste and abuse: where texts go at all, and how many one number gets."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from functools import lru_cache

import phonenumbers
from django.db.models import Count, Q

from hub import clock
from hub.customers.models import Channel
from hub.stores.models import Store
from notifications.models import Message, TextingRules

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def texting_rules() -> TextingRules:
    """The rules that stand now: the one row, or the defaults."""
    return TextingRules.objects.order_by("pk").first() or TextingRules()


class Limits:
    """The rules, and how many texts some numbers have had; grows with each text of a batch."""

    def __init__(self, addresses: Collection[str]) -> None:
        """Without addresses nothing is counted, and all have room."""
        self.rules = texting_rules()
        self.regions = frozenset(self.rules.regions or regions_of_stores())
        self._had = _texts_to({address for address in addresses if address})

    def allows_region(self, phone: str) -> bool:
        """Whether texts go to numbers of this country; satellite and other worldwide ones have
        none, so they get texts only when the rules name their ``001``."""
        return bool(phone) and region_of(phone) in self.regions

    def leaves_room(self, address_hash: str) -> bool:
        """Whether this number may get one more text now."""
        hour, day = self._had.get(address_hash, (0, 0))
        return hour < self.rules.per_number_hour and day < self.rules.per_number_day

    def counted(self, address_hash: str) -> dict[str, int]:
        """How many texts the number has had, beside how many it may have."""
        hour, day = self._had.get(address_hash, (0, 0))
        return {
            "hour": hour,
            "most_in_hour": self.rules.per_number_hour,
            "day": day,
            "most_in_day": self.rules.per_number_day,
        }

    def count(self, address_hash: str) -> None:
        """One more text is about to leave for the number."""
        hour, day = self._had.get(address_hash, (0, 0))
        self._had[address_hash] = (hour + 1, day + 1)


@lru_cache(maxsize=4096)
def region_of(phone: str) -> str:
    """The country of an E.164 number (ISO 3166-1 alpha-2), ``001`` for a worldwide one.

    Plans grow faster than anybody's copy of them: a number that none knows is of the first
    country with its prefix.
    """
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return ""
    of_plan = phonenumbers.region_code_for_number(number)
    return of_plan or phonenumbers.region_code_for_country_code(number.country_code or 0)


def regions_of_stores() -> set[str]:
    """The countries in which there are stores."""
    return set(Store.objects.order_by().values_list("country", flat=True).distinct())


def _texts_to(addresses: Collection[str]) -> dict[str, tuple[int, int]]:
    """How many texts each of these numbers was given in the last hour and in the last day."""
    if not addresses:
        return {}
    now = clock.now()
    rows = (
        Message.objects.filter(
            address_hash__in=addresses, channel=Channel.SMS, accepted_at__gt=now - DAY
        )
        .values("address_hash")
        .annotate(hour=Count("pk", filter=Q(accepted_at__gt=now - HOUR)), day=Count("pk"))
    )
    return {row["address_hash"]: (row["hour"], row["day"]) for row in rows}
