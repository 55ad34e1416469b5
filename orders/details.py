"""What an event about money, substitutes or a visit says beside its ids, as plain JSON values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from hub.events.catalog import (
    AmountChanged,
    ComplaintAnswered,
    ComplaintMade,
    CustomerArrived,
    CustomerNearby,
    CustomerOnTheWay,
    CustomerTexted,
    DelegateNamed,
    FulfillmentDelayed,
    FulfillmentExpiring,
    FulfillmentRerouted,
    GoodsRefused,
    GoodsReturned,
    MoveAnswered,
    MoveOffered,
    OfMoveOffer,
    OfVisit,
    PartlyHandedOff,
    PickupRated,
    PickupReminded,
    PriceAdjusted,
    ReadyForPickup,
    RefundDue,
    StoreClosingEarly,
    SubstitutesAnswered,
    SubstitutesOffered,
    VisitChanged,
    WaitEscalated,
    WaitExtended,
    WindowChanged,
    WrongStoreReached,
)
from hub.events.happening import Happening
from hub.stores.models import Store
from orders.models import (
    Complaint,
    FulfillmentOrder,
    GoodsReturn,
    HandOffLine,
    MoveOffer,
    PriceAdjustment,
    Rating,
    Refund,
    Settlement,
    SubstitutionOffer,
    SubstitutionRound,
    Visit,
)

MOST_LINES = 50  # more would not fit a webhook's body


def details_of(fact: Happening) -> dict[str, Any]:
    """The members that an event of this fact has more than others; most facts have none.

    Where there are more than fifty lines ``lines`` is null: the order itself lists them.
    """
    say = _SAY.get(type(fact))
    return say(fact) if say else {}


def settlement_json(settlement: Settlement) -> dict[str, Any]:
    """What a ready part came to. Amounts are units times the price of a unit, in minor units."""
    return {
        "ordered_minor": settlement.ordered_minor,
        "amount_minor": settlement.supplied_minor,
        "lines": settlement.lines,
    }


def refund_json(refund: Refund) -> dict[str, Any]:
    """A refund, by the id under which it is due once."""
    return {
        "id": refund.public_id,
        "reason": refund.reason,
        "amount_minor": refund.amount_minor,
        "lines": refund.lines,
    }


def return_json(goods: GoodsReturn) -> dict[str, Any]:
    """Goods that came back; prefetch ``lines__line__item`` and ``lines__line__order_line``."""
    return {
        "id": goods.public_id,
        "reason": goods.reason,
        "refund_id": goods.refund.public_id if goods.refund else None,
        "lines": [
            {
                "number": row.line.order_line.number,
                "sku": row.line.item.sku,
                "units": row.units,
                "disposition": row.disposition,
                "amount_minor": row.amount_minor,
            }
            for row in goods.lines.all()
        ],
    }


def offer_json(offer: SubstitutionOffer) -> dict[str, Any]:
    """An offer and what was said to it; ``outcome`` is null while nobody has answered."""
    return {
        "number": offer.line.order_line.number,
        "sku": offer.original.sku,
        "substitute_sku": offer.item.sku,
        "units": offer.units,
        "unit_price_minor": offer.unit_price_minor,
        "warnings": offer.warnings,
        "on_silence": offer.on_silence,
        "outcome": offer.outcome or None,
    }


def complaint_json(complaint: Complaint) -> dict[str, Any]:
    """A complaint without the customer's words; without a line it is about all of it."""
    line = complaint.line
    return {
        "id": complaint.public_id,
        "kind": complaint.kind,
        "number": line.order_line.number if line else None,
        "sku": line.item.sku if line else None,
        "units": complaint.units if line else None,
        "made_at": _utc(complaint.made_at),
        "answer": complaint.answer or None,
        "answered_at": _utc(complaint.answered_at) if complaint.answered_at else None,
        "refunded": complaint.refunded,
    }


def _ready(fact: ReadyForPickup) -> dict[str, Any]:
    settlement = Settlement.objects.filter(fulfillment=fact.fulfillment_id).first()
    return {"supplied": _short(settlement_json(settlement))} if settlement else {}


def _amount(fact: AmountChanged) -> dict[str, Any]:
    settlement = Settlement.objects.get(fulfillment=fact.fulfillment_id)
    return {"supplied": _short(settlement_json(settlement))}


def _refund(fact: RefundDue) -> dict[str, Any]:
    refund = Refund.objects.select_related("fulfillment__order").get(pk=fact.refund_id)
    currency = refund.fulfillment.order.currency
    return {"refund": _short(refund_json(refund)) | {"currency": currency}}


def _return(fact: GoodsReturned) -> dict[str, Any]:
    rows = GoodsReturn.objects.select_related("refund")
    rows = rows.prefetch_related("lines__line__item", "lines__line__order_line")
    return {"return": _short(return_json(rows.get(pk=fact.return_id)))}


def _price(fact: PriceAdjusted) -> dict[str, Any]:
    rows = PriceAdjustment.objects.select_related("line__order_line", "line__item", "refund")
    row = rows.get(pk=fact.adjustment_id)
    told = {
        "number": row.line.order_line.number,
        "sku": row.line.item.sku,
        "before_minor": row.before_minor,
        "after_minor": row.after_minor,
        "reason": row.reason,
        "refund_id": row.refund.public_id if row.refund else None,
    }
    return {"price": told}


