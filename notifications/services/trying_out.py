"""A text by which staff try a provider out: no customer's message, yet no rule is bent for it."""

from __future__ import annotations

from hub.connectors.sms.base import SmsConnector
from hub.crypto import lookup_hash
from hub.customers.addresses import clean_phone, takes_texts
from hub.customers.consent import is_refused
from hub.customers.models import Channel
from hub.errors import ConnectorError, HubError, Invalid
from hub.ids import new_id
from hub.providers.models import Provider
from hub.providers.services import Account, connector_for
from hub.providers.services.accounts import account_of
from hub.providers.spending import charge
from notifications.segments import count_segments
from notifications.services.limits import Limits

VALID_SECONDS = 600


class NotTried(HubError):
    """No text left, or it is not known; the detail says why in words."""

    code = "not_tried"
    status = 422
    title = "The text was not sent"


def try_out(*, provider: Provider, to: str, body: str) -> str:
    """Hand one text to the provider at once and return its reference there.

    It counts as spent. Raises NotTried: for a number that is none, takes no texts, lies in a
    country that gets none or has said STOP, over the day's cap, and when the provider refuses.
    """
    account = account_of(provider)
    phone = _checked(to)
    _charge(account, body)
    try:
        connector: SmsConnector = connector_for(account)
        return connector.send(
            to=phone, body=body, reference=new_id("try"), valid_seconds=VALID_SECONDS
        )
    except ConnectorError as error:
        code = f" (code {error.code})" if error.code else ""
        raise NotTried(f"They did not take it: {error}{code}") from None


def _checked(to: str) -> str:
    try:
        phone = clean_phone(to)
    except Invalid:
        raise NotTried("That is not a telephone number with its country, such as +48…") from None
    if not takes_texts(phone):
        raise NotTried("That number takes no texts")
    if not Limits(()).allows_region(phone):
        raise NotTried("The texting rules allow no texts to that country")
    if is_refused(lookup_hash("phone", phone), Channel.SMS):
        raise NotTried("That number has said STOP")
    return phone


def _charge(account: Account, body: str) -> None:
    segments = count_segments(body).segments
    taken = charge(
        provider=account.name,
        messages=1,
        segments=segments,
        micros=segments * account.price_micros,
        cap=account.daily_cap_micros,
    )
    if not taken:
        raise NotTried("What may be spent today is used up")
