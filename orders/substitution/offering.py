"""Asking a customer what may stand in for missing goods: all offers of a part in one question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from hub import clock
from hub.events.catalog import SubstitutesOffered
from hub.events.outbox import publish
from hub.stores.calendar import add_open_minutes
from hub.stores.services import calendar_of
from hub.trace import actor
from inventory.errors import InsufficientStock, Short
from inventory.services.allocations import release
from inventory.services.availability import available
from inventory.services.stops import stop_after_short_pick
from orders.actions import ACTOR_CHARACTERS, is_first, lock_parts
from orders.blocks import open_block
from orders.errors import StaleVersion
from orders.models import (
    Block,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    OrderLine,
    SubstitutionOffer,
    SubstitutionRound,
)
from orders.substitution.comparing import warnings_of
from orders.substitution.errors import (
    NotAsked,
    NothingOffered,
    RoundOpen,
    TooLateToOffer,
    TooManyUnits,
    UnfitSubstitute,
)
from orders.substitution.suggesting import fitting, wish_of

OPEN_MINUTES = 15
LEAST_MINUTES = 5
OFFERABLE = frozenset({FulfillmentStatus.ACCEPTED, FulfillmentStatus.PICKING})
SHORT_REASON = "shortage"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """``units`` of an item for a fulfillment line of which that many are missing; by keys."""

    line_id: int
    item_id: int
    units: int


@transaction.atomic
def offer_substitutes(
    *,
    fulfillment: FulfillmentOrder,
    proposals: Sequence[Proposal],
    token: str = "",
    version: int | None = None,
) -> SubstitutionRound:
    """Ask the customer; one offer for each line, numbered from 1.

    Afterwards the offered units are short on their lines (and sold no more until counted), the
    block «substitution» keeps the pick from being finished, and SubstitutesOffered is published.
    The answer is due after 15 open minutes, at the promise if that is sooner, but never in less
    than 5. Until then picking goes on. Raises TooLateToOffer, RoundOpen, StaleVersion,
    NothingOffered, NotAsked, UnfitSubstitute, TooManyUnits, InsufficientStock; nothing is
    changed then.
    """
    if not is_first(fulfillment=fulfillment, action="offer", token=token):
        return SubstitutionRound.objects.filter(fulfillment=fulfillment).latest("pk")
    lock_parts(fulfillment.order_id)
    fulfillment.refresh_from_db()
    _check_part(fulfillment, version)
    lines = _lines_of(fulfillment, proposals)
    offers = [
        _offer(lines[proposal.line_id], proposal, number)
        for number, proposal in enumerate(proposals, start=1)
    ]
    _check_stock(fulfillment, offers)
    _make_short(fulfillment, lines, proposals)
    return _open_round(fulfillment, offers)


def missing_of(line: FulfillmentLine) -> int:
    """Units of a bought line that are short and that no substitute stands in for; prefetch
    ``substitutes`` where there are many lines."""
    stood_in = sum(one.allocated - one.short for one in line.substitutes.all())
    return max(0, line.short - stood_in)


def deadline_of(fulfillment: FulfillmentOrder, now: datetime) -> datetime:
    """Until when an answer counts to a question asked ``now``."""
    least = now + timedelta(minutes=LEAST_MINUTES)
    usual = add_open_minutes(*calendar_of(fulfillment.store), now, OPEN_MINUTES)
    return max(least, min(usual or least, fulfillment.promised_at))


def _check_part(fulfillment: FulfillmentOrder, version: int | None) -> None:
    fresh = {"present_status": str(fulfillment.status), "version": fulfillment.version}
    if version is not None and version != fulfillment.version:
        raise StaleVersion(f"it is at version {fulfillment.version}, not {version}", **fresh)
    if fulfillment.status not in OFFERABLE:
        raise TooLateToOffer(f"the order is {fulfillment.status}", **fresh)
    if SubstitutionRound.objects.filter(fulfillment=fulfillment, closed_at__isnull=True).exists():
        raise RoundOpen


def _lines_of(
    fulfillment: FulfillmentOrder, proposals: Sequence[Proposal]
) -> dict[int, FulfillmentLine]:
    """The bought lines by key; each of them, and each item, is proposed for once."""
    if not proposals:
        raise NothingOffered
    rows = fulfillment.lines.filter(stands_for__isnull=True).select_related("order_line", "item")
    lines = {line.pk: line for line in rows.prefetch_related("substitutes")}
    for line in lines.values():
        line.fulfillment = fulfillment
    asked = [proposal.line_id for proposal in proposals]
    if len({*asked}) < len(asked) or not lines.keys() >= {*asked}:
        raise UnfitSubstitute("a line is not of this order, or offered for twice")
    items = [proposal.item_id for proposal in proposals]
    if len({*items}) < len(items):
        raise UnfitSubstitute("one item cannot stand in for two lines of a question")
    return lines


def _offer(line: FulfillmentLine, proposal: Proposal, number: int) -> SubstitutionOffer:
    bought = line.order_line
    if bought.substitution == OrderLine.Substitution.REFUSED:
        raise NotAsked(number=bought.number)
    missing = missing_of(line) + line.allocated - line.short - line.picked
    if not 0 < proposal.units <= missing:
        raise TooManyUnits(number=bought.number, missing=missing)
    item = fitting(line).filter(pk=proposal.item_id).first()
    if item is None:
        raise UnfitSubstitute(number=bought.number)
    warnings = warnings_of(line.item, item)
    silent = bought.substitution == OrderLine.Substitution.ACCEPTED and not warnings
    silence = SubstitutionOffer.Silence
    return SubstitutionOffer(
        number=number,
        line=line,
        original=line.item,
        item=item,
        units=proposal.units,
        unit_price_minor=wish_of(line).price_of(item),
        warnings=warnings,
        on_silence=silence.ACCEPT if silent else silence.DECLINE,
    )


def _check_stock(fulfillment: FulfillmentOrder, offers: Sequence[SubstitutionOffer]) -> None:
    """Nobody is asked about what is not there; it is set aside when the customer says yes."""
    items = [offer.item_id for offer in offers]
    channel, store_id = fulfillment.order.channel, fulfillment.store_id
    there = available(channel=channel, store_ids=[store_id], item_ids=items)
    short = [
        Short(sku=offer.item.sku, requested=offer.units, available=found.atp)
        for offer in offers
        if (found := there[store_id, offer.item_id]).atp < offer.units
    ]
    if short:
        raise InsufficientStock(short)


def _make_short(
    fulfillment: FulfillmentOrder,
    lines: Mapping[int, FulfillmentLine],
    proposals: Sequence[Proposal],
) -> None:
    """Units that are offered for and not yet short become so; their stock is free, but unsold."""
    missing: dict[int, int] = {}
    for proposal in proposals:
        line = lines[proposal.line_id]
        if (more := proposal.units - missing_of(line)) > 0:
            row = FulfillmentLine.objects.filter(pk=line.pk)
            row.update(
                short=F("short") + more,
                short_reason=line.short_reason or SHORT_REASON,
            )
            missing[line.item_id] = missing.get(line.item_id, 0) + more
    if missing:
        stop_after_short_pick(store_id=fulfillment.store_id, item_ids=missing)
        release(reference=fulfillment.public_id, lines=missing)


def _open_round(
    fulfillment: FulfillmentOrder, offers: Sequence[SubstitutionOffer]
) -> SubstitutionRound:
    note = "the customer is asked about substitutes"
    block = open_block(order=fulfillment.order, reason=Block.Reason.SUBSTITUTION, note=note)
    asked = SubstitutionRound.objects.create(
        fulfillment=fulfillment,
        block=block,
        deadline=deadline_of(fulfillment, clock.now()),
        opened_by=actor()[:ACTOR_CHARACTERS],
    )
    for offer in offers:
        offer.round = asked
    SubstitutionOffer.objects.bulk_create(offers)
    publish(
        SubstitutesOffered(
            order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk, round_id=asked.pk
        )
    )
    fulfillment.refresh_from_db(fields=["version"])
    return asked
