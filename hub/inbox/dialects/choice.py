"""Which dialect the provider of an account speaks."""

from __future__ import annotations

from hub.inbox.dialects.base import Dialect
from hub.inbox.dialects.kannel import KannelDialect
from hub.inbox.dialects.mail import MailDialect
from hub.inbox.dialects.standard import StandardDialect
from hub.inbox.dialects.twilio import TwilioDialect
from hub.providers.models import Provider
from hub.providers.services import Account

_STANDARD = StandardDialect()
_MAIL = MailDialect()
_OF_TEXTS: dict[str, Dialect] = {"twilio": TwilioDialect(), "kannel": KannelDialect()}


def dialect_of(channel: str, account: Account | None) -> Dialect:
    """The dialect to be spoken; that of Standard Webhooks to whom nobody knows."""
    if channel == Provider.Channel.EMAIL:
        return _MAIL
    return _OF_TEXTS.get(account.connector, _STANDARD) if account else _STANDARD
