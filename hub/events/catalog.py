"""Every fact the hub knows, in the past tense. They only grow; a new meaning gets a new ``v``.

A fact carries ids, never names, phones or amounts. Those with an ``order_id`` are the timeline
of that order.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.events.happening import Happening, all_of


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


@dataclass(frozen=True, kw_only=True)
class OfVisit(OfFulfillment):
    """Something a customer did on the way to collect one store's part of an order."""

    visit_id: int


@dataclass(frozen=True, kw_only=True)
class CustomerOnTheWay(OfVisit):
    name = "visit.on_my_way"


@dataclass(frozen=True, kw_only=True)
class CustomerArrived(OfVisit):
    name = "visit.arrived"


@dataclass(frozen=True, kw_only=True)
class CustomerBeingServed(OfVisit):
    name = "visit.being_served"


@dataclass(frozen=True, kw_only=True)
class CustomerNearby(OfVisit):
    """A shared location came close to the store."""

    name = "visit.nearby"


@dataclass(frozen=True, kw_only=True)
class VisitChanged(OfVisit):
    """What is known of a visit is something else now: spot, time of arrival, car, what it needs."""

    name = "visit.changed"


@dataclass(frozen=True, kw_only=True)
class WrongStoreReached(OfVisit):
    """The customer stands before the store ``store_id``, and the goods are in another."""

    name = "visit.wrong_store"
    store_id: int


@dataclass(frozen=True, kw_only=True)
class CustomerMissing(OfVisit):
    """Somebody walked out with the goods and did not find the customer."""

    name = "visit.customer_missing"


@dataclass(frozen=True, kw_only=True)
class SpotAsked(OfVisit):
    """The customer does not stand where he said, and is asked where he is."""

    name = "visit.spot_asked"


@dataclass(frozen=True, kw_only=True)
class CustomerTexted(OfVisit):
    """Staff chose one of the ready-made texts, ``text``, for the customer."""

    name = "visit.texted"
    text: str


@dataclass(frozen=True, kw_only=True)
class WaitEscalated(OfVisit):
    """The customer has waited so long that ``level`` (1 to 3) is reached."""

    name = "visit.wait_escalated"
    level: int


@dataclass(frozen=True, kw_only=True)
class ArrivalUnseen(OfVisit):
    """A minute after the arrival no live board has shown it."""

    name = "visit.arrival_unseen"


@dataclass(frozen=True, kw_only=True)
class VisitEnded(OfVisit):
    name = "visit.ended"


@dataclass(frozen=True, kw_only=True)
class PartlyHandedOff(OfFulfillment):
    """Some of it was given; the part ``rest_id`` keeps what is collected later."""

    name = "fulfillment.partly_handed_off"
    rest_id: int


@dataclass(frozen=True, kw_only=True)
class GoodsRefused(OfFulfillment):
    """Some of it stayed with the store: not wanted, damaged, or not sold without proof of age."""

    name = "fulfillment.goods_refused"
    hand_off_id: int


@dataclass(frozen=True, kw_only=True)
class DelegateNamed(OfFulfillment):
    """Somebody else may collect it, with a code of his own; or, ``revoked``, no longer."""

    name = "fulfillment.delegate_named"
    revoked: bool = False


@dataclass(frozen=True, kw_only=True)
class PickupReminded(OfFulfillment):
    """It is ready and waits; ``number`` is 1 for the first reminder, 2 for the second."""

    name = "fulfillment.reminded"
    number: int


@dataclass(frozen=True, kw_only=True)
class WindowChanged(OfFulfillment):
    """The customer chose another time to come."""

    name = "fulfillment.window_changed"


@dataclass(frozen=True, kw_only=True)
class ComplaintMade(OfFulfillment):
    name = "fulfillment.complaint_made"
    complaint_id: int


@dataclass(frozen=True, kw_only=True)
class ComplaintAnswered(OfFulfillment):
    name = "fulfillment.complaint_answered"
    complaint_id: int


@dataclass(frozen=True, kw_only=True)
class PickupRated(OfFulfillment):
    name = "fulfillment.rated"


