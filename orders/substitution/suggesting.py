"""What could stand in for a line's goods in its store, the best first."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Abs, Coalesce

from inventory.models import BundlePart, Item
from inventory.services.availability import available
from orders.models import FulfillmentLine, SubstitutionOffer
from orders.models.substitution import SILENCE
from orders.substitution.comparing import Candidate, Suggestion, Wish, ranked

MOST_LOOKED_AT = 100
MOST_SUGGESTED = 8


def suggest(line: FulfillmentLine, *, limit: int = MOST_SUGGESTED) -> list[Suggestion]:
    """At most ``limit`` items that the store can promise now, ranked for the line's customer.

    The item he named, and those of the same category and unit, the nearest in price first; none
    that stands in already. Two queries: the candidates, and what can be promised of them.
    """
    part = line.fulfillment
    items = {item.pk: item for item in _candidates(line)}
    positions = available(
        channel=part.order.channel, store_ids=[part.store_id], item_ids=sorted(items)
    )
    there = [
        Candidate(
            item=items[item_id],
            available=position.atp,
            accepted=getattr(items[item_id], "accepted", 0),
            declined=getattr(items[item_id], "declined", 0),
        )
        for (_store, item_id), position in positions.items()
        if position.atp > 0
    ]
    return ranked(wish_of(line), there)[:limit]


def wish_of(line: FulfillmentLine) -> Wish:
    """What the customer bought with this line, and what he would take instead."""
    bought = line.order_line
    return Wish(
        original=line.item,
        unit_price_minor=bought.unit_price_minor,
        cap_minor=bought.price_cap_minor,
        named_id=bought.substitute_id,
    )


def fitting(line: FulfillmentLine) -> QuerySet[Item]:
    """The items that may stand in at all: sold, in the same unit, no bundle, and not yet among
    what is to be collected for this very line; for another line of the part they may be."""
    listed = FulfillmentLine.objects.filter(
        fulfillment=line.fulfillment_id, order_line=line.order_line_id, item=OuterRef("pk")
    )
    items = Item.objects.filter(active=True, unit=line.item.unit).exclude(pk=line.item_id)
    bundles = BundlePart.objects.filter(bundle=OuterRef("pk"))
    return items.filter(~Exists(listed), ~Exists(bundles))


def _candidates(line: FulfillmentLine) -> QuerySet[Item]:
    bought, original = line.order_line, line.item
    like = Q(pk=bought.substitute_id)
    if original.category:
        like |= Q(category=original.category)
    price = original.price_minor or bought.unit_price_minor
    said = SubstitutionOffer.Outcome
    return (
        fitting(line)
        .filter(like)
        .annotate(
            named=Q(pk=bought.substitute_id),
            off=Abs(F("price_minor") - price),
            accepted=_said(original, said.ACCEPTED),
            declined=_said(original, said.DECLINED),
        )
        .order_by(F("named").desc(nulls_last=True), "off", "sku")[:MOST_LOOKED_AT]
    )


def _said(original: Item, outcome: str) -> Any:
    """How often customers said so when the item was offered for the original; silence says
    nothing."""
    offers = SubstitutionOffer.objects.filter(
        original=original, item=OuterRef("pk"), outcome=outcome
    ).exclude(answered_by=SILENCE)
    count = offers.order_by().values("item").annotate(total=Count("pk")).values("total")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)
