"""Who texts from a phone, and coming and being here by text; what the words mean is read above."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from hub import clock
from hub.trace import acting
from orders.curbside.errors import SpotClosed, SpotTaken, UnknownSpot
from orders.curbside.joining import pickups_of_phone
from orders.curbside.visits import EXPECTED, active_visit, arrive, say_on_my_way
from orders.curbside.visits.coming import MOST_MINUTES
from orders.models import FulfillmentOrder, FulfillmentStatus, Visit, VisitPickup


@dataclass(frozen=True)
class Arrived:
    """What came of an arrival. ``before``: he was here already; ``refused``: not at that spot, it
    is kept as his own words, so that staff see where he says that he stands."""

    visit: Visit
    before: bool
    refused: bool


def choices_of_phone(phone_hash: str) -> list[FulfillmentOrder]:
    """What somebody who texts from this phone may mean: one part for each customer and store.

    More than one means that he has to be asked. Where one customer's goods wait in several
    stores, the one that expects him is meant, else those where something is ready.
    """
    return [part for group in pickups_of_phone(phone_hash) for part in _by_store(group)]


def arrive_by_text(*, fulfillment: FulfillmentOrder, spot: str = "", place: str = "") -> Arrived:
    """The customer of the part says that he is here, with all that is ready for him there.

    A spot that cannot be his is kept as his own words. Raises PickupOver.
    """
    visit = active_visit(fulfillment)
    before = visit is not None and visit.status not in EXPECTED
    with acting("customer"):
        try:
            visit = arrive(
                fulfillment=fulfillment, spot=spot, place=place, source=Visit.Source.TEXT
            )
        except (UnknownSpot, SpotTaken, SpotClosed):
            visit = arrive(fulfillment=fulfillment, place=spot, source=Visit.Source.TEXT)
            return Arrived(visit, before, refused=True)
    return Arrived(visit, before, refused=False)


def expect_by_text(*, fulfillment: FulfillmentOrder, minutes: int) -> Visit:
    """The customer says that he comes in so many minutes. Raises EtaOutOfRange or PickupOver."""
    with acting("customer"):
        return say_on_my_way(fulfillment=fulfillment, minutes=minutes, source=Visit.Source.TEXT)


def delay_by_text(*, fulfillment: FulfillmentOrder, minutes: int) -> Visit:
    """The customer says that he comes so much later than he said, at the most three hours from now.

    Who had said nothing yet comes so much later than now. Raises EtaOutOfRange or PickupOver.
    """
    visit, now = active_visit(fulfillment), clock.now()
    eta = visit.eta if visit and visit.eta and visit.eta > now else now
    expected = ceil((eta - now).total_seconds() / 60)
    return expect_by_text(
        fulfillment=fulfillment,
        minutes=min(expected + minutes, MOST_MINUTES) if minutes > 0 else minutes,
    )


def _by_store(group: list[FulfillmentOrder]) -> list[FulfillmentOrder]:
    """One part for each store that is meant: where he is awaited, else where something is ready."""
    coming = VisitPickup.objects.filter(fulfillment__in=group, active=True)
    awaited = set(coming.values_list("fulfillment", flat=True))
    some = [part for part in group if part.pk in awaited]
    some = some or [part for part in group if part.status == FulfillmentStatus.READY] or group
    return list({part.store_id: part for part in reversed(some)}.values())
