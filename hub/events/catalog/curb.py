"""Visits at the curb, and what a hand-off leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

from hub.events.catalog.orders import OfFulfillment


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
