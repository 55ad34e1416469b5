"""What a customer may change on the page: each act is one POST of a form that the page made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.http import QueryDict

from hub import clock
from hub.customers.consent import start, stop
from hub.customers.errors import InvalidLocale, PauseInvalid, UnknownChannel
from hub.customers.models import Channel, Profile
from hub.customers.preferences import (
    FROM_PAGE,
    choose_grid,
    choose_language,
    choose_timezone,
    pause,
    resume,
)
from hub.customers.purposes import GROUPS, ORDER_UPDATES
from notifications.pages.context import FOLLOW, NONE, PAUSES
from notifications.pages.words import WORDS

EVERYTHING = "all"
WORDING = "page-1"  # the version of the words on the page, for the log of consent


@dataclass(frozen=True)
class Tap:
    """One tap on the page: whose, what the form says, in which language, and its own name."""

    profile: Profile
    form: QueryDict
    language: str
    nonce: str

    def said(self, field: str) -> str:
        """A field's text; what no form of ours sends is cut off and cannot be meant."""
        return self.form.get(field, "").replace("\0", "")[:80]


def hash_of(profile: Profile, channel: str) -> str:
    """The keyed hash of the customer's present address on the channel; empty for none."""
    if profile.contact is None:
        return ""
    return profile.contact.phone_hash if channel == Channel.SMS else profile.contact.email_hash


def _choose(tap: Tap) -> None:
    """Take over the rows the form has; an address he does not have yet comes after the others."""
    choices: dict[str, list[str] | None] = {}
    for group in GROUPS:
        way = tap.said(f"way_{group}")
        if way == FOLLOW and group != ORDER_UPDATES:
            choices[group] = None
        elif way == NONE:
            choices[group] = []
        elif way:
            choices[group] = _with_absent(tap.profile, way.split())
    if not choices:
        raise UnknownChannel
    choose_grid(profile=tap.profile, choices=choices, source=FROM_PAGE)


def _with_absent(profile: Profile, listed: list[str]) -> list[str]:
    """Who has no e-mail address here has not ruled e-mail out."""
    absent = [one for one in Channel.values if not hash_of(profile, one) and one not in listed]
    return [*listed, *absent]


def _language(tap: Tap) -> None:
    locale = tap.said("locale")
    if locale not in WORDS:
        raise InvalidLocale
    choose_language(profile=tap.profile, locale=locale)


def _timezone(tap: Tap) -> None:
    choose_timezone(profile=tap.profile, timezone=tap.said("timezone"))


def _pause(tap: Tap) -> None:
    days = tap.said("days")
    if days not in {str(one) for one in PAUSES}:
        raise PauseInvalid
    pause(profile=tap.profile, until=clock.now() + timedelta(days=int(days)))


def _resume(tap: Tap) -> None:
    resume(profile=tap.profile)


@transaction.atomic
def _stop(tap: Tap) -> None:
    """End one address, or all of them."""
    for channel, address in _addresses(tap):
        stop(
            address_hash=address,
            channel=channel,
            method=FROM_PAGE,
            reference=f"tap:{tap.nonce}",
            locale=tap.language,
            wording=WORDING,
        )


def _start(tap: Tap) -> None:
    """Only its owner has the link: his word lifts what he, or staff for him, once stopped."""
    for channel, address in _addresses(tap):
        start(
            address_hash=address,
            channel=channel,
            method=FROM_PAGE,
            reference=f"tap:{tap.nonce}",
            locale=tap.language,
            wording=WORDING,
        )


def _addresses(tap: Tap) -> list[tuple[str, str]]:
    asked = tap.said("channel")
    known = [(one, hash_of(tap.profile, one)) for one in Channel.values]
    found = [(one, hash_) for one, hash_ in known if hash_ and asked in (one, EVERYTHING)]
    if not found:
        raise UnknownChannel
    return found


ACTS: dict[str, Callable[[Tap], None]] = {
    "choose": _choose,
    "language": _language,
    "timezone": _timezone,
    "pause": _pause,
    "resume": _resume,
    "stop": _stop,
    "start": _start,
}
