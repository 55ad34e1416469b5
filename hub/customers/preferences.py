"""Which channels a customer chose, in which order, and which language.

Two voices speak: the records (what a site passed on with an order) and the customer (a page, a
text). The customer's own word outranks every record, however new.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from hub.customers.addresses import clean_locale
from hub.customers.errors import InvalidLocale, UnknownChannel
from hub.customers.models import Channel, Preference, Profile
from hub.customers.purposes import ORDER_UPDATES

FROM_RECORDS = "order"
FROM_PAGE = "page"


def ranked_channels(profile: Profile, purpose: str = ORDER_UPDATES) -> list[str]:
    """The channels chosen for the purpose, the dearest first; empty when nothing was chosen."""
    chosen = Preference.objects.filter(profile=profile, purpose=purpose).order_by("rank")
    return list(chosen.values_list("channel", flat=True))


@transaction.atomic
def set_preferences(
    *, profile: Profile, channels: Sequence[str], source: str, purpose: str = ORDER_UPDATES
) -> None:
    """Make ``channels`` (first is tried first) the whole choice for the purpose.

    ``source`` is who said so: ``order`` for records, else ``page``, ``sms``, ``staff``,
    ``import``. Raises UnknownChannel, for an empty choice too: silence is a consent's matter.
    """
    check_channels(channels)
    Profile.objects.select_for_update(no_key=True).get(pk=profile.pk)
    _replace(profile, channels, source, purpose)


def choose_channels(*, profile: Profile, channels: Sequence[str], source: str = FROM_PAGE) -> None:
    """Take over the customer's own choice, the first channel first; as above.

    An address that refused a channel stays refused: a choice is no consent.
    """
    set_preferences(profile=profile, channels=channels, source=source)


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


def _replace(profile: Profile, channels: Sequence[str], source: str, purpose: str) -> None:
    Preference.objects.filter(profile=profile, purpose=purpose).exclude(
        channel__in=channels
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
            for rank, channel in enumerate(channels, start=1)
        ],
        update_conflicts=True,
        unique_fields=["profile", "purpose", "channel"],
        update_fields=["rank", "source", "updated_at"],
    )
