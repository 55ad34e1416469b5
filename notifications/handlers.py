"""Reactions to facts: each worth telling leaves a message; receipts find theirs."""

from __future__ import annotations

from collections.abc import Sequence

from hub.events import retention
from hub.events.catalog import (
    CollectedGoodsRecalled,
    ComplaintAnswered,
    CustomerArrived,
    CustomerMissing,
    CustomerOnTheWay,
    CustomerTexted,
    DelegateNamed,
    FulfillmentCanceled,
    FulfillmentDelayed,
    FulfillmentExpired,
    FulfillmentExpiring,
    FulfillmentHandedOff,
    FulfillmentPicked,
    FulfillmentRerouted,
    GoodsRefused,
    InboundReceived,
    MoveOffered,
    OfFulfillment,
    OrderCanceled,
    OrderPlaced,
    PartlyHandedOff,
    PickupReminded,
    ReadyForPickup,
    SpotAsked,
    StoreClosingEarly,
    SubstitutesAnswered,
    SubstitutesOffered,
    WaitExtended,
    WindowChanged,
    WrongStoreReached,
)
from hub.events.models import Fact
from hub.events.queues import register
from hub.events.registry import handles
from notifications.blocked import blocks_of
from notifications.cases import cases_about
from notifications.curb import (
    BRING_ID,
    COMING_EARLY,
    COMPLAINT_ANSWERED,
    CUSTOMER_MISSING,
    DELEGATE_NAMED,
    EXPIRED,
    EXPIRING,
    EXTENDED,
    GOODS_REFUSED,
    HERE_EARLY,
    PARTLY_HANDED_OFF,
    REMINDED,
    STAFF,
    STORE_CHANGED,
    WHICH_SPOT,
    WINDOW_CHANGED,
    WRONG_STORE,
)
from notifications.happened import is_by_wish, is_rest, stayed_with_stores
from notifications.inbound.hearing import hear
from notifications.inbound.threads import purge_talks
from notifications.purging import drop_words, purge_receipts
from notifications.purpose import Purpose
from notifications.purposes import (
    CANCELED,
    CANCELED_BY_STORE,
    CLOSING_EARLY,
    CLOSING_UNDONE,
    DELAYED,
    HANDED_OFF,
    MOVE_OFFERED,
    MOVED,
    ORDER_RECEIVED,
    READY,
    RECALLED,
    SHORT,
    SUBSTITUTES_OFFERED,
    SUBSTITUTES_SETTLED,
    fulfillment_of,
    is_canceled,
    is_stores_doing,
)
from notifications.reaching import handlers as reaching  # noqa: F401  registers its reactions
from notifications.services.sending import QUEUE
from notifications.services.writing import Telling, write_message, write_messages
from orders.curbside.aging import parts_with_aged_goods
from orders.timeline import add_source

SMS_SOURCE = "sms:"
TEXT_RECEIVED = "message.received"

register(QUEUE)
add_source(blocks_of)
retention.register("receipts", purge_receipts)
retention.register("words of messages", drop_words)
retention.register("talks", purge_talks)


@handles(OrderPlaced, together=True)
def tell_order_received(facts: Sequence[OrderPlaced], rows: Sequence[Fact]) -> None:
    write_messages(
        [
            Telling(purpose=ORDER_RECEIVED, subject=f"order:{fact.order_id}", trace=row.trace_id)
            for fact, row in zip(facts, rows, strict=True)
        ]
    )


@handles(ReadyForPickup, together=True)
def tell_ready(facts: Sequence[ReadyForPickup], rows: Sequence[Fact]) -> None:
    """Tell that it can be collected, and what to bring; what a hand-off left is told there."""
    about = _subjects(facts, rows)
    cases = cases_about(about)
    parts = [case.fulfillment for case in cases.values() if case.fulfillment]
    aged = parts_with_aged_goods(parts)
    tellings = []
    for part in parts:
        subject = READY.subject(part)
        if not is_rest(part):
            tellings.append(Telling(purpose=READY, subject=subject, trace=about[subject]))
            if part.pk in aged and BRING_ID.holds(part):
                tellings.append(Telling(purpose=BRING_ID, subject=subject, trace=about[subject]))
    write_messages(tellings)


