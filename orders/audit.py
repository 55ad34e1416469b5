"""What the facts of orders say in the audit trail: words, the order's page, its stores, why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from hub.events.models import Fact
from hub.staff.audit import Told, details
from orders.models import FulfillmentOrder, HandOff, Order
from orders.timeline import WORDS

_SUBJECT = "order:"


def tell(facts: Sequence[Fact]) -> dict[int, Told]:
    """The facts that are about an order, by their keys; in three queries."""
    of = {fact.pk: key for fact in facts if (key := _order_of(fact))}
    numbers = dict(Order.objects.filter(pk__in=of.values()).values_list("pk", "external_id"))
    stores: dict[int, dict[int, int]] = defaultdict(dict)
    parts = FulfillmentOrder.objects.filter(order__in=numbers)
    for order, part, store in parts.values_list("order_id", "pk", "store_id"):
        stores[order][part] = store
    given = _hand_offs([fact for fact in facts if fact.name == "fulfillment.handed_off"])
    return {
        fact.pk: _told(fact, of[fact.pk], numbers, stores[of[fact.pk]], given)
        for fact in facts
        if of.get(fact.pk) in numbers
    }


def _order_of(fact: Fact) -> int:
    key = fact.subject.removeprefix(_SUBJECT)
    return int(key) if fact.subject.startswith(_SUBJECT) and key.isdecimal() else 0


def _told(
    fact: Fact,
    order: int,
    numbers: dict[int, str],
    stores: dict[int, int],
    given: dict[int, HandOff],
) -> Told:
    part = fact.data.get("fulfillment_id")
    of_part = (stores[part],) if part in stores else tuple(set(stores.values()))
    hand_off = given.get(part) if fact.name == "fulfillment.handed_off" and part else None
    title = str(WORDS.get(fact.name, (fact.name, ""))[0])
    return Told(
        title=title,
        of=_("order %(number)s") % {"number": numbers[order]},
        link=reverse("admin:orders_order_change", args=[order]),
        stores=of_part,
        why=hand_off.reason if hand_off else str(fact.data.get("reason", "")),
        after=_method(hand_off) if hand_off else details(fact.data),
    )


def _hand_offs(facts: Sequence[Fact]) -> dict[int, HandOff]:
    keys = [fact.data["fulfillment_id"] for fact in facts if "fulfillment_id" in fact.data]
    return {row.fulfillment_id: row for row in HandOff.objects.filter(fulfillment__in=keys)}


def _method(hand_off: HandOff) -> str:
    said = _("known by: %(method)s") % {"method": hand_off.method}
    return f"{said}, {hand_off.receiver}"
