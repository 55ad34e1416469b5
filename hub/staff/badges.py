"""Badges and PINs: making them, and telling who holds one."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from itertools import pairwise

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import User
from django.db.models import F
from django.utils.translation import gettext as _

from hub import clock
from hub.api.models import RateCounter
from hub.api.throttle import count_exactly
from hub.crypto import lookup_hash
from hub.errors import Forbidden, Invalid
from hub.staff.models import StaffKey, Tablet, TabletPerson
from hub.staff.people import switchers_of

PIN_DIGITS = 6
FEWEST_DIFFERENT = 3  # digits of a PIN
TRIES_PER_PERSON = 5  # on one tablet: a colleague's wrong fingers close it nowhere else
TRIES_PER_TABLET = 30
WINDOW_SECONDS = 900
TRIES_PER_DAY = 20  # of one person on all tablets together: guessing from one to the next
DAY_SECONDS = 24 * 3600
BADGE = re.compile(r"CBB[0-9A-HJKMNP-TV-Z]{26}\Z")
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # 32 of them: five bits each
_BADGE_LETTERS = 26  # 130 bits


class NotKnown(Forbidden):
    """The badge or the PIN is nobody's on this tablet."""

    code = "not_known"
    title = "Not known here"


class TooManyTries(Forbidden):
    """So many wrong tries that more would be guessing."""

    code = "too_many_tries"
    title = "Too many tries"


def new_badge() -> str:
    """A fresh badge code: 130 random bits in letters that every scanner and keyboard knows."""
    return "CBB" + "".join(secrets.choice(_LETTERS) for _ in range(_BADGE_LETTERS))


def issue_badge(*, person: User, by: str) -> str:
    """The person has a new badge, and the former one is worth nothing; returns its code, which
    is nowhere kept."""
    code = new_badge()
    issued = {
        "badge_hash": lookup_hash("badge", code),
        "badge_issued_at": clock.now(),
        "badge_issued_by": by,
    }
    StaffKey.objects.update_or_create(user_id=person.pk, defaults=issued)
    return code


def take_badge_back(*, person: User) -> bool:
    """The person's badge opens nothing any more; False when there was none."""
    held = StaffKey.objects.filter(user_id=person.pk, badge_hash__isnull=False)
    return bool(held.update(badge_hash=None, badge_issued_at=None, badge_issued_by=""))


def set_pin(*, person: User, pin: str) -> None:
    """The person switches with this PIN from now on; wrong tries of the former one are forgotten.
    Raises Invalid for one easily guessed."""
    _require_strong(pin)
    chosen = {"pin": make_password(_keyed(person.pk, pin)), "pin_set_at": clock.now()}
    StaffKey.objects.update_or_create(user_id=person.pk, defaults=chosen)
    RateCounter.objects.filter(bucket__startswith=_tries_of(person.pk)).delete()


def by_badge(*, tablet: Tablet, code: str) -> TabletPerson:
    """Who holds this badge and works in the tablet's store.

    Raises NotKnown, and TooManyTries once the tablet's tries are used up.
    """
    limits = [_Limit(f"switch:{tablet.pk}", TRIES_PER_TABLET)]
    _take(limits)
    found = None
    if BADGE.match(code):
        known = switchers_of(tablet).filter(staff_key__badge_hash=lookup_hash("badge", code))
        found = known.first()
    if found is None:
        raise NotKnown(_("this badge opens nothing on this tablet"))
    _give_back(limits)
    return found


def by_pin(*, tablet: Tablet, person_id: int, pin: str) -> TabletPerson:
    """The person whose tile was tapped, if the PIN is theirs and they work in the store.

    A try is taken before the PIN is looked at and given back when it was right, so that a
    hundred guesses at once are still five. Wrong ones close the person's PIN on this tablet; so
    many in a day that somebody goes from tablet to tablet close it on all. Raises NotKnown or
    TooManyTries.
    """
    limits = [
        _Limit(f"{_tries_of(person_id)}{tablet.pk}", TRIES_PER_PERSON),
        _Limit(f"switch:{tablet.pk}", TRIES_PER_TABLET),
        _Limit(f"{_tries_of(person_id)}all", TRIES_PER_DAY, DAY_SECONDS),
    ]
    _take(limits)
    person = switchers_of(tablet).filter(pk=person_id).exclude(staff_key__pin="").first()
    kept = person.staff_key.pin if person else None
    # without a person the hash is reckoned all the same: the time tells nothing
    right = check_password(_keyed(person_id, pin), kept or make_password(None))
    if person is None or not right:
        raise NotKnown(_("this PIN is not the right one"))
    _give_back(limits)
    return person


def _keyed(person_id: int, pin: str) -> str:
    return lookup_hash("pin", f"{person_id}:{pin}")


@dataclass(frozen=True)
class _Limit:
    bucket: str
    tries: int
    seconds: int = WINDOW_SECONDS


def _tries_of(person_id: int) -> str:
    """What the buckets of a person's tries begin with."""
    return f"switch:person:{person_id}:"


def _take(limits: list[_Limit]) -> None:
    """Take a try of each. Where one is used up, none of the others is: trying on at a closed
    tablet does not close the person's PIN elsewhere."""
    for place, limit in enumerate(limits):
        if count_exactly(bucket=limit.bucket, limit=limit.tries, seconds=limit.seconds):
            continue
        _give_back(limits[:place])
        if limit.seconds == DAY_SECONDS:
            raise TooManyTries(
                _("too many wrong tries of this PIN today; use the badge, or log in by password")
            )
        raise TooManyTries(_("too many wrong tries; wait 15 minutes, or log in by password"))


def _give_back(limits: list[_Limit]) -> None:
    buckets = [limit.bucket for limit in limits]
    RateCounter.objects.filter(bucket__in=buckets, used__gt=0).update(used=F("used") - 1)


def _require_strong(pin: str) -> None:
    if not (pin.isascii() and pin.isdecimal() and len(pin) == PIN_DIGITS):
        raise Invalid(_("a PIN has six digits"))
    half = PIN_DIGITS // 2
    weak = len(set(pin)) < FEWEST_DIFFERENT or pin[:half] == pin[half:] or _is_row(pin)
    if weak or _is_date(pin):
        raise Invalid(_("this PIN is easily guessed: no rows, repeats or dates"))


def _is_row(pin: str) -> bool:
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return len(steps) == 1


def _is_date(pin: str) -> bool:
    """Whether it reads as day, month and a year of somebody alive, in one of the usual orders."""
    first, middle, last = int(pin[:2]), int(pin[2:4]), int(pin[4:])
    days, months = range(1, 32), range(1, 13)
    return (
        (first in days and middle in months)
        or (first in months and middle in days)
        or (middle in months and last in days)
    )