@handles(FulfillmentHandedOff, together=True)
def tell_handed_off(facts: Sequence[FulfillmentHandedOff], rows: Sequence[Fact]) -> None:
    """Who left some of it there has a text of his own, with the receipt, too."""
    about = _subjects(facts, rows)
    left = stayed_with_stores([fact.fulfillment_id for fact in facts])
    write_messages(
        [
            Telling(purpose=HANDED_OFF, subject=subject, trace=trace)
            for subject, trace in about.items()
            if subject not in left
        ]
    )


@handles(OrderCanceled, FulfillmentCanceled)
def tell_canceled(fact: OrderCanceled | FulfillmentCanceled) -> None:
    """Tell once that the whole order is canceled; a part that was routed anew is no news, and how
    an order ended that was not collected has been told in other words."""
    part = fulfillment_of(f"order:{fact.order_id}")
    if part and is_canceled(part):
        purpose = CANCELED_BY_STORE if is_stores_doing(part) else CANCELED
        write_message(purpose=purpose, subject=f"order:{fact.order_id}")


@handles(FulfillmentPicked)
def tell_short(fact: FulfillmentPicked) -> None:
    """Tell what was not found, unless he has been asked what to do about it."""
    _tell_if(fact.fulfillment_id, SHORT)


@handles(CollectedGoodsRecalled)
def tell_recalled(fact: CollectedGoodsRecalled) -> None:
    _tell_if(fact.fulfillment_id, RECALLED)


@handles(FulfillmentDelayed)
def tell_delayed(fact: FulfillmentDelayed) -> None:
    write_message(purpose=DELAYED, subject=f"fulfillment:{fact.fulfillment_id}")


@handles(StoreClosingEarly)
def tell_closing(fact: StoreClosingEarly) -> None:
    """Who was told of the closing is told of its undoing, too."""
    purpose = CLOSING_UNDONE if fact.undone else CLOSING_EARLY
    write_message(purpose=purpose, subject=f"fulfillment:{fact.fulfillment_id}")


@handles(FulfillmentRerouted)
def tell_moved(fact: FulfillmentRerouted) -> None:
    """Tell it as news, or as what the customer wanted."""
    part = fulfillment_of(f"fulfillment:{fact.fulfillment_id}")
    if part:
        _tell(STORE_CHANGED if is_by_wish(part) else MOVED, fact.fulfillment_id)


@handles(MoveOffered)
def ask_to_move(fact: MoveOffered) -> None:
    write_message(purpose=MOVE_OFFERED, subject=f"fulfillment:{fact.fulfillment_id}")


@handles(SubstitutesOffered)
def ask_about_substitutes(fact: SubstitutesOffered) -> None:
    """One message holds all offers of the question."""
    write_message(purpose=SUBSTITUTES_OFFERED, subject=f"fulfillment:{fact.fulfillment_id}")


@handles(SubstitutesAnswered)
def tell_substitutes_settled(fact: SubstitutesAnswered) -> None:
    """Tell what comes, unless the customer has just seen it on the page."""
    subject = f"fulfillment:{fact.fulfillment_id}"
    part = fulfillment_of(subject)
    if part and SUBSTITUTES_SETTLED.holds(part):
        write_message(purpose=SUBSTITUTES_SETTLED, subject=subject)


# --- until it is collected ----------------------------------------------------------------------


@handles(PickupReminded)
def remind(fact: PickupReminded) -> None:
    _tell(REMINDED, fact.fulfillment_id)


@handles(FulfillmentExpiring)
def tell_expiring(fact: FulfillmentExpiring) -> None:
    _tell(EXPIRING, fact.fulfillment_id)


