"""What the hub tells customers, and until when each telling is still true."""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import attrgetter

from hub import clock
from hub.customers.purposes import AFTERWARDS, PICKUP, QUESTIONS
from hub.events.catalog import OrderCanceled
from hub.events.models import Fact
from hub.stores.models import StoreSwitch
from notifications.curb import CURB
from notifications.happened import is_by_wish, is_rest, is_told_otherwise, stayed_with_store
from notifications.purpose import Purpose, stamp
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    MoveOffer,
    OrderStatus,
    RecalledPart,
    SubstitutionRound,
)
from orders.models.substitution import SILENCE
from orders.picking.working import WEIGHT
from orders.states import BEFORE_READY, LIVE
from orders.substitution.texts import BY_TEXT

NOT_THE_CUSTOMER = ("staff:", "system")
PACKED = [FulfillmentStatus.PICKED, FulfillmentStatus.READY]
_READY_OR_LATER = [FulfillmentStatus.READY, FulfillmentStatus.COMPLETED]


def _nothing_ready_yet(fulfillment: FulfillmentOrder) -> bool:
    parts = fulfillment.order.fulfillments.all()
    late = any(part.status in _READY_OR_LATER for part in parts)
    return fulfillment.order.status == OrderStatus.OPEN and not late


def last_round(fulfillment: FulfillmentOrder) -> SubstitutionRound | None:
    """The latest question about substitutes."""
    return max(fulfillment.rounds.all(), key=attrgetter("pk"), default=None)


def last_move(fulfillment: FulfillmentOrder) -> MoveOffer | None:
    """The latest question whether another store may prepare it."""
    return max(fulfillment.move_offers.all(), key=attrgetter("pk"), default=None)


def _is_asked(fulfillment: FulfillmentOrder) -> bool:
    asked = last_round(fulfillment)
    return asked is not None and asked.closed_at is None and asked.deadline > clock.now()


def _was_answered_elsewhere(fulfillment: FulfillmentOrder) -> bool:
    """Whoever tapped the answer on the page has seen what came of it."""
    asked = last_round(fulfillment)
    if asked is None or asked.closed_at is None or fulfillment.status not in BEFORE_READY:
        return False
    by_staff = asked.closed_by.startswith("staff:")
    withdrawn = asked.offers.filter(outcome="withdrawn").exists()
    return (asked.closed_by in (SILENCE, BY_TEXT) or by_staff) and not withdrawn


def _of_round(fulfillment: FulfillmentOrder) -> str:
    asked = last_round(fulfillment)
    return asked.public_id if asked else ""


def _round_ends(fulfillment: FulfillmentOrder) -> datetime | None:
    asked = last_round(fulfillment)
    return asked.deadline if asked else None


def _may_move(fulfillment: FulfillmentOrder) -> bool:
    offer = last_move(fulfillment)
    still_open = offer is not None and offer.state == MoveOffer.State.OPEN
    return still_open and fulfillment.order.status == OrderStatus.OPEN


def _of_move(fulfillment: FulfillmentOrder) -> str:
    offer = last_move(fulfillment)
    return offer.public_id if offer else ""


def _move_ends(fulfillment: FulfillmentOrder) -> datetime | None:
    offer = last_move(fulfillment)
    return offer.answer_by if offer else None


def _is_delayed(fulfillment: FulfillmentOrder) -> bool:
    first = fulfillment.promised_first
    late = first is None or fulfillment.promised_at > first
    return late and fulfillment.status in BEFORE_READY


def last_closing(fulfillment: FulfillmentOrder) -> StoreSwitch | None:
    """The latest early closing of the pickup's store."""
    kind = StoreSwitch.Kind.CLOSING_EARLY
    return StoreSwitch.objects.filter(store=fulfillment.store_id, kind=kind).order_by("-pk").first()


def _closes_early(fulfillment: FulfillmentOrder) -> bool:
    closing = last_closing(fulfillment)
    return closing is not None and closing.closed_at is None and fulfillment.status in LIVE