def _round(fact: SubstitutesOffered | SubstitutesAnswered) -> dict[str, Any]:
    asked = SubstitutionRound.objects.get(pk=fact.round_id)
    offers = asked.offers.select_related("line__order_line", "original", "item")
    told = {
        "id": asked.public_id,
        "deadline": asked.deadline.isoformat().replace("+00:00", "Z"),
        "lines": [offer_json(offer) for offer in offers],
    }
    return {"substitution": _short(told)}


def _delay(fact: FulfillmentDelayed) -> dict[str, Any]:
    return {"promised_at": fact.promised_at}


def _closing(fact: StoreClosingEarly) -> dict[str, Any]:
    return {"closes_at": fact.closes_at, "undone": fact.undone}


def _move(fact: OfMoveOffer) -> dict[str, Any]:
    offer = MoveOffer.objects.select_related("store").get(pk=fact.offer_id)
    told = {
        "id": offer.public_id,
        "to_store": offer.store.code,
        "promised_at": _utc(offer.promised_at),
        "answer_by": _utc(offer.answer_by),
        "state": offer.state,
    }
    return {"move": told}


def _reroute(fact: FulfillmentRerouted) -> dict[str, Any]:
    part = FulfillmentOrder.objects.select_related("replaces").get(pk=fact.fulfillment_id)
    replaced = part.replaces.public_id if part.replaces else None
    return {"replaces": replaced, "promised_at": _utc(part.promised_at)}


def _waiting(fact: FulfillmentExpiring | WaitExtended) -> dict[str, Any]:
    part = FulfillmentOrder.objects.get(pk=fact.fulfillment_id)
    return {"expires_at": _utc(part.expires_at) if part.expires_at else None}


def _reminder(fact: PickupReminded) -> dict[str, Any]:
    part = FulfillmentOrder.objects.get(pk=fact.fulfillment_id)
    until = _utc(part.expires_at) if part.expires_at else None
    return {"number": fact.number, "expires_at": until}


def _window(fact: WindowChanged) -> dict[str, Any]:
    part = FulfillmentOrder.objects.get(pk=fact.fulfillment_id)
    window = None
    if part.window_start and part.window_end:
        window = {"start": _utc(part.window_start), "end": _utc(part.window_end)}
    return {"window": window, "promised_at": _utc(part.promised_at)}


def _rest(fact: PartlyHandedOff) -> dict[str, Any]:
    rest = FulfillmentOrder.objects.get(pk=fact.rest_id)
    return {"rest": {"fulfillment_id": rest.public_id, "bags": rest.bags}}


def _refused(fact: GoodsRefused) -> dict[str, Any]:
    rows = HandOffLine.objects.filter(hand_off=fact.hand_off_id)
    kept = rows.exclude(outcome__in=[HandOffLine.Outcome.GIVEN, HandOffLine.Outcome.LATER])
    lines = [
        {
            "number": row.line.order_line.number,
            "sku": row.line.item.sku,
            "units": row.units,
            "outcome": row.outcome,
            "reason": row.reason,
        }
        for row in kept.select_related("line__order_line", "line__item").order_by("pk")
    ]
    return {"refused": _short({"lines": lines})}


def _delegate(fact: DelegateNamed) -> dict[str, Any]:
    return {"revoked": fact.revoked}


def _complaint(fact: ComplaintMade | ComplaintAnswered) -> dict[str, Any]:
    rows = Complaint.objects.select_related("line__order_line", "line__item")
    return {"complaint": complaint_json(rows.get(pk=fact.complaint_id))}


def _rating(fact: PickupRated) -> dict[str, Any]:
    rating = Rating.objects.get(fulfillment=fact.fulfillment_id)
    return {"rating": {"stars": rating.stars}}


def _coming(fact: OfVisit) -> dict[str, Any]:
    visit = Visit.objects.select_related("spot").get(pk=fact.visit_id)
    return {
        "eta": _utc(visit.eta) if visit.eta else None,
        "spot": visit.spot.label if visit.spot else None,
    }


def _wrong_store(fact: WrongStoreReached) -> dict[str, Any]:
    return {"wrong_store": Store.objects.get(pk=fact.store_id).code}


def _text(fact: CustomerTexted) -> dict[str, Any]:
    return {"text": fact.text}


def _escalation(fact: WaitEscalated) -> dict[str, Any]:
    return {"level": fact.level}


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _short(told: dict[str, Any]) -> dict[str, Any]:
    lines: Sequence[Any] = told["lines"]
    return told | {"lines": None} if len(lines) > MOST_LINES else told


_SAY: dict[type[Happening], Callable[[Any], dict[str, Any]]] = {
    ReadyForPickup: _ready,
    AmountChanged: _amount,
    RefundDue: _refund,
    GoodsReturned: _return,
    PriceAdjusted: _price,
    SubstitutesOffered: _round,
    SubstitutesAnswered: _round,
    MoveOffered: _move,
    MoveAnswered: _move,
    FulfillmentRerouted: _reroute,
    FulfillmentExpiring: _waiting,
    WaitExtended: _waiting,
    PickupReminded: _reminder,
    WindowChanged: _window,
    FulfillmentDelayed: _delay,
    StoreClosingEarly: _closing,
    PartlyHandedOff: _rest,
    GoodsRefused: _refused,
    DelegateNamed: _delegate,
    ComplaintMade: _complaint,
    ComplaintAnswered: _complaint,
    PickupRated: _rating,
    CustomerOnTheWay: _coming,
    CustomerNearby: _coming,
    CustomerArrived: _coming,
    VisitChanged: _coming,
    WrongStoreReached: _wrong_store,
    CustomerTexted: _text,
    WaitEscalated: _escalation,
}
