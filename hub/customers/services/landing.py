"""Landing source records: who is this, and which profile does each record speak of?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from hub.crypto import lookup_hash
from hub.customers.addresses import clean_account, clean_locale, clean_timezone
from hub.customers.models import IdentityLink, Profile, SourceRecord
from hub.customers.preferences import check_channels, follow_records
from hub.customers.purposes import ORDER_UPDATES
from hub.customers.services.contacts import SEPARATOR, Person, person, sealed_columns
from hub.customers.services.projection import Portrait, portray, rebuild
from hub.ids import new_id

# Contacts and identity keys are made or found in one order (their hashes'), and stay locked: of
# two records of one customer that land at the same moment, the second waits for the first.
# A record that has landed before changes nothing: the first word stands.
_LAND = """
WITH contact AS (
    INSERT INTO customers_contact
        (identity_hash, name_hash, phone_hash, phone_last4_hash, email_hash, name, phone, email)
    SELECT identity_hash, name_hash, phone_hash, phone_last4_hash, email_hash, name, phone, email
    FROM json_to_recordset(%(people)s) AS fresh (identity_hash text, name_hash text,
        phone_hash text, phone_last4_hash text, email_hash text, name bytea, phone bytea,
        email bytea)
    ORDER BY identity_hash
    ON CONFLICT (identity_hash) DO UPDATE SET identity_hash = EXCLUDED.identity_hash
    RETURNING id, identity_hash
), owner AS (
    SELECT * FROM json_to_recordset(%(owners)s) AS owner (key_hash text, public_id text,
        identity_hash text, locale text, timezone text, source text, source_id text)
), key AS (
    INSERT INTO customers_identitykey (key_hash, profile_id)
    SELECT key_hash, nextval('customers_profile_id_seq') FROM owner ORDER BY key_hash
    ON CONFLICT (key_hash) DO UPDATE SET key_hash = EXCLUDED.key_hash
    RETURNING key_hash, profile_id, xmax = 0 AS is_new
), said AS (
    SELECT * FROM json_to_recordset(%(words)s) AS said (number int, source text, source_id text,
        identity_hash text, key_hash text, account text, rule text, payload jsonb)
), record AS (
    INSERT INTO customers_sourcerecord (source, source_id, contact_id, account_id, payload)
    SELECT source, source_id, contact.id, account, payload
    FROM said JOIN contact USING (identity_hash) JOIN key USING (key_hash)
    ORDER BY number
    ON CONFLICT (source, source_id) DO NOTHING
    RETURNING id, source, source_id
), link AS (
    INSERT INTO customers_identitylink (record_id, profile_id, rule, active)
    SELECT record.id, key.profile_id, said.rule, true
    FROM record JOIN said USING (source, source_id) JOIN key USING (key_hash)
), made AS (
    INSERT INTO customers_profile (id, public_id, contact_id, locale, timezone, version)
    SELECT key.profile_id, owner.public_id, contact.id, owner.locale, owner.timezone, 1
    FROM key JOIN owner USING (key_hash) JOIN contact USING (identity_hash)
    WHERE key.is_new
    RETURNING id
), chosen AS (
    INSERT INTO customers_preference (profile_id, purpose, channel, rank, source, updated_at)
    SELECT key.profile_id, %(purpose)s, choice.channel, choice.rank, 'order', now()
    FROM json_to_recordset(%(choices)s) AS choice (key_hash text, channel text, rank int)
    JOIN key USING (key_hash)
    WHERE key.is_new
), changed AS (
    UPDATE customers_profile profile
    SET contact_id = contact.id,
        locale = coalesce(nullif(owner.locale, ''), profile.locale),
        timezone = coalesce(nullif(owner.timezone, ''), profile.timezone),
        version = profile.version + (profile.contact_id IS DISTINCT FROM contact.id
            OR owner.locale NOT IN ('', profile.locale)
            OR owner.timezone NOT IN ('', profile.timezone))::int
    FROM key JOIN owner USING (key_hash) JOIN contact USING (identity_hash)
    JOIN record USING (source, source_id)
    WHERE profile.id = key.profile_id AND NOT key.is_new
    RETURNING profile.id
)
SELECT record.id, contact.id, key.profile_id, key.key_hash, key.is_new, changed.id IS NOT NULL
FROM said JOIN contact USING (identity_hash) JOIN key USING (key_hash)
LEFT JOIN record USING (source, source_id)
LEFT JOIN changed ON changed.id = key.profile_id
ORDER BY said.number
"""


@dataclass(frozen=True)
class Word:
    """What one system said about a customer, cleaned: ready to land.

    ``owner`` is the hash of the strong identity (account or guest) that owns the profile.
    """

    source: str
    source_id: str
    person: Person
    account_id: str
    owner: str
    rule: str
    locale: str
    timezone: str
    notify: list[str]
    data: dict[str, Any]

    @property
    def payload(self) -> dict[str, Any]:
        """What is kept of it besides the contact."""
        said = {"locale": self.locale, "timezone": self.timezone, "notify": self.notify}
        return {**said, "data": self.data}


@dataclass(frozen=True)
class Landed:
    """The keys of a record that has landed, of its contact and of the profile it speaks of."""

    record_id: int
    contact_id: int
    profile_id: int


def read_word(
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
    payload: Mapping[str, Any] | None = None,
) -> Word:
    """Clean what a system says of a customer; raises the coded refusals of ``customers.errors``.

    ``notify`` ranks the channels he chose there, None when he was not asked; ``payload`` must
    hold no contact data.
    """
    if notify is not None:
        check_channels(notify)
    account_id = clean_account(account_id)
    who = person(name=name, phone=phone, email=email)
    owner = (
        lookup_hash("account", SEPARATOR.join([source, account_id]))
        if account_id
        else lookup_hash("guest", who.identity_hash)
    )
    return Word(
        source=source,
        source_id=source_id,
        person=who,
        account_id=account_id,
        owner=owner,
        rule="account" if account_id else "guest",
        locale=clean_locale(locale),
        timezone=clean_timezone(timezone),
        notify=list(notify or []),
        data=dict(payload or {}),
    )


@transaction.atomic
def land_record(**said: Any) -> SourceRecord:
    """Keep what one system said (the arguments of ``read_word``), link it to a profile, and let
    that profile say so too.

    The first word stands: landing (source, source_id) again returns the first record unchanged.
    An account within its source owns one profile; a guest's profile belongs to his exact name,
    phone and e-mail, so people who share a phone stay apart.
    """
    word = read_word(**said)
    records = SourceRecord.objects.select_related("contact")
    known = records.filter(source=word.source, source_id=word.source_id).first()
    return known or records.get(pk=land_words([word])[0].record_id)


def land_words(words: Sequence[Word]) -> list[Landed]:
    """Land many records, each as ``land_record`` does, in one round trip for new customers.

    Call it inside a transaction: contacts and profiles stay locked until that ends. No
    (source, source_id) may occur twice.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LAND, _values(words))
        rows = cursor.fetchall()
    landed = []
    for word, row in zip(words, rows, strict=True):
        record_id, contact_id, profile_id, _owner, is_new, changed = row
        if record_id is None:
            landed.append(_landed_before(word))
            continue
        if not is_new:
            _follow(Profile(pk=profile_id), word, changed=changed)
        landed.append(Landed(record_id, contact_id, profile_id))
    return landed


