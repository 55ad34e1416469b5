"""Asking every gate again for a batch of claimed messages, and writing the words of what may go.

One transaction and a constant number of queries, however many messages there are. Afterwards
each message is handed over, put off, moved to another lane, or ended; of what is handed over the
row says SUBMITTING, so that whoever finds it so knows that he cannot know.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from hub import clock
from hub.customers.letters import unsubscribe_headers
from hub.customers.models import Channel
from hub.events.breakers import PUT_OFF
from hub.events.outbox import wake_on_commit
from hub.providers.services import Account
from hub.providers.spending import charge
from notifications.cases import Case, cases_of
from notifications.choosing import EXPIRED, NO_PROVIDER, QUIET, SPEND_CAP, STALE, Decision
from notifications.inbound.questions import ask
from notifications.models import OPEN_OUTCOMES, UNSURE_OUTCOMES, Message, OpenQuestion, Outcome
from notifications.services.carriers import Carriers, chosen, lane_of
from notifications.services.deciding import (
    Deciding,
    Question,
    address_of,
    as_kept,
    may_repeat,
    question_of,
)
from notifications.services.handing import Draft
from notifications.services.settling import DONE, GO, PARK, WAIT, Verdict, apply
from notifications.services.words import Words, compose
from notifications.wording import WordingError

logger = logging.getLogger("hub.notifications")

LONGEST_VALIDITY_SECONDS = 36_000  # what SMS providers take at most
OUTCOME_OF_REASON = {STALE: Outcome.CANCELED, EXPIRED: Outcome.EXPIRED}
ASKS = {
    "which_spot": OpenQuestion.Kind.SPOT,
    "staff_which_spot": OpenQuestion.Kind.SPOT,
    "substitutes_offered": OpenQuestion.Kind.SUBSTITUTES,
}
TEMPLATE_ERROR = "template_error"
IN_DOUBT = "an earlier try may have got it"


@dataclass(frozen=True)
class Going:
    """A message that may leave now, by this account."""

    row: Message
    question: Question
    decision: Decision
    account: Account


@transaction.atomic
def prepare(claimed: Sequence[Message]) -> list[Draft]:
    """Decide about messages of one claim; what is returned is to be handed over.

    Those whose lease is lost are left alone.
    """
    rows = _locked(claimed)
    waiting = [row for row in rows if row.outcome in OPEN_OUTCOMES]
    cases = cases_of(waiting)
    questions = {row.pk: question_of(row, cases[row.pk]) for row in waiting}
    carriers = Carriers(tests={row.is_test for row in waiting})
    deciding = Deciding(list(questions.values()), carriers=carriers)
    going, verdicts = _split(_judge(row, questions[row.pk], deciding) for row in waiting)
    ready, refused = _ready(going, cases, deciding)
    verdicts += [*refused, *(_submitting(one, words, deciding) for one, words in ready)]
    verdicts += [_known(row) for row in rows if row.outcome not in OPEN_OUTCOMES]
    held = {message.pk for message in apply(verdicts)}
    _ask(ready)
    if any(verdict.lane for verdict in verdicts):
        wake_on_commit()
    return [_draft(one, words, deciding) for one, words in ready if one.row.pk in held]


def _locked(claimed: Sequence[Message]) -> list[Message]:
    """The rows as they are now, as far as their leases still hold; until the transaction ends."""
    rows = Message.objects.select_for_update(of=("self",), no_key=True).filter(
        pk__in=[message.pk for message in claimed], lease=claimed[0].lease
    )
    found = list(rows.order_by("pk"))
    if len(found) < len(claimed):
        logger.info("leases lost: %d", len(claimed) - len(found))
    return found


def _split(judged: Iterable[Going | Verdict]) -> tuple[list[Going], list[Verdict]]:
    going, verdicts = [], []
    for one in judged:
        if isinstance(one, Going):
            going.append(one)
        else:
            verdicts.append(one)
    return going, verdicts


# --- the gates ------------------------------------------------------------------------------


def _judge(row: Message, question: Question, deciding: Deciding) -> Going | Verdict:
    """Whether the message leaves now, and by which account; else what becomes of it."""
    decision, accounts = deciding.decide(question)
    unsure = row.outcome in UNSURE_OUTCOMES
    if not decision.channel:
        return _not_sent(row, question, decision, deciding)
    if question.stays and decision.channel != row.channel:
        return Verdict(
            message=row,
            step=PARK,
            error=IN_DOUBT,
            outcome=Outcome.AMBIGUOUS,
            outcome_reason=IN_DOUBT,
        )
    if decision.defer_until and not unsure:
        return _until_morning(row, question, decision)
    account = chosen(accounts, row.lane)
    if account is None:
        return _without_provider(row, question, decision, deciding)
    if lane_of(account) != row.lane:
        return _moved(row, question, decision, account)
    if row.channel == Channel.SMS:
        deciding.limits.count(deciding.address_hash(question, Channel.SMS))
    return Going(row, question, decision, account)


def _not_sent(row: Message, question: Question, decision: Decision, deciding: Deciding) -> Verdict:
    """No channel is left: for the decision's reason it ends here, or waits for a provider."""
    if (
        question.stays
        and decision.reason == NO_PROVIDER
        and not deciding.carriers.is_away(row.lane)
    ):
        return _in_doubt(row)
    if decision.reason == NO_PROVIDER:
        return _without_provider(row, question, decision, deciding)
    if decision.reason == SPEND_CAP:
        logger.error("nothing more may be spent on messages today", extra={"row": row.pk})
    return _ended(row, question, decision, decision.reason)


