"""What staff send to a customer who waits: a few texts that are worded beforehand."""

from __future__ import annotations

from django.db import transaction

from hub.errors import Conflict, Invalid
from hub.events.catalog import CustomerTexted
from hub.events.models import Fact
from hub.events.outbox import publish
from orders.actions import is_first, lock_parts
from orders.curbside.errors import NoVisit
from orders.models import FulfillmentOrder, Visit
from orders.models.visit import ACTIVE_VISIT

# What each says, as staff choose it; customers read it in their own language.
TEXTS = {
    "on_our_way": "We are on our way to you",
    "running_late": "It takes a little longer",
    "which_spot": "Which spot are you at?",
    "come_inside": "Please come inside",
    "bring_id": "Please have your ID ready",
}
MOST_TEXTS = 10  # to one visit: a slip of the finger must not become a nuisance


class UnknownText(Invalid):
    """``texts`` lists the texts there are."""

    code = "unknown_text"
    title = "There is no such text"


class TooManyTexts(Conflict):
    """``most`` is how many texts staff may send to one visit."""

    code = "too_many_texts"
    title = "This customer got many texts; better call or walk out"


@transaction.atomic
def send_text(*, visit: Visit, text: str, token: str = "") -> None:
    """The customer of the visit is sent one of TEXTS, once per ``token``.

    Of a visit with several orders one is texted about: it is one customer with one phone. Raises
    UnknownText, NoVisit when the visit is over, or TooManyTexts.
    """
    if text not in TEXTS:
        raise UnknownText(texts=sorted(TEXTS))
    part = first_part(visit)
    if not is_first(fulfillment=part, action=f"text_{text}", token=token):
        return
    lock_parts(part.order_id)
    fact = CustomerTexted(
        order_id=part.order_id, fulfillment_id=part.pk, visit_id=visit.pk, text=text
    )
    told = Fact.objects.filter(subject=fact.subject, name=fact.name, data__visit_id=visit.pk)
    if told.count() >= MOST_TEXTS:
        raise TooManyTexts(most=MOST_TEXTS)
    publish(fact)


def first_part(visit: Visit) -> FulfillmentOrder:
    """What the visit has come for, the first if it is more; raises NoVisit when it is over."""
    pickups = visit.pickups.filter(active=True, visit__status__in=ACTIVE_VISIT).order_by("pk")
    pickup = pickups.select_related("fulfillment__order").first()
    if pickup is None:
        raise NoVisit
    return pickup.fulfillment
