"""How an account with a carrier does: reachable, how full its bucket is, what it has cost today."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from hub import clock
from hub.connectors.sms.kannel import texts_url
from hub.events.models import Breaker
from hub.inbox.dialects.mail import USER
from hub.providers.models import Bucket, Provider, Spending
from hub.providers.services.accounts import Account, account_of
from hub.providers.spending import today
from notifications.services.carriers import lane_of
from orders.admin.pos_state import BREAKER_WORDS

MONEY_SCALE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One provider as its pages show it; ``tokens`` is what it may be given at once now."""

    words: str
    tone: str
    last_error: str
    next_try: datetime | None
    tokens: int
    messages: int
    segments: int
    spent: str
    share_of_cap: int | None


@dataclass(frozen=True)
class Entry:
    """One thing to be entered at the provider."""

    label: str
    value: str


def standings_of(rows: Iterable[Provider]) -> dict[int, Standing]:
    """How all of these do, by primary key, in three queries."""
    accounts = {row.pk: account_of(row) for row in rows}
    names = [account.name for account in accounts.values()]
    lanes = [lane_of(account) for account in accounts.values()]
    breakers = {one.key: one for one in Breaker.objects.filter(key__in=lanes)}
    buckets = {one.provider: one for one in Bucket.objects.filter(provider__in=names)}
    spent = {one.provider: one for one in Spending.objects.filter(provider__in=names, day=today())}
    return {
        pk: _standing(
            account,
            breakers.get(lane_of(account)),
            buckets.get(account.name),
            spent.get(account.name),
        )
        for pk, account in accounts.items()
    }


def entries_of(row: Provider) -> list[Entry]:
    """What has to be entered at the provider so that it can call the hub, secrets and all."""
    account = account_of(row)
    secret, url = account.callback_secrets[0], account.callback_url
    if account.connector == "twilio":
        return [Entry(_("A message comes in (webhook, HTTP POST)"), url)]
    if account.connector == "kannel":
        return [Entry("get-url of the sms-service", texts_url(url, secret))]
    if account.channel == Provider.Channel.EMAIL:
        return [Entry(_("Webhook address"), url.replace("://", f"://{USER}:{secret}@", 1))]
    if account.is_harmless:
        return []
    return [Entry(_("Address for receipts and texts"), url), Entry(_("Signing secret"), secret)]


def money(micros: int, currency: str) -> str:
    """An amount in words, to the hundredth or, when it is less, to the first figures."""
    amount = micros / MONEY_SCALE
    return f"{amount:.2f} {currency}" if amount >= 1 or not micros else f"{amount:.3g} {currency}"


def _standing(
    account: Account, breaker: Breaker | None, bucket: Bucket | None, spent: Spending | None
) -> Standing:
    words, tone = BREAKER_WORDS[Breaker.State(breaker.state if breaker else "closed")]
    is_away = breaker is not None and breaker.state != Breaker.State.CLOSED
    cap = account.daily_cap_micros
    micros = spent.micros if spent else 0
    return Standing(
        words=str(words),
        tone=tone,
        last_error=breaker.last_error if breaker and is_away else "",
        next_try=breaker.due_at if breaker and is_away else None,
        tokens=_tokens(account, bucket),
        messages=spent.messages if spent else 0,
        segments=spent.segments if spent else 0,
        spent=money(micros, account.currency),
        share_of_cap=None if cap is None else (round(100 * micros / cap) if cap else 100),
    )


def _tokens(account: Account, bucket: Bucket | None) -> int:
    if bucket is None:
        return account.burst
    gone = max(0.0, (clock.now() - bucket.filled_at).total_seconds())
    return max(0, int(min(account.burst, bucket.tokens + gone * account.per_second)))