def profile_of(record: SourceRecord) -> Profile:
    """The profile the record speaks of now, its contact loaded."""
    return Profile.objects.select_related("contact").get(links__record=record, links__active=True)


def _follow(profile: Profile, word: Word, *, changed: bool) -> None:
    """Let a profile that was there already follow; one that was made while we waited for it is
    not seen by the statement that waited."""
    if not changed:
        rebuild(profile)
    elif word.notify:
        follow_records(profile=profile, notify=word.notify)


def _landed_before(word: Word) -> Landed:
    link = IdentityLink.objects.select_related("record").get(
        record__source=word.source, record__source_id=word.source_id, active=True
    )
    return Landed(link.record_id, link.record.contact_id, link.profile_id)


def _values(words: Sequence[Word]) -> dict[str, Any]:
    people = {word.person.identity_hash: word.person for word in words}
    owners: dict[str, list[Word]] = {}
    for word in words:
        owners.setdefault(word.owner, []).append(word)
    portraits = {key: _portrait(said) for key, said in owners.items()}
    choices = [
        {"key_hash": key, "channel": channel, "rank": rank}
        for key, portrait in portraits.items()
        for rank, channel in enumerate(portrait.notify or [], start=1)
    ]
    rows = {
        "people": [sealed_columns(one) for one in people.values()],
        "owners": [_owner(key, portraits[key], said[-1]) for key, said in owners.items()],
        "words": [_said(number, word) for number, word in enumerate(words)],
        "choices": choices,
    }
    return {name: json.dumps(listed) for name, listed in rows.items()} | {"purpose": ORDER_UPDATES}


def _portrait(said: Sequence[Word]) -> Portrait:
    """What these words say together, the newest of them last."""
    return portray((0, word.payload) for word in reversed(said))


def _owner(key: str, portrait: Portrait, newest: Word) -> dict[str, Any]:
    return {
        "key_hash": key,
        "public_id": new_id("cus"),
        "identity_hash": newest.person.identity_hash,
        "locale": portrait.locale,
        "timezone": portrait.timezone,
        "source": newest.source,
        "source_id": newest.source_id,
    }


def _said(number: int, word: Word) -> dict[str, Any]:
    return {
        "number": number,
        "source": word.source,
        "source_id": word.source_id,
        "identity_hash": word.person.identity_hash,
        "key_hash": word.owner,
        "account": word.account_id,
        "rule": word.rule,
        "payload": word.payload,
    }
