"""The accounts that messages may leave by, in the order they are tried, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from hub.connectors.registry import (
    HARMLESS_SMS,
    harmless_sms,
    sms_connector,
    sms_connector_of,
    valid_secrets,
)
from hub.connectors.signing import derived_secret
from hub.connectors.sms.base import SmsAccount, SmsConnector
from hub.providers.models import Provider

SMS, EMAIL = Provider.Channel.SMS, Provider.Channel.EMAIL
BUILT_IN_MAIL = "email"


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account with a carrier of messages; ``name`` is the end of its lane.

    ``per_second`` and ``burst`` are the most it may be given; prices and the cap of a day (UTC)
    are millionths of ``currency``, the cap None when there is none. ``callback_secrets`` are
    those that verify what it sends: two of them while one is being replaced.
    """

    name: str
    channel: str
    connector: str
    rank: int = 1
    base_url: str = ""
    account: str = ""
    secret: str = field(default="", repr=False)
    callback_secrets: tuple[str, ...] = field(default=(), repr=False)
    sender: str = ""
    options: tuple[tuple[str, str], ...] = ()
    per_second: int = 20
    burst: int = 40
    price_micros: int = 0
    currency: str = "EUR"
    daily_cap_micros: int | None = None

    @property
    def is_harmless(self) -> bool:
        """Whether what it is given reaches no real phone."""
        return self.connector in HARMLESS_SMS

    @property
    def callback_url(self) -> str:
        """Where it tells what became of messages, and what customers answer."""
        return f"{settings.PUBLIC_BASE_URL}/hooks/{self.channel}/{self.name}"


def providers_of(channel: str, *, is_test: bool) -> list[Account]:
    """The active accounts of a channel, those to be tried first in front.

    Without rows there is one, which settings name. Messages of test orders get texts by accounts
    that reach no real phone only; test e-mails are kept from leaving where they are handed over.
    """
    rows = Provider.objects.filter(channel=channel, active=True).order_by("rank", "pk")
    accounts = [account_of(row) for row in rows]
    if is_test and channel == SMS:
        accounts = [account for account in accounts if account.is_harmless]
    return accounts or [_built_in(channel, is_test=is_test)]


def account_named(name: str, *, channel: str) -> Account | None:
    """The account of that name, a row's or a built-in one; None when there is none.

    A row that is switched off counts: what left by it is still told of, and answered.
    """
    row = Provider.objects.filter(name=name.replace("\x00", ""), channel=channel).first()
    if row:
        return account_of(row)
    known = settings.CONNECTORS["sms"] if channel == SMS else [BUILT_IN_MAIL]
    return _plain(channel, name) if name in known else None


def connector_for(account: Account) -> SmsConnector:
    """The connector of an account: the same object as long as nothing about it changes.

    Raises ConnectorError (permanent) when its connector is not known here.
    """
    if account == _plain(account.channel, account.name):
        return sms_connector(account.name)
    secrets = account.callback_secrets
    return sms_connector_of(
        account.connector,
        SmsAccount(
            name=account.name,
            base_url=account.base_url,
            account=account.account,
            secret=account.secret,
            callback_secret=secrets[0] if secrets else "",
            sender=account.sender,
            receipts_url=account.callback_url,
            options=account.options,
        ),
    )


def account_of(row: Provider) -> Account:
    """A row as plain values."""
    return Account(
        name=row.name,
        channel=row.channel,
        connector=row.connector,
        rank=row.rank,
        base_url=row.base_url,
        account=row.account,
        secret=row.secret,
        callback_secrets=_secrets(row),
        sender=row.sender,
        options=_flat(row.options),
        per_second=row.per_second,
        burst=row.burst,
        price_micros=row.price_micros,
        currency=row.currency,
        daily_cap_micros=row.daily_cap_micros,
    )


def shared_secret(name: str) -> str:
    """What the hub and a provider without a row share; an operator reads it once."""
    return derived_secret(f"sms:{name}")


def _built_in(channel: str, *, is_test: bool) -> Account:
    if channel != SMS:
        return _plain(channel, BUILT_IN_MAIL)
    chosen: str = settings.SMS_CONNECTOR
    return _plain(channel, harmless_sms(chosen) if is_test else chosen)


def _plain(channel: str, name: str) -> Account:
    """An account without a row: fast enough not to be the narrow place, and free."""
    return Account(
        name=name,
        channel=channel,
        connector=name,
        callback_secrets=(shared_secret(name),),
        per_second=1_000,
        burst=2_000,
    )


def _secrets(row: Provider) -> tuple[str, ...]:
    # Twilio signs with the token of the account, unless its calls are made with another key
    usual = row.secret if row.connector == "twilio" else shared_secret(row.name)
    newest = row.callback_secret or usual
    return valid_secrets(newest, row.previous_callback_secret)


def _flat(options: Any) -> tuple[tuple[str, str], ...]:
    members = options.items() if isinstance(options, dict) else ()
    return tuple(sorted((str(name), str(value)) for name, value in members))