@handles(WaitExtended)
def tell_extended(fact: WaitExtended) -> None:
    _tell(EXTENDED, fact.fulfillment_id)


@handles(FulfillmentExpired)
def tell_expired(fact: FulfillmentExpired) -> None:
    _tell(EXPIRED, fact.fulfillment_id)


@handles(WindowChanged)
def tell_window(fact: WindowChanged) -> None:
    _tell(WINDOW_CHANGED, fact.fulfillment_id)


@handles(CustomerOnTheWay)
def tell_not_ready_yet(fact: CustomerOnTheWay) -> None:
    """Who will be there before his order is, is told when it is."""
    _tell_if(fact.fulfillment_id, COMING_EARLY)


@handles(CustomerArrived)
def answer_arrival(fact: CustomerArrived) -> None:
    """Tell who came early when it is ready, and ask where he stands who has not said."""
    _tell_if(fact.fulfillment_id, HERE_EARLY, WHICH_SPOT)


@handles(SpotAsked)
def ask_spot(fact: SpotAsked) -> None:
    _tell(WHICH_SPOT, fact.fulfillment_id)


@handles(CustomerMissing)
def tell_missing(fact: CustomerMissing) -> None:
    _tell(CUSTOMER_MISSING, fact.fulfillment_id)


@handles(WrongStoreReached)
def tell_wrong_store(fact: WrongStoreReached) -> None:
    _tell(WRONG_STORE, fact.fulfillment_id)


@handles(CustomerTexted)
def tell_for_staff(fact: CustomerTexted) -> None:
    """Words that are not among those known here are nobody's: a newer hub chose them."""
    if purpose := STAFF.get(fact.text):
        _tell(purpose, fact.fulfillment_id)


@handles(PartlyHandedOff)
def tell_rest(fact: PartlyHandedOff) -> None:
    """What was not given waits, under a PIN of its own."""
    _tell(PARTLY_HANDED_OFF, fact.rest_id)


@handles(GoodsRefused)
def tell_refused(fact: GoodsRefused) -> None:
    _tell(GOODS_REFUSED, fact.fulfillment_id)


@handles(DelegateNamed)
def tell_delegate(fact: DelegateNamed) -> None:
    """The customer gets what to pass on; that nobody is named any more he has just decided."""
    if not fact.revoked:
        _tell(DELEGATE_NAMED, fact.fulfillment_id)


@handles(ComplaintAnswered)
def tell_answer(fact: ComplaintAnswered) -> None:
    _tell(COMPLAINT_ANSWERED, fact.fulfillment_id)


def _subjects(facts: Sequence[OfFulfillment], rows: Sequence[Fact]) -> dict[str, str]:
    """The pickups of the facts, each with the trace it belongs to."""
    told = zip(facts, rows, strict=True)
    return {f"fulfillment:{fact.fulfillment_id}": row.trace_id for fact, row in told}


def _tell(purpose: Purpose, fulfillment_id: int) -> None:
    write_message(purpose=purpose, subject=f"fulfillment:{fulfillment_id}")


def _tell_if(fulfillment_id: int, *purposes: Purpose) -> None:
    """Write what is so; what concerns few would leave a canceled row for everybody."""
    part = fulfillment_of(f"fulfillment:{fulfillment_id}")
    if part is None:
        return
    for purpose in filter(lambda purpose: purpose.holds(part), purposes):
        _tell(purpose, fulfillment_id)


# --- what providers send ------------------------------------------------------------------------


def _is_text(fact: InboundReceived) -> bool:
    return fact.source.startswith(SMS_SOURCE) and fact.kind == TEXT_RECEIVED


@handles(InboundReceived, only=_is_text)
def take_text_call(fact: InboundReceived) -> None:
    """What a customer texted is acted on, answered, or left for the people of his store."""
    hear(call_id=fact.call_id)
