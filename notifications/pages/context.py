"""What the page on how a customer is told shows, in plain values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.utils import translation
from django.utils.formats import date_format

from hub import clock
from hub.customers.models import Channel, Contact, Profile
from hub.customers.purposes import GROUPS, ORDER_UPDATES
from hub.customers.reaching import Standing, standing_of
from hub.stores.models import Store
from notifications.choosing import USUAL_ORDER
from notifications.pages.masking import mask_email, mask_phone
from notifications.pages.words import WORDS
from orders.models import FulfillmentOrder

FOLLOW, NONE = "follow", "none"
PAUSES = (1, 7, 14, 30)  # days
_REGIONS = {"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}


def store_of(profile: Profile) -> Store | None:
    """The store of the customer's newest order: whose name, language and hours are his."""
    parts = FulfillmentOrder.objects.filter(order__profile=profile).select_related("store__brand")
    newest = parts.order_by("-order_id", "-pk").first()
    return newest.store if newest else None


def standing_for(profile: Profile) -> Standing:
    """How the customer stands with his present contact."""
    pair = (profile.pk, profile.contact_id)
    return standing_of(pairs=[pair])[pair]


def preference_context(profile: Profile, *, language: str, store: Store | None) -> dict[str, Any]:
    """All that the page shows: no name, and addresses only as their owner knows them again."""
    words, standing = WORDS[language], standing_for(profile)
    zone = standing.chosen_timezone or (store.timezone if store else "UTC")
    addresses = _addresses(profile.contact, standing, words)
    channels = [one["channel"] for one in addresses]
    return {
        "language": language,
        "words": words,
        "addresses": addresses,
        "all_stopped": bool(addresses) and all(one["stopped"] for one in addresses),
        "rows": [_row(group, channels, standing, words) for group in GROUPS],
        "zones": zones(),
        "zone": standing.chosen_timezone,
        "store_zone": store.timezone if store else "",
        "pauses": [{"value": days, "label": words[f"pause_{days}"]} for days in PAUSES],
        "paused": _paused(standing.paused_until, zone, language),
    }


@lru_cache(maxsize=1)
def zones() -> list[tuple[str, list[tuple[str, str]]]]:
    """The time zones with a city, by continent: (name, label) pairs."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        region, _, city = name.partition("/")
        if region in _REGIONS and city:
            found.setdefault(region, []).append((name, city.replace("_", " ")))
    return list(found.items())


def ways_of(channels: Sequence[str]) -> list[str]:
    """What can be chosen for a group of messages with these addresses, as the form sends it."""
    if len(channels) > 1:
        return ["sms email", "email sms", "sms", "email", NONE]
    return [*channels, NONE]


def _addresses(
    contact: Contact | None, standing: Standing, words: dict[str, str]
) -> list[dict[str, Any]]:
    masked = {Channel.SMS: "", Channel.EMAIL: ""}
    if contact:
        masked = {Channel.SMS: mask_phone(contact.phone), Channel.EMAIL: mask_email(contact.email)}
    found = []
    for channel in Channel.values:
        if address := masked[Channel(channel)]:
            stopped = standing.refused(channel, ORDER_UPDATES)
            action = words["start_button" if stopped else "stop_button"].format(address=address)
            found.append(
                {
                    "channel": channel,
                    "label": words[channel],
                    "masked": address,
                    "stopped": stopped,
                    "said": words["stopped"].format(address=address),
                    "action": action,
                }
            )
    return found


def _row(
    group: str, channels: Sequence[str], standing: Standing, words: dict[str, str]
) -> dict[str, Any]:
    own = bool(standing.choices.get(group))
    follows = group != ORDER_UPDATES and not own
    chosen = FOLLOW if follows else _way_in_force(group, channels, standing)
    ways = [*([FOLLOW] if group != ORDER_UPDATES else []), *ways_of(channels)]
    return {
        "group": group,
        "label": words[f"group_{group}"],
        "about": words[f"about_{group}"],
        "ways": [
            {
                "value": way,
                "label": words[f"way_{way.replace(' ', '_')}"],
                "chosen": way == chosen,
            }
            for way in ways
        ],
    }


def _way_in_force(group: str, channels: Sequence[str], standing: Standing) -> str:
    """What happens now, as the form would send it: nobody's choice is the usual order."""
    order = [*standing.preferred(group), *USUAL_ORDER]
    unwanted = standing.unwanted(group)
    ranked = [one for one in dict.fromkeys(order) if one in channels and one not in unwanted]
    return " ".join(ranked) or NONE


def _paused(until: datetime | None, zone: str, language: str) -> str:
    """Until when nothing is written, in words; empty when nothing pauses."""
    if until is None or until <= clock.now():
        return ""
    words = WORDS[language]
    with translation.override(language):
        moment = date_format(until.astimezone(ZoneInfo(zone)), words["date"])
    return words["paused"].format(until=moment)
