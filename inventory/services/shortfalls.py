"""Shortfall cases: opened when truth falls below what is promised, closed when it covers it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from hub.events.catalog import ShortfallOpened
from hub.events.outbox import publish
from inventory.models import Allocation, Hold, HoldLine, ShortfallCase, StockLevel

# Members of a WITH: ``changed`` names before them the levels that changed (store_id, item_id) and
# what is ``free`` there after all promises. ``opened`` has the ids of new cases.
SETTLED = """opened AS (
    INSERT INTO inventory_shortfallcase (store_id, item_id)
    SELECT store_id, item_id FROM changed WHERE free < 0 ORDER BY store_id, item_id
    ON CONFLICT (store_id, item_id) WHERE closed_at IS NULL DO NOTHING
    RETURNING id
), settled AS (
    UPDATE inventory_shortfallcase shortfall SET closed_at = %(now)s
    FROM changed
    WHERE shortfall.store_id = changed.store_id AND shortfall.item_id = changed.item_id
      AND shortfall.closed_at IS NULL AND changed.free >= 0
)"""
MOST_CLAIMS = 1_000


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Who has units set aside, and how many of them there are goods for.

    ``reference`` is an order's or a hold's, ``promised_at`` when its customer expects the goods
    (of a hold: when it lapses; None where nobody said). ``wanted = served + waiting``.
    """

    kind: str
    reference: str
    channel_id: int | None
    wanted: int
    promised_at: datetime | None
    since: datetime
    served: int = 0

    @property
    def waiting(self) -> int:
        """The units that are not there."""
        return self.wanted - self.served


def announce(case_ids: Iterable[int]) -> None:
    """Tell of cases just opened; part of the transaction that opened them."""
    for case_id in case_ids:
        publish(ShortfallOpened(case_id=case_id))


def proposal(case: ShortfallCase) -> list[Claim]:
    """Who gets the goods that are there, and who waits: at most a thousand, the first served first.

    Orders come first, by the moment they are promised for (those without one last, the oldest
    first), then holds by the moment they lapse. It is a proposal: nothing is taken from anybody.
    """
    level = StockLevel.objects.filter(store=case.store_id, item=case.item_id).first()
    left = max(0, level.on_hand - level.unavailable) if level else 0
    claims = [*_orders(case), *_holds(case)][:MOST_CLAIMS]
    return list(_shared_out(claims, left))


def with_missing(cases: QuerySet[ShortfallCase]) -> QuerySet[ShortfallCase]:
    """The cases with ``missing``: by how many units the promises exceed the goods now."""
    there = Greatest(0, F("on_hand") - F("unavailable"))
    level = StockLevel.objects.filter(store=OuterRef("store"), item=OuterRef("item")).annotate(
        missing=Greatest(0, F("allocated") + F("held") - there)
    )
    return cases.annotate(missing=Coalesce(Subquery(level.values("missing")), 0))


def _shared_out(claims: Iterable[Claim], left: int) -> Iterator[Claim]:
    for claim in claims:
        served = min(left, claim.wanted)
        left -= served
        yield replace(claim, served=served)


def _orders(case: ShortfallCase) -> Iterator[Claim]:
    rows = Allocation.objects.still_open().filter(store=case.store_id, item=case.item_id)
    soonest = F("promised_at").asc(nulls_last=True)
    for row in rows.order_by(soonest, "created_at", "pk")[:MOST_CLAIMS]:
        yield Claim(
            kind="order",
            reference=row.reference,
            channel_id=row.channel_id,
            wanted=row.left,
            promised_at=row.promised_at,
            since=row.created_at,
        )


def _holds(case: ShortfallCase) -> Iterator[Claim]:
    rows = HoldLine.objects.filter(
        item=case.item_id, hold__store=case.store_id, hold__status=Hold.Status.ACTIVE
    ).select_related("hold")
    for line in rows.order_by("hold__expires_at", "hold_id")[:MOST_CLAIMS]:
        yield Claim(
            kind="hold",
            reference=line.hold.public_id,
            channel_id=line.hold.channel_id,
            wanted=line.quantity,
            promised_at=line.hold.expires_at,
            since=line.hold.created_at,
        )
