"""Who else and what else belongs to this pickup: another order of the same customer, somebody
who collects in his place, an ID that has to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orders.curbside.aging import age_terms
from orders.curbside.joining import same_customers_parts
from orders.curbside.pages.moments import Moments
from orders.models import Delegate, FulfillmentLine, FulfillmentOrder, FulfillmentStatus, Visit
from orders.states import LIVE

MOST_NAMED = 5


def together_with(
    fulfillment: FulfillmentOrder, visit: Visit | None, words: dict[str, str]
) -> list[str]:
    """A sentence for each other order that comes along; their PINs stay on their own pages."""
    if fulfillment.status not in LIVE:
        return []
    parts = FulfillmentOrder.objects.select_related("order")
    if visit is not None:
        pickups = visit.pickups.filter(active=True).exclude(fulfillment=fulfillment)
        others, phrase = parts.filter(visit_pickups__in=pickups), "together_now"
    else:
        keys = same_customers_parts(fulfillment)
        others, phrase = parts.filter(pk__in=keys, status=FulfillmentStatus.READY), "together_offer"
    numbers = [part.order.external_id for part in others.order_by("pk")[:MOST_NAMED]]
    return [words[phrase].format(number=number) for number in numbers]


def delegate_of(fulfillment: FulfillmentOrder, words: dict[str, str]) -> dict[str, Any]:
    """Whom the customer named, with the code to pass on; the surname is not shown in full."""
    named: Delegate | None = getattr(fulfillment, "delegate", None)
    if named is None:
        return {"code": "", "label": ""}
    return {
        "code": named.code,
        "label": words["delegate_code"].format(name=short_name(named.name)),
    }


def short_name(name: str) -> str:
    """``Ann L.`` of ``Ann Lee``: enough to know whom one named."""
    first, *others = name.split() or [""]
    return " ".join([first, *(f"{other[0]}." for other in others[-1:])])


def age_of(
    fulfillment: FulfillmentOrder, lines: Sequence[FulfillmentLine], moments: Moments
) -> dict[str, str]:
    """That an ID has to be brought, and when the law lets the goods be handed over again."""
    if fulfillment.status not in LIVE or not any(line.item.minimum_age for line in lines):
        return {}
    terms = age_terms(fulfillment, at=moments.now)
    if not terms.minimum_age:
        return {}
    later = "" if terms.legal_now else moments.say(terms.next_legal)
    return {
        "note": moments.words["age_note"].format(age=terms.minimum_age),
        "later": moments.words["age_later"].format(time=later) if later else "",
    }
