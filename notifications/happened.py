"""What has happened to a pickup, as far as the words about it depend on that."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from hub.events.catalog import OfFulfillment, PartlyHandedOff, WrongStoreReached
from hub.events.models import Fact
from hub.stores.models import Store
from orders.curbside.changes.stores import REASON as BY_WISH
from orders.curbside.handing.giving import NOTHING_TAKEN
from orders.models import Complaint, FulfillmentOrder, FulfillmentStatus, HandOffLine

STAYED = [
    HandOffLine.Outcome.REFUSED,
    HandOffLine.Outcome.DAMAGED,
    HandOffLine.Outcome.AGE_REFUSED,
]

_REST = "_is_rest_of_hand_off"


def last_told(part: FulfillmentOrder, fact: type[OfFulfillment], **data: object) -> Fact | None:
    """The newest fact of a kind about the part."""
    return told_of(part, fact, **data).order_by("-pk").first()


def other_store(part: FulfillmentOrder) -> Store | None:
    """The store at which the customer stood by mistake."""
    told = last_told(part, WrongStoreReached)
    return Store.objects.filter(pk=told.data["store_id"]).first() if told else None


def answers_to(part: FulfillmentOrder) -> list[str]:
    """What the store has answered to the customer's complaints, the oldest first."""
    rows = Complaint.objects.filter(fulfillment=part, answered_at__isnull=False)
    return [row.answer for row in rows.order_by("answered_at", "pk")]


def note_rests(parts: Collection[FulfillmentOrder]) -> None:
    """Find out in one query which of the parts are rests; ``is_rest`` then asks no more."""
    by_subject = [f"order:{part.order_id}" for part in parts]
    told = Fact.objects.filter(subject__in=by_subject, name=PartlyHandedOff.name)
    rests = {data.get("rest_id") for data in told.values_list("data", flat=True)}
    for part in parts:
        part.__dict__[_REST] = part.pk in rests


def is_rest(part: FulfillmentOrder) -> bool:
    """Whether it is what was left of a hand-off, which has a text of its own."""
    known: bool | None = part.__dict__.get(_REST)
    if known is not None:
        return known
    facts = Fact.objects.filter(subject=f"order:{part.order_id}", name=PartlyHandedOff.name)
    return facts.filter(data__rest_id=part.pk).exists()


def stayed_with_store(part: FulfillmentOrder) -> bool:
    """Whether the customer left something of it at the curb, as a text of its own tells."""
    return bool(stayed_with_stores([part.pk]))


def stayed_with_stores(fulfillment_ids: Collection[int]) -> set[str]:
    """The subjects of those of which the customer left something at the curb, as a text of its
    own tells."""
    lines = HandOffLine.objects.filter(
        hand_off__fulfillment_id__in=fulfillment_ids, outcome__in=STAYED
    )
    left = lines.values_list("hand_off__fulfillment_id", flat=True)
    return {f"fulfillment:{key}" for key in left}


def is_by_wish(part: FulfillmentOrder) -> bool:
    """Whether this store was chosen by the customer in place of another."""
    return part.replaces is not None and part.replaces.reason == BY_WISH


def is_told_otherwise(part: FulfillmentOrder) -> bool:
    """Whether another text tells how it ended."""
    return part.status == FulfillmentStatus.EXPIRED or part.reason == NOTHING_TAKEN


def told_of(part: FulfillmentOrder, fact: type[OfFulfillment], **data: object) -> QuerySet[Fact]:
    """All facts of a kind about the part that have such data."""
    return Fact.objects.filter(
        subject=f"order:{part.order_id}",
        name=fact.name,
        **{f"data__{name}": value for name, value in ({"fulfillment_id": part.pk} | data).items()},
    )
