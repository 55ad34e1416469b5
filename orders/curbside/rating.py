"""How the customer found the pickup, and what that comes to per store."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Avg, Count, Q, QuerySet

from hub import clock
from hub.events.catalog import PickupRated
from hub.events.outbox import publish
from hub.stores.models import Store
from orders.actions import lock_parts
from orders.curbside.complaints import require_collected
from orders.curbside.errors import StarsOutOfRange
from orders.models import FulfillmentOrder, Rating
from orders.text import clean

WORDS_CHARACTERS = 500
MOST_STARS = 5


class StoreRating(NamedTuple):
    """What customers said of one store: how many, their average, and how many were unhappy.

    ``unhappy`` gave one or two stars.
    """

    store: Store
    ratings: int
    average: float
    unhappy: int


@transaction.atomic
def rate(*, fulfillment: FulfillmentOrder, stars: int, words: str = "") -> Rating:
    """Keep one to five stars and a word; said again, the newest stands.

    For seven days after the hand-off. Publishes PickupRated whenever it says something new.
    Raises StarsOutOfRange, TextTooLong, NotCollected, TooLateToTell.
    """
    if not 1 <= stars <= MOST_STARS:
        raise StarsOutOfRange
    said = clean(words, limit=WORDS_CHARACTERS, what="the rating")
    lock_parts(fulfillment.order_id)
    require_collected(fulfillment)
    known = Rating.objects.filter(fulfillment=fulfillment).first()
    if known is not None and (known.stars, known.words) == (stars, said):
        return known
    values = {"stars": stars, "words": said, "rated_at": clock.now()}
    rating, _ = Rating.objects.update_or_create(fulfillment=fulfillment, defaults=values)
    publish(PickupRated(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk))
    return rating


def ratings_of(stores: QuerySet[Store], *, since: datetime) -> list[StoreRating]:
    """The rated stores among these, the least liked first; in two queries."""
    rows = Rating.objects.filter(fulfillment__store__in=stores, rated_at__gte=since).order_by()
    told = rows.values("fulfillment__store").annotate(
        count=Count("pk"), average=Avg("stars"), unhappy=Count("pk", filter=Q(stars__lte=2))
    )
    by_key = {row["fulfillment__store"]: row for row in told}
    found = [
        StoreRating(store, row["count"], round(row["average"], 2), row["unhappy"])
        for store in stores.filter(pk__in=by_key)
        for row in [by_key[store.pk]]
    ]
    return sorted(found, key=lambda one: (one.average, -one.ratings))
