"""Writing a message down before anything is sent, and deciding which channel it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from hub import clock
from hub.customers.preferences import locale_for
from hub.events.catalog import MessageNotSent
from hub.events.leases import State
from hub.events.outbox import publish_all, wake_on_commit
from hub.trace import trace_id
from notifications.cases import Case, cases_about, pickup_of
from notifications.choosing import EXPIRED, STALE
from notifications.models import Message, Outcome
from notifications.purpose import Purpose
from notifications.services.carriers import Carriers
from notifications.services.deciding import STEP, Deciding, Question, as_kept
from orders.models import FulfillmentOrder

OUTCOME_OF_REASON = {STALE: Outcome.CANCELED, EXPIRED: Outcome.EXPIRED}


@dataclass(frozen=True, kw_only=True)
class Telling:
    """What is to be told: which words, about which subject, because of what (``trace``).

    One that ``follows`` another message takes none of the ``excluded`` channels.
    """

    purpose: Purpose
    subject: str
    trace: str
    follows: Message | None = None
    excluded: frozenset[str] = frozenset()

    def key(self, part: FulfillmentOrder) -> str:
        """One message per key, ever."""
        key = self.purpose.dedupe_key(part)
        return f"{key}{STEP}{self.follows.pk}" if self.follows else key


def write_message(
    *,
    purpose: Purpose,
    subject: str,
    follows: Message | None = None,
    excluded: frozenset[str] = frozenset(),
) -> Message | None:
    """Leave one message as ``write_messages`` does; None when there is nothing new to write."""
    telling = Telling(
        purpose=purpose, subject=subject, trace=trace_id(), follows=follows, excluded=excluded
    )
    return next(iter(write_messages([telling])), None)


@transaction.atomic
def write_messages(tellings: Sequence[Telling]) -> list[Message]:
    """Leave a message for each telling for the relays to send, or say why none goes out.

    The message of an occasion is written once, however often this is called: of later calls, and
    of subjects that no store prepares, there is none among those returned. A message with no
    channel to take is settled at once, as suppressed, canceled or expired, and MessageNotSent is
    published. The queries are as many for fifty as for one.
    """
    cases = cases_about({telling.subject for telling in tellings})
    meant = [telling for telling in tellings if cases[telling.subject].fulfillment]
    questions = [_question(telling, cases[telling.subject]) for telling in meant]
    standings = standings_of_new(questions)
    return keep_all([_message(*one) for one in zip(meant, questions, standings, strict=True)])


def keep(message: Message) -> Message | None:
    """Keep one as ``keep_all`` does; None when its occasion has one."""
    return next(iter(keep_all([message])), None)


def keep_all(messages: Sequence[Message]) -> list[Message]:
    """Insert those whose occasion has none, and let the relays or the reactions know."""
    if not messages:
        return []
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    names = [message.public_id for message in messages]
    written = list(Message.objects.filter(public_id__in=names).order_by("pk"))
    if any(message.state == State.PENDING for message in written):
        wake_on_commit()
    ended = [message for message in written if message.state != State.PENDING]
    if ended:
        publish_all(
            [MessageNotSent(order_id=one.order_id, message_id=one.pk) for one in ended],
            traces=[one.trace_id for one in ended],
        )
    return written


def _question(telling: Telling, case: Case) -> Question:
    part, order = pickup_of(case)
    now = clock.now()
    return Question(
        case=case,
        purpose=telling.purpose,
        still_true=telling.purpose.holds(part),
        expired=telling.purpose.expires_at(part, now) <= now,
        is_test=order.is_test,
        excluded=telling.excluded,
    )


def _message(telling: Telling, question: Question, standing: dict[str, Any]) -> Message:
    case = question.case
    part, order = pickup_of(case)
    return Message(
        purpose=telling.purpose.name,
        subject=telling.subject,
        order_id=order.pk,
        profile=case.profile,
        contact=case.contact,
        follows=telling.follows,
        locale=locale_of(part),
        dedupe_key=telling.key(part),
        is_test=order.is_test,
        trace_id=telling.trace,
        expires_at=telling.purpose.expires_at(part, clock.now()),
        **standing,
    )


def locale_of(fulfillment: FulfillmentOrder) -> str:
    """The language the customer chose, else the order's, else the customer's, else the store's."""
    order = fulfillment.order
    return locale_for(order.profile, said=order.locale, usual=fulfillment.store.locale)


def standing_of_new(question: Question, *, lane: str = "") -> dict[str, Any]:
    """How a message starts, by column: waiting in that lane, else in its channel's usual one; or
    ended for the decision's reason."""
    return standings_of_new([question], lane=lane)[0]


def standings_of_new(questions: Sequence[Question], *, lane: str = "") -> list[dict[str, Any]]:
    """How each of new messages starts; see ``standing_of_new``.

    Whether a provider can be reached just now is asked when it is claimed, not here.
    """
    carriers = Carriers(tests=[one.is_test for one in questions], all_reachable=True)
    deciding = Deciding(questions, carriers=carriers)
    return [_standing(one, deciding, lane=lane) for one in questions]


def _standing(question: Question, deciding: Deciding, *, lane: str) -> dict[str, Any]:
    decision, _ = deciding.decide(question)
    kept = as_kept(decision, question)
    if decision.channel:
        usual = deciding.carriers.usual_lane(decision.channel, is_test=question.is_test)
        return {"decision": kept, "channel": decision.channel, "lane": lane or usual}
    return {
        "decision": kept,
        "state": State.DONE,
        "finished_at": clock.now(),
        "outcome": OUTCOME_OF_REASON.get(decision.reason, Outcome.SUPPRESSED),
        "outcome_reason": decision.reason,
    }
