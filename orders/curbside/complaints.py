"""Something was wrong with what was collected: the customer says so, the store answers."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from hub import clock
from hub.events.catalog import ComplaintAnswered, ComplaintMade
from hub.events.outbox import publish
from hub.links.services import READABLE_AFTER_END
from orders.actions import is_first, lock_parts
from orders.curbside.errors import (
    AnsweredAlready,
    BeyondPaid,
    ComplaintUnclear,
    MayNotRefund,
    NotCollected,
    ReasonMissing,
    TooLateToTell,
)
from orders.models import Complaint, FulfillmentLine, FulfillmentOrder, HandOff, Refund
from orders.refunds import paid_left, price_of, refund_line, state_refund
from orders.text import clean

WORDS_CHARACTERS = 500
BY_CHARACTERS = 150
REFUNDS = "orders.take_return"


@transaction.atomic
def complain(
    *,
    fulfillment: FulfillmentOrder,
    kind: str,
    line: FulfillmentLine | None = None,
    units: int = 1,
    words: str = "",
) -> Complaint:
    """Tell the store what is wrong: so many units of a line, or in words with all of it.

    For seven days after the hand-off, once per line and kind; said again, the first complaint
    comes back as it is. Publishes ComplaintMade. Raises NotCollected, TooLateToTell, TextTooLong,
    and ComplaintUnclear for units that were not given or a complaint that says nothing.
    """
    said = clean(words, limit=WORDS_CHARACTERS, what="the complaint")
    lock_parts(fulfillment.order_id)
    require_collected(fulfillment)
    fresh = fulfillment.lines.filter(pk=line.pk).first() if line else None
    _check(kind, line, fresh, units, said)
    complaint, is_new = Complaint.objects.get_or_create(
        fulfillment=fulfillment,
        line=fresh,
        kind=kind,
        defaults={"units": units, "words": said, "made_at": clock.now()},
    )
    if is_new:
        publish(ComplaintMade(complaint_id=complaint.pk, **_ids(fulfillment)))
    return complaint


@transaction.atomic
def answer_complaint(
    *,
    complaint: Complaint,
    answer: str,
    by: User,
    refund_units: int = 0,
    refund_minor: int = 0,
    token: str = "",
) -> Complaint:
    """Answer in words, and pay back units at their price, or an amount, of the complaint's line.

    Publishes ComplaintAnswered, and RefundDue within what was paid for the line. The same token
    again returns the first answer. Raises ReasonMissing without words, MayNotRefund,
    AnsweredAlready, BeyondPaid, or ComplaintUnclear; nothing is changed then.
    """
    said = clean(answer, limit=WORDS_CHARACTERS, what="the answer")
    if not said:
        raise ReasonMissing("say something to the customer")
    if (refund_units or refund_minor) and not by.has_perm(REFUNDS):
        raise MayNotRefund
    part = complaint.fulfillment
    if not is_first(fulfillment=part, action="answer_complaint", token=token):
        complaint.refresh_from_db()
        return complaint
    lock_parts(part.order_id)
    waiting = Complaint.objects.filter(pk=complaint.pk, answered_at__isnull=True)
    first = waiting.update(
        answer=said,
        answered_at=clock.now(),
        answered_by=(by.get_full_name() or by.get_username())[:BY_CHARACTERS],
        refunded=max(0, refund_units),
    )
    complaint.refresh_from_db()
    if not first:
        raise AnsweredAlready(f"{complaint.answered_by} has answered it", answer=complaint.answer)
    _pay_back(complaint, refund_units, refund_minor)
    publish(ComplaintAnswered(complaint_id=complaint.pk, **_ids(part)))
    return complaint


def require_collected(fulfillment: FulfillmentOrder) -> None:
    """Raise NotCollected unless there is a proof of a hand-off, TooLateToTell after seven days."""
    proof = HandOff.objects.filter(fulfillment=fulfillment).first()
    if proof is None:
        raise NotCollected
    if clock.now() >= proof.at + READABLE_AFTER_END:
        raise TooLateToTell


def _check(
    kind: str,
    line: FulfillmentLine | None,
    fresh: FulfillmentLine | None,
    units: int,
    words: str,
) -> None:
    if kind not in Complaint.Kind.values:
        raise ComplaintUnclear(f"it is one of {', '.join(Complaint.Kind.values)}")
    if line is not None and (fresh is None or not 1 <= units <= fresh.handed_off):
        given = fresh.handed_off if fresh else 0
        raise ComplaintUnclear(f"{given} units of that line were handed over", given=given)
    if not words and (fresh is None or kind == Complaint.Kind.OTHER):
        raise ComplaintUnclear("say in words what is wrong")


def _pay_back(complaint: Complaint, units: int, amount: int) -> None:
    if not (units or amount):
        return
    if units < 0 or amount < 0 or units > complaint.units or complaint.line_id is None:
        raise ComplaintUnclear("pay back units of the line that was complained of")
    rows = FulfillmentLine.objects.select_related("order_line", "item")
    line = rows.get(pk=complaint.line_id)
    whole, left = units * price_of(line) + amount, paid_left(line)
    if whole > left:
        raise BeyondPaid(f"{left} may still be paid back of this line", left_minor=left)
    state_refund(
        fulfillment=complaint.fulfillment,
        reason=Refund.Reason.COMPLAINT,
        lines=[refund_line(line, units, whole)],
    )


def _ids(fulfillment: FulfillmentOrder) -> dict[str, int]:
    return {"order_id": fulfillment.order_id, "fulfillment_id": fulfillment.pk}
