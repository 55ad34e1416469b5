"""What customers are told of a pickup from READY until it is collected, or is not.

Texts of the arrival loop are short-lived and never wait; what can wait lets people sleep. Each
is true of the row as it is when it leaves: who has come meanwhile is not reminded any more.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from hub import clock
from hub.customers.purposes import AFTERWARDS, ARRIVAL, PICKUP, REMINDERS
from hub.events.catalog import (
    CustomerTexted,
    DelegateNamed,
    OfFulfillment,
    WindowChanged,
    WrongStoreReached,
)
from notifications.happened import is_by_wish, is_rest, other_store, stayed_with_store, told_of
from notifications.purpose import Purpose, stamp
from orders.curbside.aging import age_terms
from orders.curbside.delegates import delegate_of
from orders.curbside.early import early_ready_at
from orders.curbside.texting import TEXTS
from orders.curbside.visits import EXPECTED, active_visit
from orders.models import (
    ClockMark,
    Complaint,
    FulfillmentOrder,
    FulfillmentStatus,
    Visit,
    VisitStatus,
)
from orders.states import BEFORE_READY, LIVE

SHORTLY = timedelta(minutes=15)
HERE = frozenset({VisitStatus.ARRIVED, VisitStatus.BEING_SERVED})
SEEING_THE_PAGE = frozenset({Visit.Source.PAGE, Visit.Source.SIGN})


def _is_ready(part: FulfillmentOrder) -> bool:
    return part.status == FulfillmentStatus.READY


def _waits(part: FulfillmentOrder) -> bool:
    """Ready, and nobody is there or on the way."""
    return _is_ready(part) and _in_time(part) and active_visit(part) is None


def _waits_not_long(part: FulfillmentOrder) -> bool:
    visit = active_visit(part)
    return _is_ready(part) and _in_time(part) and (visit is None or visit.status in EXPECTED)


def _in_time(part: FulfillmentOrder) -> bool:
    return part.expires_at is not None and part.expires_at > clock.now()


def _which_reminder(part: FulfillmentOrder) -> str:
    again = part.clock_marks.filter(kind=ClockMark.Kind.REMINDED_AGAIN).exists()
    return "2" if again else "1"


def _deadline(part: FulfillmentOrder) -> datetime | None:
    return part.expires_at


def _of_deadline(part: FulfillmentOrder) -> str:
    return stamp(part.expires_at)


def _has_window_ahead(part: FulfillmentOrder) -> bool:
    return part.status in LIVE and part.window_end is not None and part.window_end > clock.now()


def _count(fact: type[OfFulfillment]) -> Callable[[FulfillmentOrder], str]:
    """The occasion is the how-manieth such fact it is: there and back again is news each time."""
    return lambda part: str(told_of(part, fact).count())


def _comes_too_soon(part: FulfillmentOrder) -> bool:
    visit = active_visit(part) if part.status in BEFORE_READY else None
    if visit is None or visit.status not in EXPECTED:
        return False
    return (visit.eta or clock.now()) < early_ready_at(part)


def _is_here_too_soon(part: FulfillmentOrder) -> bool:
    visit = active_visit(part) if part.status in BEFORE_READY else None
    return visit is not None and visit.status in HERE


def _of_visit(part: FulfillmentOrder) -> str:
    visit = active_visit(part)
    return visit.public_id if visit else ""


def _stands_nowhere(part: FulfillmentOrder) -> bool:
    """Here, but nobody knows where, and he does not have the question before his eyes."""
    visit = active_visit(part)
    if visit is None or visit.status not in HERE or visit.spot_id or visit.place:
        return False
    return visit.spot_asked_at is not None or visit.source not in SEEING_THE_PAGE


def _is_noted(part: FulfillmentOrder) -> bool:
    """Here, the goods are ready, and he is not asked where he stands by another text."""
    visit = active_visit(part)
    here = visit is not None and visit.status in HERE
    return here and _is_ready(part) and not _stands_nowhere(part)


def _of_question(part: FulfillmentOrder) -> str:
    visit = active_visit(part)
    return f"{visit.public_id}{stamp(visit.spot_asked_at)}" if visit else ""


def _is_missing(part: FulfillmentOrder) -> bool:
    visit = active_visit(part)
    return visit is not None and visit.status in HERE and visit.missing_at is not None


def _of_search(part: FulfillmentOrder) -> str:
    visit = active_visit(part)
    return f"{visit.public_id}{stamp(visit.missing_at)}" if visit else ""


def _is_elsewhere(part: FulfillmentOrder) -> bool:
    visit = active_visit(part)
    arrived = visit is not None and visit.status in HERE
    return part.status in LIVE and not arrived and other_store(part) is not None


def _needs_id(part: FulfillmentOrder) -> bool:
    visit = active_visit(part)
    before = visit is None or visit.status in EXPECTED
    return _is_ready(part) and before and age_terms(part).minimum_age > 0


def _has_delegate(part: FulfillmentOrder) -> bool:
    return part.status in LIVE and delegate_of(part) is not None


def _last_answer(part: FulfillmentOrder) -> str:
    rows = Complaint.objects.filter(fulfillment=part, answered_at__isnull=False)
    newest = rows.order_by("-answered_at", "-pk").first()
    return newest.public_id if newest else ""


REMINDED = Purpose(
    name="reminded",
    about="fulfillment",
    lasts=timedelta(hours=20),
    repeat_when_unsure=False,
    holds=_waits,
    occasion=_which_reminder,
    until=_deadline,
    waits_at_night=True,
    group=REMINDERS,
)
EXPIRING = Purpose(
    name="expiring",
    about="fulfillment",
    lasts=timedelta(days=1),
    repeat_when_unsure=True,
    holds=_waits_not_long,
    occasion=_of_deadline,
    until=_deadline,
    waits_at_night=True,
    group=REMINDERS,
)
EXTENDED = Purpose(
    name="extended",
    about="fulfillment",
    lasts=timedelta(hours=6),
    repeat_when_unsure=False,
    holds=_waits_not_long,
    occasion=_of_deadline,
    until=_deadline,
    group=PICKUP,
)
EXPIRED = Purpose(
    name="expired",
    about="fulfillment",
    lasts=timedelta(days=1),
    repeat_when_unsure=True,
    holds=lambda part: part.status == FulfillmentStatus.EXPIRED,
    waits_at_night=True,
    group=PICKUP,
)
WINDOW_CHANGED = Purpose(
    name="window_changed",
    about="fulfillment",
    lasts=timedelta(hours=2),
    repeat_when_unsure=False,
    holds=_has_window_ahead,
    occasion=_count(WindowChanged),
    until=lambda part: part.window_end,
)
STORE_CHANGED = Purpose(
    name="store_changed",
    about="fulfillment",
    lasts=timedelta(hours=6),
    repeat_when_unsure=False,
    holds=lambda part: part.status in BEFORE_READY and is_by_wish(part),
)
COMING_EARLY = Purpose(
    name="coming_early",
    about="fulfillment",
    lasts=SHORTLY,
    repeat_when_unsure=True,
    holds=_comes_too_soon,
    occasion=_of_visit,
    group=ARRIVAL,
)
HERE_EARLY = Purpose(
    name="here_early",
    about="fulfillment",
    lasts=SHORTLY,
    repeat_when_unsure=True,
    holds=_is_here_too_soon,
    occasion=_of_visit,
    group=ARRIVAL,
)
WHICH_SPOT = Purpose(
    name="which_spot",
    about="fulfillment",
    lasts=SHORTLY,
    repeat_when_unsure=True,
    holds=_stands_nowhere,
    occasion=_of_question,
    group=ARRIVAL,
)
HERE_NOTED = Purpose(
    name="here_noted",
    about="fulfillment",
    lasts=SHORTLY,
    repeat_when_unsure=False,
    holds=_is_noted,
    occasion=_of_visit,
    group=ARRIVAL,
)
CUSTOMER_MISSING = Purpose(
    name="customer_missing",
    about="fulfillment",
    lasts=SHORTLY,
    repeat_when_unsure=True,
    holds=_is_missing,
    occasion=_of_search,
    group=ARRIVAL,
)
WRONG_STORE = Purpose(
    name="wrong_store",
    about="fulfillment",
    lasts=timedelta(minutes=30),
    repeat_when_unsure=True,
    holds=_is_elsewhere,
    occasion=_count(WrongStoreReached),
    until=_deadline,
    group=ARRIVAL,
)
BRING_ID = Purpose(
    name="bring_id",
    about="fulfillment",
    lasts=timedelta(days=3),
    repeat_when_unsure=True,
    holds=_needs_id,
    occasion=lambda part: stamp(part.ready_at),
    until=_deadline,
    group=PICKUP,
)
PARTLY_HANDED_OFF = Purpose(
    name="partly_handed_off",
    about="fulfillment",
    lasts=timedelta(hours=6),
    repeat_when_unsure=True,
    holds=lambda part: _is_ready(part) and is_rest(part),
    until=_deadline,
    group=AFTERWARDS,
)
GOODS_REFUSED = Purpose(
    name="goods_refused",
    about="fulfillment",
    lasts=timedelta(hours=6),
    repeat_when_unsure=False,
    holds=stayed_with_store,
    group=AFTERWARDS,
)
DELEGATE_NAMED = Purpose(
    name="delegate_named",
    about="fulfillment",
    lasts=timedelta(hours=6),
    repeat_when_unsure=False,
    holds=_has_delegate,
    occasion=_count(DelegateNamed),
)
COMPLAINT_ANSWERED = Purpose(
    name="complaint_answered",
    about="fulfillment",
    lasts=timedelta(days=2),
    repeat_when_unsure=False,
    holds=lambda part: bool(_last_answer(part)),
    occasion=_last_answer,
    waits_at_night=True,
    group=AFTERWARDS,
)


def _by_staff(text: str) -> Purpose:
    """What staff chose to say, to a customer who is there or on the way."""

    def how_often(part: FulfillmentOrder) -> str:
        return str(told_of(part, CustomerTexted, text=text).count())

    return Purpose(
        name=f"staff_{text}",
        about="fulfillment",
        lasts=SHORTLY,
        repeat_when_unsure=False,
        holds=lambda part: part.status in LIVE and active_visit(part) is not None,
        occasion=how_often,
        group=ARRIVAL,
    )


STAFF = {text: _by_staff(text) for text in TEXTS}
CURB = (
    *(REMINDED, EXPIRING, EXTENDED, EXPIRED, WINDOW_CHANGED, STORE_CHANGED),
    *(COMING_EARLY, HERE_EARLY, HERE_NOTED, WHICH_SPOT, CUSTOMER_MISSING),
    *(WRONG_STORE, BRING_ID),
    *(PARTLY_HANDED_OFF, GOODS_REFUSED, DELEGATE_NAMED, COMPLAINT_ANSWERED),
    *STAFF.values(),
)