@dataclass(frozen=True, kw_only=True)
class OfMessage(Happening):
    """Something that happened to a message; ``order_id`` is None when it is about no order."""

    order_id: int | None
    message_id: int


@dataclass(frozen=True, kw_only=True)
class MessageAccepted(OfMessage):
    """A provider took the message over."""

    name = "message.accepted"


@dataclass(frozen=True, kw_only=True)
class MessageDelivered(OfMessage):
    name = "message.delivered"


@dataclass(frozen=True, kw_only=True)
class MessageNotSent(OfMessage):
    """Suppressed, canceled, expired or failed: the row says which and why."""

    name = "message.not_sent"


@dataclass(frozen=True, kw_only=True)
class CustomerNotReached(OfFulfillment):
    """No channel brought the customer what he must know: a call task is open at the store."""

    name = "fulfillment.customer_not_reached"
    task_id: int


@dataclass(frozen=True, kw_only=True)
class ConversationReceived(Happening):
    """A customer texted words that only people can answer."""

    name = "conversation.received"
    thread_id: int
    store_id: int
    order_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class ShortfallOpened(Happening):
    """A truthful count fell below what is promised."""

    name = "inventory.shortfall_opened"
    case_id: int


@dataclass(frozen=True, kw_only=True)
class StockThresholdCrossed(Happening):
    """What a sales channel may promise of an item in a store became in_stock, low, out or back."""

    name = "inventory.threshold_crossed"
    channel_id: int
    store_id: int
    item_id: int
    state: str


@dataclass(frozen=True, kw_only=True)
class StockFileParked(Happening):
    """A stock file waits for a person, because it would cut too much."""

    name = "inventory.stock_file_parked"
    file_id: int


@dataclass(frozen=True, kw_only=True)
class ItemRecalled(Happening):
    """A product, or a lot of it, is not sold any more."""

    name = "inventory.item_recalled"
    recall_id: int


@dataclass(frozen=True, kw_only=True)
class RecallClosed(Happening):
    name = "inventory.recall_closed"
    recall_id: int


@dataclass(frozen=True, kw_only=True)
class CollectedGoodsRecalled(OfFulfillment):
    """Somebody has collected what is now called back."""

    name = "fulfillment.collected_goods_recalled"
    recall_id: int


@dataclass(frozen=True, kw_only=True)
class StoreSwitched(Happening):
    """A switch of a store (``hub.stores.switches``) was turned on, or off again."""

    name = "store.switched"
    store_id: int
    kind: str
    on: bool


@dataclass(frozen=True, kw_only=True)
class InboundReceived(Happening):
    """An authentic call from outside lies in the inbox; ``source`` says whose, ``kind`` what."""

    name = "inbound.received"
    call_id: int
    source: str
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class PosUnacknowledged(OfFulfillment):
    """Five open minutes have gone by, and the store's POS has not said that it has the list."""

    name = "pos.unacknowledged"


@dataclass(frozen=True, kw_only=True)
class PosReceiptTaken(OfFulfillment):
    """The store's POS printed a receipt for the goods."""

    name = "pos.receipt_taken"
    receipt_id: int


@dataclass(frozen=True, kw_only=True)
class PosOutOfStep(OfFulfillment):
    """Somebody asked that the store's POS gets the pick list as it is now."""

    name = "pos.out_of_step"


@dataclass(frozen=True, kw_only=True)
class PosListRevised(OfFulfillment):
    """A person asked that the store's POS gets its pick list as a new revision."""

    name = "pos.list_revised"


@dataclass(frozen=True, kw_only=True)
class PosRepairAsked(Happening):
    """Somebody asked that the store's POS forgets a pick list that the hub does not know."""

    name = "pos.repair_asked"
    drift_id: int
    store_id: int


@dataclass(frozen=True, kw_only=True)
class SimulatedPickListReceived(Happening):
    name = "simulator.pick_list_received"
    pick_list_id: int


@dataclass(frozen=True, kw_only=True)
class SimulatedTextReceived(Happening):
    name = "simulator.text_received"
    text_id: int


CATALOG: dict[str, type[Happening]] = all_of(Happening)
