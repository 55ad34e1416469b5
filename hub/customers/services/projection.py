"""A profile computed from its records: nothing about a customer is ever merged by overwriting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F

from hub.customers.models import Profile, SourceRecord
from hub.customers.preferences import follow_records


@dataclass(frozen=True)
class Portrait:
    """What the records of one customer say together. ``notify`` is None when none says so."""

    contact_id: int | None
    locale: str
    timezone: str
    notify: list[str] | None


def portray(newest_first: Iterable[tuple[int, dict[str, Any]]]) -> Portrait:
    """Fold (contact id, payload) pairs: for each field the newest record that speaks of it wins."""
    contact_id: int | None = None
    said: dict[str, Any] = {}
    for contact, payload in newest_first:
        contact_id = contact_id or contact
        for field in ("locale", "timezone", "notify"):
            if payload.get(field) and field not in said:
                said[field] = payload[field]
    return Portrait(
        contact_id=contact_id,
        locale=said.get("locale", ""),
        timezone=said.get("timezone", ""),
        notify=said.get("notify"),
    )


@transaction.atomic
def rebuild(profile: Profile) -> Profile:
    """Compute the profile anew from the records linked to it now, and return it.

    What the customer chose himself (on a page, by text) is no record's and stays. The version
    grows only when something changed.
    """
    locked = Profile.objects.select_for_update(no_key=True).get(pk=profile.pk)
    records = SourceRecord.objects.filter(links__profile=locked, links__active=True)
    portrait = portray(records.order_by("-id").values_list("contact_id", "payload"))
    if (locked.contact_id, locked.locale, locked.timezone) != (
        portrait.contact_id,
        portrait.locale,
        portrait.timezone,
    ):
        Profile.objects.filter(pk=locked.pk).update(
            contact_id=portrait.contact_id,
            locale=portrait.locale,
            timezone=portrait.timezone,
            version=F("version") + 1,
        )
    follow_records(profile=locked, notify=portrait.notify)
    profile.refresh_from_db()
    return profile