def _in_doubt(row: Message) -> Verdict:
    """It may have got through, may not be sent again, and can no longer be asked for there."""
    return Verdict(
        message=row,
        step=PARK,
        error=IN_DOUBT,
        outcome=Outcome.AMBIGUOUS,
        outcome_reason=IN_DOUBT,
    )


def _ended(row: Message, question: Question, decision: Decision, reason: str) -> Verdict:
    return Verdict(
        message=row,
        step=DONE,
        outcome=OUTCOME_OF_REASON.get(reason, Outcome.SUPPRESSED),
        outcome_reason=reason,
        decision=as_kept(decision, question),
    )


def _known(row: Message) -> Verdict:
    """A receipt was faster than our own record: there is nothing left to do."""
    return Verdict(message=row, step=DONE, outcome_reason=row.outcome_reason)


def _without_provider(
    row: Message, question: Question, decision: Decision, deciding: Deciding
) -> Verdict:
    """Put it off until a breaker is tried again; it is due at once when that closes."""
    channel = decision.channel or row.channel
    return Verdict(
        message=row,
        step=WAIT,
        seconds=deciding.carriers.wait_for(channel, is_test=row.is_test),
        counted=False,
        error=f"{PUT_OFF}{NO_PROVIDER}",
        outcome=_still_unsure(row, Outcome.RETRY_WAIT),
        outcome_reason=NO_PROVIDER,
        decision=as_kept(decision, question),
    )


def _until_morning(row: Message, question: Question, decision: Decision) -> Verdict:
    """Put a text off that can wait while people sleep; it is worded anew then."""
    wait = decision.defer_until - clock.now() if decision.defer_until else None
    return Verdict(
        message=row,
        step=WAIT,
        seconds=wait.total_seconds() if wait else 0.0,
        counted=False,
        outcome=Outcome.DEFERRED,
        outcome_reason=QUIET,
        title="",
        body="",
        decision=as_kept(decision, question),
    )


def _moved(row: Message, question: Question, decision: Decision, account: Account) -> Verdict:
    """Let it wait in the lane of another account; for another channel it is worded anew."""
    words = "" if decision.channel != row.channel else None
    return Verdict(
        message=row,
        step=WAIT,
        counted=False,
        channel=decision.channel,
        lane=lane_of(account),
        outcome=_still_unsure(row, Outcome.CREATED),
        outcome_reason="",
        decision=as_kept(decision, question),
        title=words,
        body=words,
    )


def _still_unsure(row: Message, outcome: Outcome) -> Outcome:
    """A doubt stays one until somebody knows better."""
    return Outcome.AMBIGUOUS if row.outcome in UNSURE_OUTCOMES else outcome


# --- what numbers answer ----------------------------------------------------------------------


