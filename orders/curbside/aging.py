"""Goods that not everybody may buy, and not at every hour."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hub import clock
from orders.curbside.errors import AgeUnchecked, NoSaleNow
from orders.curbside.settings import curb_of
from orders.models import CurbSettings, FulfillmentLine, FulfillmentOrder

MIDNIGHT = time()


class AgeTerms(NamedTuple):
    """What the law asks of a pickup. ``minimum_age`` 0: nothing, then the others say nothing.

    ``lines`` are the keys of the lines that are meant; ``next_legal`` is when they may be sold:
    now, or the next moment (UTC).
    """

    minimum_age: int
    legal_now: bool
    next_legal: datetime
    lines: frozenset[int]


def age_terms(fulfillment: FulfillmentOrder, *, at: datetime | None = None) -> AgeTerms:
    """What the buyer has to bring, and when; of a part that is not picked yet, what was ordered."""
    at = at or clock.now()
    rows = fulfillment.lines.filter(item__minimum_age__gt=0).select_related("item")
    wanted = [row for row in rows if (row.picked if fulfillment.picked_at else row.allocated)]
    legal = next_legal_sale(curb_of(fulfillment.store), fulfillment.store.timezone, at)
    age = max((row.item.minimum_age for row in wanted), default=0)
    return AgeTerms(age, legal <= at, legal, frozenset(row.pk for row in wanted))


def parts_with_aged_goods(parts: Collection[FulfillmentOrder]) -> set[int]:
    """The keys of those that hold goods not everybody may buy, by one query."""
    lines = FulfillmentLine.objects.filter(fulfillment__in=parts, item__minimum_age__gt=0)
    return set(lines.values_list("fulfillment_id", flat=True))


def next_legal_sale(curb: CurbSettings, timezone: str, at: datetime) -> datetime:
    """``at`` itself when such goods may be sold then, else the next moment when they may.

    The hours are the store's own and may run over midnight; without hours it is always.
    """
    opens, closes = curb.age_sale_from or MIDNIGHT, curb.age_sale_until or MIDNIGHT
    zone = ZoneInfo(timezone)
    local = at.astimezone(zone)
    if _is_legal(local.time(), opens, closes):
        return at
    day = local.date() if local.time() < opens else local.date() + timedelta(days=1)
    return datetime.combine(day, opens, zone).astimezone(at.tzinfo)


def check_age(
    fulfillment: FulfillmentOrder, given: Collection[FulfillmentLine], *, checked: bool
) -> None:
    """Refuse to give what the law forbids now, or what nobody looked at a proof of age for.

    ``given`` are the lines of which the customer gets something. Raises NoSaleNow, AgeUnchecked.
    """
    meant = [line for line in given if line.item.minimum_age]
    if not meant:
        return
    numbers = sorted(line.order_line.number for line in meant)
    at = clock.now()
    legal = next_legal_sale(curb_of(fulfillment.store), fulfillment.store.timezone, at)
    if legal > at:
        said = legal.astimezone(ZoneInfo(fulfillment.store.timezone))
        raise NoSaleNow(
            f"the law allows it again from {said:%a %H:%M} on; keep it, hand over the rest",
            legal_from=legal.isoformat().replace("+00:00", "Z"),
            lines=numbers,
        )
    if not checked:
        age = max(line.item.minimum_age for line in meant)
        raise AgeUnchecked(
            f"is the buyer {age} or older? Look at a proof of age, or keep these goods",
            minimum_age=age,
            lines=numbers,
        )


def _is_legal(now: time, opens: time, closes: time) -> bool:
    if opens == closes:
        return True
    if opens < closes:
        return opens <= now < closes
    return now >= opens or now < closes
