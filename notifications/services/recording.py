"""Writing down what came of messages that were handed over, for as many as ended together."""

from __future__ import annotations

import logging
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from hub import clock
from hub.customers import health
from hub.customers.consent import stop
from hub.errors import ConnectorError
from hub.events import breakers
from hub.events.leases import Backoff
from hub.events.outbox import wake_on_commit
from hub.providers.buckets import drain
from hub.providers.spending import refund
from notifications.codes import verdict_of
from notifications.models import Message, Outcome, Receipt
from notifications.purposes import PURPOSES
from notifications.services.carriers import lane_of
from notifications.services.folding import LONGEST_REFERENCE, fold_parked, hold_references
from notifications.services.handing import Draft, Handed
from notifications.services.limits import texting_rules
from notifications.services.settling import DONE, PARK, WAIT, Verdict, apply

logger = logging.getLogger("hub.notifications")

RETRY = Backoff(base=5.0, cap=300.0)
TOO_FAST = {"429", "20429"}
SHORT_WAIT = (1.0, 6.0)  # seconds; spreads those that were too many at once
REASON_CHARACTERS = 60
CODE_CHARACTERS = 20


def record(handed: Sequence[Handed]) -> None:
    """Settle messages of one claim by what their providers said, all in one commit.

    Accepted ones are done, passing failures are due again, final ones are parked or go by the
    next channel. A receipt that came before is folded. Those whose lease is lost are left alone.
    """
    with transaction.atomic():
        hold_references([(one.draft.account.name, _clean(one.reference)) for one in handed])
        reach = timedelta(minutes=texting_rules().reach_minutes)
        kept = {message.pk for message in apply([_verdict(one, reach) for one in handed])}
        mine = [one for one in handed if one.draft.message.pk in kept]
        if len(mine) < len(handed):
            logger.warning("leases lost after handing over: %d", len(handed) - len(mine))
        _learn(mine)
        _fold_early_receipts(mine)
    _tell_breakers(handed)
    _take_back(handed)


def _verdict(one: Handed, reach: timedelta) -> Verdict:
    return _failed(one.draft, one.error) if one.error else _accepted(one, reach)


def _accepted(one: Handed, reach: timedelta) -> Verdict:
    """Done; what must arrive is followed up unless a receipt comes within ``reach``."""
    draft, now = one.draft, clock.now()
    purpose = PURPOSES.get(draft.message.purpose)
    return Verdict(
        message=draft.message,
        step=DONE,
        outcome=Outcome.ACCEPTED,
        only_if_better=True,
        provider=draft.account.name,
        provider_reference=_clean(one.reference),
        provider_code="",
        accepted_at=now,
        reach_by=now + reach if purpose and purpose.must_reach else None,
        cost_micros=0 if one.was_known else draft.cost,
    )


def _failed(draft: Draft, error: ConnectorError) -> Verdict:
    """What a refusal or a failure means: another try, another channel, or a person."""
    message, means = draft.message, verdict_of(error.code)
    said = {
        "error": str(error).replace("\x00", ""),
        "reason": str(error).replace("\x00", "")[:REASON_CHARACTERS],
        "code": error.code[:CODE_CHARACTERS],
    }
    if is_too_fast(error):
        wait = random.uniform(*SHORT_WAIT)  # noqa: S311  jitter, not a secret
        seconds = max(wait, error.retry_after or 0.0)
        return _again(message, Outcome.RETRY_WAIT, said, seconds=seconds, counted=False)
    if not error.ambiguous and (means.permanent or means.refused):
        # the address is known not to work by now: the next claim takes another channel
        return _again(message, Outcome.RETRY_WAIT, said, seconds=0.0)
    outcome = _outcome_of(message, error)
    if error.permanent or message.attempts >= message.MAX_ATTEMPTS:
        return _parked(message, outcome, said, draft)
    seconds = RETRY.delay(message.attempts) if error.retry_after is None else error.retry_after
    charged = draft.cost if error.ambiguous else 0
    return _again(message, outcome, said, seconds=seconds, cost=charged)


