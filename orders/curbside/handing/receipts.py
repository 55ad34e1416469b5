"""What was collected, as plain values: the page, the API and the text say the same."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hub.links.services import READABLE_AFTER_END
from orders.curbside.errors import NotCollected
from orders.curbside.handing.keeping import rest_of
from orders.curbside.handing.outcomes import Outcome
from orders.details import refund_json
from orders.models import FulfillmentLine, FulfillmentOrder, HandOff
from orders.refunds import price_of


def receipt_of(fulfillment: FulfillmentOrder, *, locale: str = "") -> dict[str, Any]:
    """The receipt of a part that was handed over; raises NotCollected.

    Amounts are units times the price of a unit (a gram of weighed goods), in minor units of
    ``currency``, before whatever the site adds or takes off; times are ISO 8601, UTC. ``lines``
    has what was given and what was not, in the order of the basket; ``rest_id`` is the part that
    keeps what is collected later. Nothing of it says who the customer is.
    """
    proof = HandOff.objects.filter(fulfillment=fulfillment).first()
    if proof is None:
        raise NotCollected
    order, store = fulfillment.order, fulfillment.store
    lines = _lines(fulfillment, proof, locale)
    rest = rest_of(fulfillment)
    return {
        "fulfillment_id": fulfillment.public_id,
        "order_id": order.public_id,
        "external_id": order.external_id,
        "store": {"id": store.public_id, "code": store.code, "name": store.name},
        "handed_over_at": _utc(proof.at),
        "receiver": proof.receiver,
        "method": proof.method,
        "bags": proof.bags,
        "age_checked": proof.age_checked,
        "currency": order.currency,
        "lines": lines,
        "amount_minor": sum(line["amount_minor"] for line in lines),
        "refunds": [refund_json(refund) for refund in fulfillment.refunds.order_by("pk")],
        "rest_id": rest.public_id if rest else None,
        "complaints_until": _utc(proof.at + READABLE_AFTER_END),
    }


def _lines(part: FulfillmentOrder, proof: HandOff, locale: str) -> list[dict[str, Any]]:
    units: dict[int, dict[str, int]] = defaultdict(dict)
    for row in proof.lines.all():
        units[row.line_id][row.outcome] = row.units
    rows = part.lines.select_related("item", "order_line", "stands_for__item")
    told = [(line, units[line.pk] or {Outcome.GIVEN: line.handed_off}) for line in rows]
    return [_line(line, counts, locale) for line, counts in told if any(counts.values())]


def _line(line: FulfillmentLine, counts: dict[str, int], locale: str) -> dict[str, Any]:
    price, given = price_of(line), counts.get(Outcome.GIVEN, 0)
    return {
        "number": line.order_line.number,
        "sku": line.item.sku,
        "name": line.item.name_in(locale),
        "unit": line.item.unit,
        "stands_for": line.stands_for.item.sku if line.stands_for else None,
        "given": given,
        "refused": counts.get(Outcome.REFUSED, 0),
        "damaged": counts.get(Outcome.DAMAGED, 0),
        "age_refused": counts.get(Outcome.AGE_REFUSED, 0),
        "later": counts.get(Outcome.LATER, 0),
        "unit_price_minor": price,
        "amount_minor": given * price,
    }


def _utc(moment: Any) -> str:
    return str(moment.isoformat()).replace("+00:00", "Z")
