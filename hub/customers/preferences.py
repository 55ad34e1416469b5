"""Which channels a customer chose, in which order, which language and hours, and what pauses.

Two voices speak: the records (what a site passed on with an order) and the customer (a page, a
text). The customer's own word outranks every record, however new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from hub import clock
from hub.customers.addresses import clean_locale, clean_timezone
from hub.customers.errors import InvalidLocale, PauseInvalid, UnknownChannel, UnknownGroup
from hub.customers.models import Channel, Preference, Profile
from hub.customers.purposes import GROUPS, ORDER_UPDATES

FROM_RECORDS = "order"
FROM_PAGE = "page"
LONGEST_PAUSE = timedelta(days=366)

Choices = Mapping[str, Sequence[str] | None]  # by group; None: follow the order updates


def ranked_channels(profile: Profile, purpose: str = ORDER_UPDATES) -> list[str]:
    """The channels chosen for the purpose, the dearest first; empty when nothing was chosen."""
    chosen = Preference.objects.filter(profile=profile, purpose=purpose, rank__gt=0)
    return list(chosen.order_by("rank").values_list("channel", flat=True))


def choices_of(profile: Profile) -> dict[str, list[str] | None]:
    """The customer's grid: each group with its channels, ranked; None where nothing was chosen.

    An empty list means: not by any. A channel that is missing from a list of the customer's own
    is one he ruled out, if ``unwanted_channels`` has it.
    """
    grid: dict[str, list[str] | None] = dict.fromkeys(GROUPS)
    rows = Preference.objects.filter(profile=profile, purpose__in=GROUPS).order_by("rank")
    for group, channel, rank in rows.values_list("purpose", "channel", "rank"):
        listed = grid[group] = grid[group] or []
        if rank:
            listed.append(channel)
    return grid


def unwanted_channels(profile: Profile, purpose: str = ORDER_UPDATES) -> list[str]:
    """The channels the customer ruled out for the purpose."""
    rows = Preference.objects.filter(profile=profile, purpose=purpose, rank=0)
    return sorted(rows.values_list("channel", flat=True))


@transaction.atomic
def set_preferences(
    *, profile: Profile, channels: Sequence[str], source: str, purpose: str = ORDER_UPDATES
) -> None:
    """Make ``channels`` (first is tried first) the whole choice for the purpose; the others are
    neither wanted nor ruled out.

    ``source`` is who said so: ``order`` for records, else ``page``, ``sms``, ``staff``,
    ``import``. Raises UnknownChannel, for an empty choice too: silence is a consent's matter.
    """
    check_channels(channels)
    _lock(profile)
    _replace(profile, channels, source, purpose)


def choose_channels(*, profile: Profile, channels: Sequence[str], source: str = FROM_PAGE) -> None:
    """Take over the customer's own choice, the first channel first; as above.

    An address that refused a channel stays refused: a choice is no consent.
    """
    set_preferences(profile=profile, channels=channels, source=source)


@transaction.atomic
def choose_grid(*, profile: Profile, choices: Choices, source: str = FROM_PAGE) -> None:
    """Take over the customer's choices for the groups named; the other groups stay.

    Of each group the channels listed are tried in their order, the others are ruled out; a group
    that maps to None has no choice of its own any more. Raises UnknownGroup and UnknownChannel.
    """
    for group, channels in choices.items():
        if group not in GROUPS:
            raise UnknownGroup(group=group)
        if channels:
            check_channels(channels)
    _lock(profile)
    for group, channels in choices.items():
        listed = channels or []
        others = [] if channels is None else [one for one in Channel.values if one not in listed]
        _replace(profile, listed, source, group, unwanted=others)


def choose_language(*, profile: Profile, locale: str, source: str = FROM_PAGE) -> Profile:
    """Let the customer be written to in this language, whatever records say of him later.

    ``profile`` is fresh afterwards; choosing the same again changes nothing. Raises InvalidLocale,
    for an empty one too.
    """
    locale = clean_locale(locale)
    if not locale:
        raise InvalidLocale
    rows = Profile.objects.filter(pk=profile.pk).exclude(chosen_locale=locale, locale_source=source)
    rows.update(chosen_locale=locale, locale_source=source, version=F("version") + 1)
    profile.refresh_from_db(fields=["chosen_locale", "locale_source", "version"])
    return profile


def choose_timezone(*, profile: Profile, timezone: str, source: str = FROM_PAGE) -> Profile:
    """Let nights be those of this zone (IANA); empty: those of the store, as nobody ever chose.

    ``profile`` is fresh afterwards. Raises InvalidTimezone.
    """
    zone = clean_timezone(timezone)
    said = source if zone else ""
    rows = Profile.objects.filter(pk=profile.pk).exclude(chosen_timezone=zone, timezone_source=said)
    rows.update(chosen_timezone=zone, timezone_source=said, version=F("version") + 1)
    profile.refresh_from_db(fields=["chosen_timezone", "timezone_source", "version"])
    return profile


def pause(*, profile: Profile, until: datetime) -> Profile:
    """Tell the customer nothing but what is critical until then. Raises PauseInvalid."""
    now = clock.now()
    if not now < until <= now + LONGEST_PAUSE:
        raise PauseInvalid
    return _pause(profile, until)


def resume(*, profile: Profile) -> Profile:
    """End the pause, if there is one."""
    return _pause(profile, None)


def locale_for(profile: Profile, *, said: str = "", usual: str = "") -> str:
    """The language the customer chose, else that of what is spoken of (``said``), else what his
    records say, else the ``usual`` one."""
    return profile.chosen_locale or said or profile.locale or usual


def check_channels(channels: Sequence[str]) -> None:
    """Raise UnknownChannel unless the choice names known channels, each once, and at least one."""
    if not channels or len(set(channels)) < len(channels) or not set(channels) <= {*Channel.values}:
        raise UnknownChannel


def follow_records(*, profile: Profile, notify: Sequence[str] | None) -> None:
    """Let the newest record's word stand as the choice, unless the customer chose himself.

    The caller holds the profile's row lock.
    """
    chosen = list(
        Preference.objects.filter(profile=profile, purpose=ORDER_UPDATES)
        .order_by("rank")
        .values_list("channel", "source")
    )
    if any(source != FROM_RECORDS for _, source in chosen):
        return
    if [channel for channel, _ in chosen] != list(notify or []):
        _replace(profile, notify or [], FROM_RECORDS, ORDER_UPDATES)


def _pause(profile: Profile, until: datetime | None) -> Profile:
    Profile.objects.filter(pk=profile.pk).update(paused_until=until, version=F("version") + 1)
    profile.refresh_from_db(fields=["paused_until", "version"])
    return profile


def _lock(profile: Profile) -> None:
    Profile.objects.select_for_update(no_key=True).get(pk=profile.pk)


def _replace(
    profile: Profile,
    channels: Sequence[str],
    source: str,
    purpose: str,
    unwanted: Sequence[str] = (),
) -> None:
    ranked = [*enumerate(channels, start=1), *((0, channel) for channel in unwanted)]
    Preference.objects.filter(profile=profile, purpose=purpose).exclude(
        channel__in=[channel for _, channel in ranked]
    ).delete()
    Preference.objects.bulk_create(
        [
            Preference(
                profile=profile,
                purpose=purpose,
                channel=channel,
                rank=rank,
                source=source,
                updated_at=Now(),
            )
            for rank, channel in ranked
        ],
        update_conflicts=True,
        unique_fields=["profile", "purpose", "channel"],
        update_fields=["rank", "source", "updated_at"],
    )