def _ask(ready: Sequence[tuple[Going, Words]]) -> None:
    """Let bare numbers answer the question a phone reads last."""
    for one, _ in ready:
        kind, contact = ASKS.get(one.row.purpose), one.question.case.contact
        if kind and contact and one.row.channel == Channel.SMS:
            ask(phone_hash=contact.phone_hash, kind=kind, subject=one.row.subject, instead=True)


# --- the words, and what they cost ----------------------------------------------------------


def _ready(
    going: Sequence[Going], cases: Mapping[int, Case], deciding: Deciding
) -> tuple[list[tuple[Going, Words]], list[Verdict]]:
    """Those that have words and can be paid for; and what becomes of the others."""
    made = compose([(one.row, cases[one.row.pk]) for one in going])
    worded: list[tuple[Going, Words]] = []
    refused = []
    for one in going:
        words = made[one.row.pk]
        if isinstance(words, WordingError):
            logger.error("not sent: %s", words, extra={"row": one.row.pk})
            refused.append(_ended(one.row, one.question, one.decision, TEMPLATE_ERROR))
        else:
            worded.append((one, words))
    paid, broke = _charged(worded)
    for one, _ in broke:
        deciding.carriers.rule_out(one.account)
    again, elsewhere = _split(_judge(one.row, one.question, deciding) for one, _ in broke)
    refused += [
        *elsewhere,
        *(_ended(one.row, one.question, one.decision, SPEND_CAP) for one in again),
    ]
    return paid, refused


def _charged(
    worded: Sequence[tuple[Going, Words]],
) -> tuple[list[tuple[Going, Words]], list[tuple[Going, Words]]]:
    """Count what is to be handed over as spent; of what passes a cap, as many as still fit."""
    by_account = defaultdict(list)
    for one, words in worded:
        by_account[one.account].append((one, words))
    paid: list[tuple[Going, Words]] = []
    broke: list[tuple[Going, Words]] = []
    for account, told in by_account.items():
        if _pay(account, [words for _, words in told]):
            paid += told
            continue
        for one, words in told:
            (paid if _pay(account, [words]) else broke).append((one, words))
    return paid, broke


def _pay(account: Account, words: Sequence[Words]) -> bool:
    return charge(
        provider=account.name,
        messages=len(words),
        segments=sum(one.segments for one in words),
        micros=sum(cost_of(account, one.segments) for one in words),
        cap=account.daily_cap_micros,
    )


def cost_of(account: Account, segments: int) -> int:
    """What the account takes for a message of so many segments; an e-mail is one."""
    return account.price_micros * max(1, segments)


def _submitting(one: Going, words: Words, deciding: Deciding) -> Verdict:
    """From here on the message may have left."""
    row = one.row
    return Verdict(
        message=row,
        step=GO,
        outcome=Outcome.SUBMITTING,
        outcome_reason="",
        unsure_tries=int(row.outcome in UNSURE_OUTCOMES),
        template=words.template,
        template_version_id=words.version,
        title=words.title,
        body=words.body,
        segments=words.segments,
        encoding=words.encoding,
        address_hash=deciding.address_hash(one.question, row.channel),
        decision=as_kept(one.decision, one.question),
        provider=one.account.name,
    )


def _headers(one: Going) -> dict[str, str]:
    """What lets a mail program end such e-mails with one click; nothing for a text."""
    case = one.question.case
    if one.row.channel != Channel.EMAIL or case.contact is None:
        return {}
    return unsubscribe_headers(case.profile, case.contact)


def _draft(one: Going, words: Words, deciding: Deciding) -> Draft:
    row = one.row
    left = (row.expires_at - clock.now()).total_seconds()
    return Draft(
        message=row,
        account=one.account,
        to=address_of(one.question.case, row.channel, one.question.address),
        title=words.title,
        body=words.body,
        html=words.html,
        headers=_headers(one),
        segments=words.segments,
        valid_seconds=max(1, min(int(left), LONGEST_VALIDITY_SECONDS)),
        unsure=row.outcome in UNSURE_OUTCOMES,
        may_repeat=may_repeat(row),
        address_hash=deciding.address_hash(one.question, row.channel),
        cost=cost_of(one.account, words.segments),
    )
