"""Times as customers read them: in the store's own time, in their language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, time_format

from hub.stores.models import Store

TWELVE_HOUR_COUNTRIES = frozenset({"AU", "CA", "IN", "NZ", "PH", "US"})


@dataclass(frozen=True)
class Moments:
    """Says when something is or was, as seen at ``now`` in one store and one language.

    Django's translation of that language must be in force.
    """

    zone: ZoneInfo
    now: datetime
    words: dict[str, str]
    clock_format: str

    def say(self, moment: datetime) -> str:
        """``today, 14:30``, ``tomorrow, 09:00`` or ``Saturday 21 November, 09:00``."""
        local, today = moment.astimezone(self.zone), self.now.astimezone(self.zone).date()
        clock = self.say_time(local.time())
        if local.date() == today:
            return self.words["today"].format(time=clock)
        if local.date() == today + timedelta(days=1):
            return self.words["tomorrow"].format(time=clock)
        return self.say_day(moment)

    def say_day(self, moment: datetime) -> str:
        """``Saturday 21 November, 09:00``, true on whatever day it is read."""
        local = moment.astimezone(self.zone)
        date = date_format(local, self.words["date"])
        return self.words["day"].format(date=date, time=self.say_time(local.time()))

    def say_time(self, of_day: time) -> str:
        """``14:30``, or ``2:30 p.m.`` where people read clocks that way."""
        return time_format(of_day, self.clock_format)


def moments_of(store: Store, *, now: datetime, language: str, words: dict[str, str]) -> Moments:
    """The way to say times to a customer of this store."""
    twelve = language == "en" and store.country in TWELVE_HOUR_COUNTRIES
    return Moments(ZoneInfo(store.timezone), now, words, "g:i a" if twelve else "H:i")
