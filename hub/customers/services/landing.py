"""Landing a source record: who is this, and which profile does the record speak of?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from hub.crypto import lookup_hash
from hub.customers.addresses import clean_account, clean_locale, clean_timezone
from hub.customers.models import Contact, IdentityKey, IdentityLink, Profile, SourceRecord
from hub.customers.preferences import check_channels
from hub.customers.services.contacts import SEPARATOR, keep_contact
from hub.customers.services.projection import rebuild


@transaction.atomic
def land_record(
    *,
    source: str,
    source_id: str,
    name: str,
    phone: str,
    email: str,
    account_id: str = "",
    locale: str = "",
    timezone: str = "",
    notify: Sequence[str] | None = None,
    payload: dict[str, Any] | None = None,
) -> SourceRecord:
    """Keep what one system said about a customer, link it to a profile, and rebuild that profile.

    The first word stands: landing (source, source_id) again returns the first record unchanged.
    An account within its source owns one profile; a guest's profile belongs to his exact name,
    phone and e-mail, so people who share a phone stay apart. ``notify`` ranks the channels he
    chose there, None when he was not asked; ``payload`` must hold no contact data.

    Raises the coded refusals of ``hub.customers.errors``. Call it before locking anything else:
    it locks the profile's row until the transaction ends.
    """
    if notify is not None:
        check_channels(notify)
    said = {
        "locale": clean_locale(locale),
        "timezone": clean_timezone(timezone),
        "notify": list(notify or []),
        "data": payload or {},
    }
    account_id = clean_account(account_id)
    landed = _landed(source, source_id).first()
    if landed:
        return landed
    contact = keep_contact(name=name, phone=phone, email=email)
    profile, rule = _owner(source, account_id, contact)
    record = SourceRecord(
        source=source, source_id=source_id, contact=contact, account_id=account_id, payload=said
    )
    return _link(record, profile, rule)


def profile_of(record: SourceRecord) -> Profile:
    """The profile the record speaks of now, its contact loaded."""
    return Profile.objects.select_related("contact").get(links__record=record, links__active=True)


def _landed(source: str, source_id: str) -> QuerySet[SourceRecord]:
    return SourceRecord.objects.select_related("contact").filter(source=source, source_id=source_id)


def _link(record: SourceRecord, profile: Profile, rule: str) -> SourceRecord:
    """Keep record and link, and rebuild; whoever landed it at the same moment was first."""
    Profile.objects.select_for_update(no_key=True).get(pk=profile.pk)
    SourceRecord.objects.bulk_create([record], ignore_conflicts=True)
    landed = _landed(record.source, record.source_id).get()
    link = IdentityLink(record=landed, profile=profile, rule=rule)
    IdentityLink.objects.bulk_create([link], ignore_conflicts=True)
    rebuild(profile)
    return landed


def _owner(source: str, account_id: str, contact: Contact) -> tuple[Profile, str]:
    if account_id:
        key = lookup_hash("account", SEPARATOR.join([source, account_id]))
        return _profile_for(key), "account"
    return _profile_for(lookup_hash("guest", contact.identity_hash)), "guest"


def _profile_for(key_hash: str) -> Profile:
    """The profile that owns the key, made if there is none; those who ask at once get one."""
    owned = Profile.objects.filter(keys__key_hash=key_hash)
    profile = owned.first()
    if profile is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key_hash])
        profile = owned.first()
    if profile is None:
        profile = Profile.objects.create()
        IdentityKey.objects.create(key_hash=key_hash, profile=profile)
    return profile
