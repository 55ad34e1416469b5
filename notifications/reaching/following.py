"""Following up what did not reach its customer: by the next channel, and at last by telephone."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from hub import clock
from hub.customers.models import Channel
from hub.events.leases import State
from notifications.choosing import PAUSED, UNWANTED
from notifications.models import Message, Outcome, TextingRules
from notifications.purposes import PURPOSES, fulfillment_of
from notifications.reaching.calls import open_call
from notifications.services.deciding import still_holds
from notifications.services.ending import MUST_REACH
from notifications.services.writing import write_message
from orders.models import FulfillmentOrder, VisitPickup

MOST_AT_ONCE = 500
LONGEST_CHAIN = 8

# It is known that these did not arrive, or will not leave by their channel.
UNREACHED = [Outcome.SUPPRESSED, Outcome.UNDELIVERED, Outcome.FAILED, Outcome.DEAD]
# A provider has these, and has not said yet that they arrived.
UNHEARD = [Outcome.ACCEPTED, Outcome.SENT, Outcome.UNKNOWN]
# No provider has taken these over, for all that is known.
STUCK = [Outcome.RETRY_WAIT, Outcome.AMBIGUOUS]


def follow_due() -> int:
    """Follow up all that should have arrived by now; returns how many.

    A text that no provider takes in all that time is followed up, too, and goes on being tried.
    """
    _forget_waiting()
    waiting = Message.objects.filter(purpose__in=MUST_REACH, followed_at__isnull=True)
    due: list[int] = []
    for which in (_unheard(), _stuck()):
        rows = waiting.filter(which).order_by("pk")
        due += rows.values_list("pk", flat=True)[:MOST_AT_ONCE]
    return sum(follow(message_id=pk) for pk in due)


@transaction.atomic
def follow(*, message_id: int) -> bool:
    """Tell the customer by the next channel, or let the store call him; the answer says whether
    there was a reason to.

    Once for a message, whoever asks: a receipt that says it arrived comes before or after, never
    in between.
    """
    rows = Message.objects.filter(pk=message_id, purpose__in=MUST_REACH)
    if not _seen_to(rows):
        return False
    message = Message.objects.select_related("follows").get(pk=message_id)
    part = fulfillment_of(message.subject)
    if part is None or not still_holds(message, part) or _is_coming(part, message):
        return True
    if not (message.channel and _tell_otherwise(message)):
        open_call(message=message, part=part)
    return True


def _seen_to(rows: QuerySet[Message]) -> bool:
    """The guard: as one statement with what makes it necessary, and once."""
    reason = _unreached() | _unheard() | _stuck()
    waiting = rows.filter(reason, followed_at__isnull=True)
    return bool(waiting.update(followed_at=clock.now(), reach_by=None))


def _unreached() -> Q:
    """Who asked for silence gets it; everybody else would rather be called than not know."""
    by_wish = Q(outcome=Outcome.SUPPRESSED, outcome_reason__in=[PAUSED, UNWANTED])
    return Q(outcome__in=UNREACHED) & ~by_wish


def _unheard() -> Q:
    """Accepted, and nobody has said in time that it arrived."""
    return Q(outcome__in=UNHEARD, reach_by__lte=clock.now())


def _stuck() -> Q:
    rules = TextingRules.objects.first() or TextingRules()
    began = clock.now() - timedelta(minutes=rules.reach_minutes)
    return Q(outcome__in=STUCK, state=State.PENDING, created_at__lte=began)


def _forget_waiting() -> None:
    """Nothing more is waited for where the outcome is known. Nor for an e-mail that the customer
    chose himself, which nobody confirms: it is held for read as long as it does not come back.
    One that stands in for a text is not."""
    due = Message.objects.filter(reach_by__lte=clock.now())
    chosen = Q(channel=Channel.EMAIL, follows__isnull=True)
    due.filter(chosen | ~Q(outcome__in=UNHEARD)).update(reach_by=None)


def _tell_otherwise(message: Message) -> bool:
    """Write the same for the next channel; the answer says whether one is left."""
    purpose = PURPOSES[message.purpose]
    follower = write_message(
        purpose=purpose,
        subject=message.subject,
        follows=message,
        excluded=frozenset(_tried(message)),
    )
    return follower is not None and follower.outcome != Outcome.SUPPRESSED


def _tried(message: Message) -> set[str]:
    """The channels of the message and of all that it stands in for."""
    tried: set[str] = set()
    one: Message | None = message
    for _ in range(LONGEST_CHAIN):
        if one is None:
            break
        tried.add(one.channel)
        one = one.follows
    return tried - {""}


def _is_coming(part: FulfillmentOrder, message: Message) -> bool:
    """Whether the customer has said since that he is on his way: then he knows."""
    trips = VisitPickup.objects.filter(fulfillment=part, created_at__gt=message.created_at)
    return trips.exists()