def is_too_fast(error: ConnectorError) -> bool:
    """Whether the provider only said that it got too many at once."""
    return error.code in TOO_FAST and not error.permanent


def _outcome_of(message: Message, error: ConnectorError) -> Outcome:
    if error.ambiguous:
        return Outcome.AMBIGUOUS
    if error.permanent:
        return Outcome.FAILED
    return Outcome.DEAD if message.attempts >= message.MAX_ATTEMPTS else Outcome.RETRY_WAIT


def _again(
    message: Message,
    outcome: Outcome,
    said: dict[str, str],
    *,
    seconds: float,
    counted: bool = True,
    cost: int = 0,
) -> Verdict:
    return Verdict(
        message=message,
        step=WAIT,
        seconds=seconds,
        counted=counted,
        error=said["error"],
        outcome=outcome,
        outcome_reason=said["reason"],
        only_if_better=True,
        provider_code=said["code"],
        cost_micros=cost,
    )


def _parked(message: Message, outcome: Outcome, said: dict[str, str], draft: Draft) -> Verdict:
    return Verdict(
        message=message,
        step=PARK,
        error=said["error"],
        outcome=outcome,
        outcome_reason=said["reason"],
        only_if_better=True,
        provider_code=said["code"],
        cost_micros=draft.cost if outcome == Outcome.AMBIGUOUS else 0,
    )


def _learn(handed: Sequence[Handed]) -> None:
    """Remember what the vendors' codes say of addresses, and let staff know of what is ours."""
    for one in handed:
        code = one.error.code if one.error else ""
        means = verdict_of(code)
        address, channel = one.draft.address_hash, one.draft.message.channel
        if means.refused and address:
            reference = one.draft.message.public_id
            stop(address_hash=address, channel=channel, method="provider", reference=reference)
        if means.permanent and address:
            health.note_failure(address_hash=address, channel=channel, reason=code, permanent=True)
        if means.alert:
            logger.error("%s: %s", one.draft.account.name, means.means, extra={"code": code})
    if any(_moves_on(one) for one in handed):
        wake_on_commit()


def _moves_on(one: Handed) -> bool:
    means = verdict_of(one.error.code if one.error else "")
    return means.refused or means.permanent


def _fold_early_receipts(handed: Sequence[Handed]) -> None:
    """Receipts that named a message before its provider's reference was known here."""
    by_name = {
        (one.draft.account.name, _clean(one.reference)): one.draft.message
        for one in handed
        if not one.error
    }
    waiting = Receipt.objects.filter(
        provider__in={name for name, _ in by_name},
        reference__in=[reference for _, reference in by_name],
        matched=False,
    )
    for key in set(waiting.values_list("provider", "reference")) & by_name.keys():
        fold_parked(Message.objects.get(pk=by_name[key].pk), key[1])


def _tell_breakers(handed: Sequence[Handed]) -> None:
    """Let whoever does not answer be left alone. That nobody can tell is no answer of anybody."""
    calls: dict[str, list[ConnectorError | None]] = defaultdict(list)
    for one in handed:
        if one.error and (is_too_fast(one.error) or (one.error.permanent and one.error.ambiguous)):
            continue
        calls[lane_of(one.draft.account)].append(one.error)
    for lane, outcomes in calls.items():
        breakers.note(lane, lane=lane, calls=outcomes)
    for name in {one.draft.account.name for one in handed if one.error and is_too_fast(one.error)}:
        drain(name)


def _take_back(handed: Sequence[Handed]) -> None:
    """What was certainly not taken over now has cost nothing."""
    free = [one for one in handed if one.was_known or (one.error and not one.error.ambiguous)]
    by_name: dict[str, list[Draft]] = defaultdict(list)
    for one in free:
        by_name[one.draft.account.name].append(one.draft)
    for name, drafts in by_name.items():
        refund(
            provider=name,
            messages=len(drafts),
            segments=sum(draft.segments for draft in drafts),
            micros=sum(draft.cost for draft in drafts),
            at=clock.now(),
        )


def _clean(reference: str) -> str:
    """The provider's reference as it can be kept: odd ones must not undo what has left."""
    return reference.replace("\x00", "")[:LONGEST_REFERENCE]