def _stays_open(fulfillment: FulfillmentOrder) -> bool:
    closing = last_closing(fulfillment)
    return closing is not None and closing.closed_at is not None and fulfillment.status in LIVE


def _of_closing(fulfillment: FulfillmentOrder) -> str:
    closing = last_closing(fulfillment)
    return str(closing.pk) if closing else ""


def _closing_ends(fulfillment: FulfillmentOrder) -> datetime | None:
    closing = last_closing(fulfillment)
    return closing.until if closing else None


def _is_ready(fulfillment: FulfillmentOrder) -> bool:
    return fulfillment.status == FulfillmentStatus.READY and not is_rest(fulfillment)


def _is_handed_off(fulfillment: FulfillmentOrder) -> bool:
    done = fulfillment.status == FulfillmentStatus.COMPLETED
    return done and not stayed_with_store(fulfillment)


def is_canceled(fulfillment: FulfillmentOrder) -> bool:
    """Whether the whole order is canceled, and no other text tells how it ended."""
    canceled = fulfillment.order.status == OrderStatus.CANCELED
    return canceled and not is_told_otherwise(fulfillment)


def is_stores_doing(fulfillment: FulfillmentOrder) -> bool:
    """Whether staff canceled the order, or the hub because no store could prepare it."""
    facts = Fact.objects.filter(subject=f"order:{fulfillment.order_id}", name=OrderCanceled.name)
    canceled = facts.order_by("-pk").first()
    return canceled is not None and canceled.actor.startswith(NOT_THE_CUSTOMER)


def _is_canceled(fulfillment: FulfillmentOrder) -> bool:
    return is_canceled(fulfillment) and not is_stores_doing(fulfillment)


def _is_canceled_by_store(fulfillment: FulfillmentOrder) -> bool:
    return is_canceled(fulfillment) and is_stores_doing(fulfillment)


def missing_lines(fulfillment: FulfillmentOrder) -> list[FulfillmentLine]:
    """What was not found and not asked about, its items loaded; the customer gets less."""
    short = fulfillment.lines.filter(short__gt=0, offers__isnull=True).exclude(short_reason=WEIGHT)
    return list(short.select_related("item").order_by("pk"))


def _lacks_something(fulfillment: FulfillmentOrder) -> bool:
    return fulfillment.status in PACKED and bool(missing_lines(fulfillment))


def last_recall(fulfillment: FulfillmentOrder) -> RecalledPart | None:
    """The newest recall, still open, of something that was collected; its item loaded."""
    collected = fulfillment.recalls.filter(
        stage=RecalledPart.Stage.COLLECTED, recall__closed_at__isnull=True
    )
    return collected.select_related("recall__item").order_by("-pk").first()


def _of_recall(fulfillment: FulfillmentOrder) -> str:
    recalled = last_recall(fulfillment)
    return str(recalled.recall_id) if recalled else ""


def _has_moved(fulfillment: FulfillmentOrder) -> bool:
    return fulfillment.status in BEFORE_READY and not is_by_wish(fulfillment)


