"""How customers want to be reached, and may be: read for many of them in five queries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub import clock
from hub.customers.consent import ORDERS, Word, refuses, words_of
from hub.customers.health import health_of, may_be_tried
from hub.customers.models import Channel, Contact, Preference, Profile
from hub.customers.purposes import ORDER_UPDATES

Pair = tuple[int | None, int | None]  # keys of a profile and of a contact

_PROFILE = (
    *("id", "locale", "chosen_locale", "locale_source"),
    *("chosen_timezone", "timezone_source", "paused_until"),
)


@dataclass(frozen=True, kw_only=True)
class AddressStanding:
    """What is known of one address: the newest words of its owner, and whether it works.

    ``state`` is shaky or dead, empty when nothing bad is known; ``reason`` says why.
    """

    address_hash: str = ""
    words: Mapping[str, Word] = field(default_factory=dict)
    works: bool = True
    state: str = ""
    reason: str = ""

    def refuses(self, group: str) -> bool:
        """Whether its owner refused to be told of these things there (STOP, or a part of it)."""
        return refuses(self.words, group)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a customer chose and said, with his addresses by channel (each channel is there).

    ``choices`` are ranks by group and channel, 0 for "not by this one". Nobody in particular (no
    profile, no contact) chose nothing and has no address.
    """

    profile_id: int | None = None
    contact_id: int | None = None
    choices: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    paused_until: datetime | None = None
    chosen_locale: str = ""
    locale_source: str = ""
    records_locale: str = ""
    chosen_timezone: str = ""
    timezone_source: str = ""
    addresses: Mapping[str, AddressStanding] = field(default_factory=dict)

    def preferred(self, group: str) -> tuple[str, ...]:
        """The channels chosen for the group, the first to be tried first."""
        ranked = sorted((rank, channel) for channel, rank in self._choice(group).items() if rank)
        return tuple(channel for _, channel in ranked)

    def unwanted(self, group: str) -> frozenset[str]:
        """The channels ruled out for the group."""
        return frozenset(name for name, rank in self._choice(group).items() if rank == 0)

    def refused(self, channel: str, group: str) -> bool:
        """Whether the address of the channel refuses the group."""
        return self.addresses.get(channel, AddressStanding()).refuses(group)

    def zone(self, usual: str) -> tuple[str, str]:
        """The time zone (IANA) he chose and where he said so, else the ``usual`` one, "store"."""
        if self.chosen_timezone:
            return self.chosen_timezone, self.timezone_source
        return usual, "store"

    def _choice(self, group: str) -> Mapping[str, int]:
        return self.choices.get(group) or self.choices.get(ORDER_UPDATES) or {}


def standing_of(*, pairs: Sequence[Pair], programme: str = ORDERS) -> dict[Pair, Standing]:
    """How each (profile, contact) stands now; the queries are five however many are asked for.

    The contact is the order's, and may differ from the profile's newest.
    """
    profiles = _profiles({profile for profile, _ in pairs if profile})
    choices = _choices(profiles)
    contacts = _hashes({contact for _, contact in pairs if contact})
    hashes = {one for by_channel in contacts.values() for one in by_channel.values() if one}
    addresses = addresses_of(hashes, programme=programme)
    found = {}
    for pair in set(pairs):
        profile, contact = pair
        of_contact = contacts.get(contact or 0, {})
        found[pair] = Standing(
            profile_id=profile,
            contact_id=contact,
            choices=choices.get(profile or 0, {}),
            addresses={
                channel: addresses.get((of_contact.get(channel, ""), channel), AddressStanding())
                for channel in Channel.values
            },
            **profiles.get(profile or 0, {}),
        )
    return found


def addresses_of(
    hashes: Collection[str], *, programme: str = ORDERS
) -> dict[tuple[str, str], AddressStanding]:
    """How addresses stand, by (hash, channel), each channel of each; two queries.

    For a number that answers us and belongs to no contact.
    """
    asked = sorted(hash_ for hash_ in set(hashes) if hash_)
    words, health = words_of(asked, programme=programme), health_of(asked)
    now = clock.now()
    found = {}
    for address in asked:
        for channel in Channel.values:
            known = health.get((address, channel))
            found[address, channel] = AddressStanding(
                address_hash=address,
                words=words.get((address, channel), {}),
                works=known is None or may_be_tried(known, now),
                state=known.state if known else "",
                reason=known.reason if known else "",
            )
    return found


def _profiles(ids: Collection[int]) -> dict[int, dict[str, Any]]:
    rows = Profile.objects.filter(pk__in=ids).values_list(*_PROFILE) if ids else ()
    names = (
        *("records_locale", "chosen_locale", "locale_source"),
        *("chosen_timezone", "timezone_source", "paused_until"),
    )
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


def _choices(ids: Collection[int]) -> dict[int, dict[str, dict[str, int]]]:
    found: dict[int, dict[str, dict[str, int]]] = {}
    if not ids:
        return found
    rows = Preference.objects.filter(profile_id__in=list(ids))
    for profile, group, channel, rank in rows.values_list(
        "profile_id", "purpose", "channel", "rank"
    ):
        found.setdefault(profile, {}).setdefault(group, {})[channel] = rank
    return found


def _hashes(ids: Collection[int]) -> dict[int, dict[str, str]]:
    """The address hashes of contacts by channel; their sealed texts stay closed."""
    rows = Contact.objects.filter(pk__in=ids) if ids else Contact.objects.none()
    return {
        pk: {Channel.SMS: phone, Channel.EMAIL: email}
        for pk, phone, email in rows.values_list("pk", "phone_hash", "email_hash")
    }
