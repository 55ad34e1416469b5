"""What the facts of orders say in the audit trail: words, the order's page, its stores, what was
before and what came of it, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext as _

from hub.events.models import Fact
from hub.staff.audit import Told, details
from orders.admin.words import money, said
from orders.models import FulfillmentOrder, HandOff, Order, PriceAdjustment, Visit
from orders.timeline import words_of

_SUBJECT = "order:"
_OF_ORDER, _OF_PART, _OF_VISIT = "order_id", "fulfillment_id", "visit_id"
# Facts that say that something has another status now: of what, and which one. How a visit ended
# its own row tells.
MOVES: dict[str, tuple[str, str]] = {
    "order.placed": (_OF_ORDER, "open"),
    "order.completed": (_OF_ORDER, "completed"),
    "order.canceled": (_OF_ORDER, "canceled"),
    "fulfillment.proposed": (_OF_PART, "proposed"),
    "fulfillment.accepted": (_OF_PART, "accepted"),
    "fulfillment.picking_started": (_OF_PART, "picking"),
    "fulfillment.picked": (_OF_PART, "picked"),
    "fulfillment.ready_for_pickup": (_OF_PART, "ready"),
    "fulfillment.handed_off": (_OF_PART, "completed"),
    "fulfillment.rejected": (_OF_PART, "rejected"),
    "fulfillment.canceled": (_OF_PART, "canceled"),
    "fulfillment.expired": (_OF_PART, "expired"),
    "visit.on_my_way": (_OF_VISIT, "on_my_way"),
    "visit.nearby": (_OF_VISIT, "nearby"),
    "visit.arrived": (_OF_VISIT, "arrived"),
    "visit.being_served": (_OF_VISIT, "being_served"),
    "visit.ended": (_OF_VISIT, ""),
}
_HANDED_OFF, _ADJUSTED = "fulfillment.handed_off", "fulfillment.price_adjusted"


@dataclass
class _Known:
    """What was read about all facts of a page at once."""

    numbers: dict[int, str]
    stores: dict[int, dict[int, int]]
    given: dict[int, HandOff]
    adjusted: dict[int, PriceAdjustment]
    moves: dict[int, tuple[str, str]] = field(default_factory=dict)


def tell(facts: Sequence[Fact]) -> dict[int, Told]:
    """The facts that are about an order, by their keys; in a fixed number of queries."""
    of = {fact.pk: key for fact in facts if (key := _order_of(fact))}
    numbers = dict(Order.objects.filter(pk__in=of.values()).values_list("pk", "external_id"))
    stores: dict[int, dict[int, int]] = defaultdict(dict)
    parts = FulfillmentOrder.objects.filter(order__in=numbers)
    for order, part, store in parts.values_list("order_id", "pk", "store_id"):
        stores[order][part] = store
    known = _Known(numbers, stores, _hand_offs(facts), _adjustments(facts), _moves(facts))
    return {
        fact.pk: _told(fact, of[fact.pk], known) for fact in facts if of.get(fact.pk) in numbers
    }


def _order_of(fact: Fact) -> int:
    key = fact.subject.removeprefix(_SUBJECT)
    return int(key) if fact.subject.startswith(_SUBJECT) and key.isdecimal() else 0


def _told(fact: Fact, order: int, known: _Known) -> Told:
    stores = known.stores[order]
    part = fact.data.get(_OF_PART)
    of_part = (stores[part],) if part in stores else tuple(set(stores.values()))
    before, after, why = _change(fact, known)
    return Told(
        title=words_of(fact.name)[0],
        of=_("order %(number)s") % {"number": known.numbers[order]},
        link=reverse("admin:orders_order_change", args=[order]),
        stores=of_part,
        why=why or str(fact.data.get("reason", "")),
        before=before,
        after=after,
    )


def _change(fact: Fact, known: _Known) -> tuple[str, str, str]:
    """What was before, what is after, and why, as far as the fact or its own row tell."""
    adjustment = known.adjusted.get(fact.data.get("adjustment_id", 0))
    if fact.name == _ADJUSTED and adjustment:
        currency = adjustment.line.fulfillment.order.currency
        amounts = (adjustment.before_minor, adjustment.after_minor)
        before, after = (money(amount, currency) for amount in amounts)
        return before, after, adjustment.reason
    old, new = known.moves.get(fact.pk, ("", ""))
    words = [said(new)] if new else []
    hand_off = known.given.get(fact.data.get(_OF_PART, 0)) if fact.name == _HANDED_OFF else None
    words.append(_method(hand_off) if hand_off else details(fact.data))
    after = ", ".join(filter(None, words))
    return said(old) if old else "", after, hand_off.reason if hand_off else ""


def _moves(facts: Sequence[Fact]) -> dict[int, tuple[str, str]]:
    """Of each fact that tells of a move: the status before, by the last move of the same thing,
    and the status after."""
    subjects = {fact.subject for fact in facts if fact.name in MOVES and fact.subject}
    # that none is empty is said for the index, which leaves empty ones out
    rows = Fact.objects.filter(subject__in=subjects, name__in=MOVES).exclude(subject="")
    rows = rows.order_by("id")
    story = list(rows.values_list("id", "name", "data"))
    ends = _ends([data for _key, name, data in story if name == "visit.ended"])
    stands: dict[tuple[str, int], str] = {}
    found = {}
    for key, name, data in story:
        kind, status = MOVES[name]
        thing = (kind, data.get(kind, 0))
        after = status or ends.get(thing[1], "")
        found[key] = (stands.get(thing, ""), after)
        stands[thing] = after
    return found


def _ends(ended: Sequence[Mapping[str, int]]) -> dict[int, str]:
    keys = [data[_OF_VISIT] for data in ended if _OF_VISIT in data]
    return dict(Visit.objects.filter(pk__in=keys).values_list("pk", "status"))


def _adjustments(facts: Sequence[Fact]) -> dict[int, PriceAdjustment]:
    keys = [fact.data.get("adjustment_id", 0) for fact in facts if fact.name == _ADJUSTED]
    rows = PriceAdjustment.objects.select_related("line__fulfillment__order")
    return rows.in_bulk(keys)


def _hand_offs(facts: Sequence[Fact]) -> dict[int, HandOff]:
    keys = [fact.data.get(_OF_PART, 0) for fact in facts if fact.name == _HANDED_OFF]
    return {row.fulfillment_id: row for row in HandOff.objects.filter(fulfillment__in=keys)}


def _method(hand_off: HandOff) -> str:
    words = _("known by: %(method)s") % {"method": hand_off.method}
    return f"{words}, {hand_off.receiver}"
