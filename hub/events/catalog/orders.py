"""An order and its parts, from placing to the end."""

from __future__ import annotations

from dataclasses import dataclass

from hub.events.happening import Happening


@dataclass(frozen=True, kw_only=True)
class OrderPlaced(Happening):
    name = "order.placed"
    order_id: int


@dataclass(frozen=True, kw_only=True)
class OrderCanceled(Happening):
    name = "order.canceled"
    order_id: int


@dataclass(frozen=True, kw_only=True)
class OrderAmended(Happening):
    """Some of what was bought will not be supplied; the rest stands."""

    name = "order.amended"
    order_id: int


@dataclass(frozen=True, kw_only=True)
class OrderCompleted(Happening):
    name = "order.completed"
    order_id: int


@dataclass(frozen=True, kw_only=True)
class OfFulfillment(Happening):
    """Something that happened to one store's part of an order."""

    order_id: int
    fulfillment_id: int


@dataclass(frozen=True, kw_only=True)
class FulfillmentProposed(OfFulfillment):
    name = "fulfillment.proposed"
    store_id: int = 0


@dataclass(frozen=True, kw_only=True)
class FulfillmentAcknowledged(OfFulfillment):
    """The store's POS said that it has the pick list."""

    name = "fulfillment.acknowledged"


@dataclass(frozen=True, kw_only=True)
class FulfillmentAccepted(OfFulfillment):
    name = "fulfillment.accepted"


@dataclass(frozen=True, kw_only=True)
class PickingStarted(OfFulfillment):
    name = "fulfillment.picking_started"


@dataclass(frozen=True, kw_only=True)
class FulfillmentPicked(OfFulfillment):
    name = "fulfillment.picked"


@dataclass(frozen=True, kw_only=True)
class ReadyForPickup(OfFulfillment):
    name = "fulfillment.ready_for_pickup"


@dataclass(frozen=True, kw_only=True)
class FulfillmentHandedOff(OfFulfillment):
    name = "fulfillment.handed_off"


@dataclass(frozen=True, kw_only=True)
class FulfillmentRejected(OfFulfillment):
    name = "fulfillment.rejected"


@dataclass(frozen=True, kw_only=True)
class FulfillmentCanceled(OfFulfillment):
    name = "fulfillment.canceled"


@dataclass(frozen=True, kw_only=True)
class FulfillmentAmended(OfFulfillment):
    """What the store shall prepare has become less, or other; its pick list is out of date."""

    name = "fulfillment.amended"


@dataclass(frozen=True, kw_only=True)
class FulfillmentDelayed(OfFulfillment):
    """What was promised cannot be kept; ``promised_at`` (ISO 8601, UTC) is the new promise."""

    name = "fulfillment.delayed"
    promised_at: str


@dataclass(frozen=True, kw_only=True)
class StoreClosingEarly(OfFulfillment):
    """The store shuts earlier today, or not earlier after all, which moves when to come.

    Told of customers on their way before all others.
    """

    name = "fulfillment.store_closing_early"
    closes_at: str
    undone: bool = False


@dataclass(frozen=True, kw_only=True)
class FulfillmentExpired(OfFulfillment):
    name = "fulfillment.expired"


@dataclass(frozen=True, kw_only=True)
class AmountChanged(OfFulfillment):
    """A part became ready and is worth something else than was ordered; its settlement says how.

    It waits for the site to settle the payment and lift the block.
    """

    name = "fulfillment.amount_changed"


@dataclass(frozen=True, kw_only=True)
class SubstitutesOffered(OfFulfillment):
    """A customer is asked what may stand in for missing goods."""

    name = "fulfillment.substitutes_offered"
    round_id: int


@dataclass(frozen=True, kw_only=True)
class SubstitutesAnswered(OfFulfillment):
    """All that a customer was asked is answered: by him, for him, or by silence."""

    name = "fulfillment.substitutes_answered"
    round_id: int


@dataclass(frozen=True, kw_only=True)
class GoodsReturned(OfFulfillment):
    """A customer brought goods back."""

    name = "fulfillment.goods_returned"
    return_id: int


@dataclass(frozen=True, kw_only=True)
class PriceAdjusted(OfFulfillment):
    """A lead lowered the price of a line."""

    name = "fulfillment.price_adjusted"
    adjustment_id: int


@dataclass(frozen=True, kw_only=True)
class RefundDue(OfFulfillment):
    """The site owes its customer money; the refund says how much and for what."""

    name = "order.refund_due"
    refund_id: int


@dataclass(frozen=True, kw_only=True)
class FulfillmentRerouted(OfFulfillment):
    """Another store prepares it now: the part ``fulfillment_id`` took the place of ``replaces``."""

    name = "fulfillment.rerouted"
    replaces: int


@dataclass(frozen=True, kw_only=True)
class AcceptOverdue(OfFulfillment):
    """The store has not said yet whether it takes the work on; a person should look."""

    name = "fulfillment.accept_overdue"


@dataclass(frozen=True, kw_only=True)
class FulfillmentExpiring(OfFulfillment):
    """Ready, not collected, and soon it will not be kept any longer."""

    name = "fulfillment.expiring"


@dataclass(frozen=True, kw_only=True)
class WaitExtended(OfFulfillment):
    """It is kept longer than was said."""

    name = "fulfillment.wait_extended"


@dataclass(frozen=True, kw_only=True)
class OfMoveOffer(OfFulfillment):
    """A question to the customer whose store cannot prepare the part ``fulfillment_id``."""

    offer_id: int


@dataclass(frozen=True, kw_only=True)
class MoveOffered(OfMoveOffer):
    name = "fulfillment.move_offered"


@dataclass(frozen=True, kw_only=True)
class MoveAnswered(OfMoveOffer):
    """Yes, no, or silence until the deadline: the row says which."""

    name = "fulfillment.move_answered"