ORDER_RECEIVED = Purpose(
    name="order_received",
    about="order",
    lasts=timedelta(hours=6),
    repeat_when_unsure=False,
    holds=_nothing_ready_yet,
)
READY = Purpose(
    name="ready",
    about="fulfillment",
    lasts=timedelta(days=3),
    repeat_when_unsure=True,
    holds=_is_ready,
    occasion=lambda fulfillment: stamp(fulfillment.ready_at),
    until=lambda fulfillment: fulfillment.expires_at,
    group=PICKUP,
    must_reach=True,
)
HANDED_OFF = Purpose(
    name="handed_off",
    about="fulfillment",
    lasts=timedelta(hours=6),
    repeat_when_unsure=False,
    holds=_is_handed_off,
    group=AFTERWARDS,
)
CANCELED = Purpose(
    name="canceled",
    about="order",
    lasts=timedelta(days=1),
    repeat_when_unsure=True,
    holds=_is_canceled,
)
CANCELED_BY_STORE = Purpose(
    name="canceled_by_store",
    about="order",
    lasts=timedelta(days=1),
    repeat_when_unsure=True,
    holds=_is_canceled_by_store,
    critical=True,
)
SHORT = Purpose(
    name="short",
    about="fulfillment",
    lasts=timedelta(hours=6),
    repeat_when_unsure=False,
    holds=_lacks_something,
)
RECALLED = Purpose(
    name="recalled",
    about="fulfillment",
    lasts=timedelta(days=7),
    repeat_when_unsure=True,
    holds=lambda fulfillment: last_recall(fulfillment) is not None,
    occasion=_of_recall,
    critical=True,
)
DELAYED = Purpose(
    name="delayed",
    about="fulfillment",
    lasts=timedelta(hours=6),
    repeat_when_unsure=False,
    holds=_is_delayed,
    occasion=lambda fulfillment: f"{fulfillment.promised_at:%Y%m%dT%H%M}",
)
CLOSING_EARLY = Purpose(
    name="closing_early",
    about="fulfillment",
    lasts=timedelta(hours=12),
    repeat_when_unsure=True,
    holds=_closes_early,
    occasion=_of_closing,
    until=_closing_ends,
    group=PICKUP,
)
CLOSING_UNDONE = Purpose(
    name="closing_undone",
    about="fulfillment",
    lasts=timedelta(hours=12),
    repeat_when_unsure=False,
    holds=_stays_open,
    occasion=_of_closing,
    until=_closing_ends,
    group=PICKUP,
)
MOVED = Purpose(
    name="moved",
    about="fulfillment",
    lasts=timedelta(hours=6),
    repeat_when_unsure=False,
    holds=_has_moved,
)
MOVE_OFFERED = Purpose(
    name="move_offered",
    about="fulfillment",
    lasts=timedelta(hours=12),
    repeat_when_unsure=True,
    holds=_may_move,
    occasion=_of_move,
    until=_move_ends,
    group=QUESTIONS,
    must_reach=True,
)
SUBSTITUTES_OFFERED = Purpose(
    name="substitutes_offered",
    about="fulfillment",
    lasts=timedelta(hours=12),
    repeat_when_unsure=True,
    holds=_is_asked,
    occasion=_of_round,
    until=_round_ends,
    group=QUESTIONS,
    must_reach=True,
)
SUBSTITUTES_LOOK = Purpose(
    name="substitutes_look",
    about="fulfillment",
    lasts=timedelta(hours=1),
    repeat_when_unsure=False,
    holds=_is_asked,
    occasion=_of_round,
    until=_round_ends,
    group=QUESTIONS,
)
SUBSTITUTES_SETTLED = Purpose(
    name="substitutes_settled",
    about="fulfillment",
    lasts=timedelta(hours=2),
    repeat_when_unsure=False,
    holds=_was_answered_elsewhere,
    occasion=_of_round,
    group=QUESTIONS,
)
SUBSTITUTES_LATE = Purpose(
    name="substitutes_late",
    about="fulfillment",
    lasts=timedelta(hours=1),
    repeat_when_unsure=False,
    holds=lambda fulfillment: not _is_asked(fulfillment),
    occasion=_of_round,
    group=QUESTIONS,
)

PURPOSES = {
    purpose.name: purpose
    for purpose in (
        *(ORDER_RECEIVED, READY, HANDED_OFF, CANCELED, DELAYED, MOVED, MOVE_OFFERED),
        *(CANCELED_BY_STORE, SHORT, RECALLED),
        *(CLOSING_EARLY, CLOSING_UNDONE),
        *(SUBSTITUTES_OFFERED, SUBSTITUTES_LOOK, SUBSTITUTES_SETTLED, SUBSTITUTES_LATE),
        *CURB,
    )
}

_LOADED = ("order__contact", "order__profile", "order__channel", "store__brand", "pickup_code")


def fulfillment_of(subject: str) -> FulfillmentOrder | None:
    """The pickup a message speaks of, read anew; of an order, its newest one."""
    kind, number = subject.split(":")
    by = {"order_id": number} if kind == "order" else {"pk": number}
    return FulfillmentOrder.objects.select_related(*_LOADED).filter(**by).order_by("-pk").first()
