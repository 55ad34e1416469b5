"""Sending one claimed message: is it still to be said, in which words, and what came of it.

Three steps: *prepare* in a short transaction (every gate again, then the words, with a fresh
link), *hand over* outside any transaction, *record* with the lease in one commit. A worker that
dies in between leaves the outcome SUBMITTING, and the next one knows that it cannot know.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from hub import clock
from hub.connectors.registry import sms_connector
from hub.connectors.sms.base import FindsTexts, SmsConnector
from hub.customers.models import Channel
from hub.errors import ConnectorError
from hub.events import leases
from hub.events.catalog import MessageAccepted, MessageNotSent
from hub.events.deliveries import LeaseLost
from hub.events.leases import Backoff, State
from hub.events.outbox import publish, wake_on_commit
from hub.trace import acting, tracing
from notifications.cases import case_of
from notifications.choosing import QUIET, STALE, Decision, quiet_until
from notifications.models import OPEN_OUTCOMES, UNSURE_OUTCOMES, Message, Outcome
from notifications.purposes import PURPOSES, fulfillment_of
from notifications.services.folding import (
    LONGEST_REFERENCE,
    fold_parked,
    hold_reference,
    raise_outcome,
)
from notifications.services.mail import PROVIDER, send_mail
from notifications.services.words import put_into_words
from notifications.services.writing import OUTCOME_OF_REASON, decide, lane_of, still_holds
from notifications.wording import WordingError
from orders.models import FulfillmentOrder

logger = logging.getLogger("hub.notifications")

RETRY = Backoff(base=5.0, cap=300.0)
LONGEST_VALIDITY_SECONDS = 36_000  # what SMS providers take at most


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is about to be handed over. ``unsure``: an earlier try may have got through."""

    to: str
    title: str
    body: str
    reference: str
    valid_seconds: int
    provider: str
    is_test: bool
    unsure: bool
    may_repeat: bool


def send(message: Message) -> None:
    """Do the work of a claimed message and settle it, or leave it due again.

    Raises LeaseLost when another worker has it by now.
    """
    with tracing(message.trace_id), acting("system"):
        draft = _prepare(message)
        if draft is None:
            return
        if not still_holds(message, fulfillment_of(message.subject)):
            _call_off(message)
            return
        try:
            reference = _hand_over(draft)
        except ConnectorError as error:
            _record_failure(message, error)
        else:
            _record_acceptance(message, draft.provider, reference)


@transaction.atomic
def _prepare(message: Message) -> Draft | None:
    """Ask every gate again and write the words; None when there is nothing left to hand over."""
    row = _locked(message)
    if row.outcome not in OPEN_OUTCOMES:  # a receipt was faster than our own record
        _settle(message)
        return None
    fulfillment = fulfillment_of(row.subject)
    if fulfillment is None:
        _end(message, Outcome.CANCELED, STALE)
        return None
    decision = _decided(row, fulfillment)
    if decision is None:
        return None
    try:
        words = put_into_words(row, case_of(row.subject))
    except WordingError as error:
        logger.error("not sent: %s", error, extra={"row": row.pk})
        _end(message, Outcome.SUPPRESSED, "template_error", decision)
        return None
    return _submitting(row, words.title, words.body)


def _decided(row: Message, fulfillment: FulfillmentOrder) -> Decision | None:
    """The choice of channel if the message leaves by it now; else it is ended or put off."""
    decision = decide(
        fulfillment.order,
        still_true=still_holds(row, fulfillment),
        expired=row.expires_at <= clock.now(),
    )
    if not decision.channel:
        outcome = OUTCOME_OF_REASON.get(decision.reason, Outcome.SUPPRESSED)
        _end(row, outcome, decision.reason, decision)
        return None
    if decision.channel != row.channel:
        _change_channel(row, decision)
        return None
    if _waits_for_morning(row, fulfillment):
        return None
    return decision


def _waits_for_morning(row: Message, fulfillment: FulfillmentOrder) -> bool:
    """Put a text off that can wait while people at the store sleep; it is worded anew then.

    One that may have left already is no longer put off.
    """
    if not PURPOSES[row.purpose].waits_at_night or row.outcome in UNSURE_OUTCOMES:
        return False
    now = clock.now()
    morning = quiet_until(now, ZoneInfo(fulfillment.store.timezone))
    if morning is None:
        return False
    Message.objects.filter(pk=row.pk).update(outcome_reason=QUIET, title="", body="")
    if not leases.postpone(row, seconds=(morning - now).total_seconds(), counted=False):
        raise LeaseLost(row.pk)
    return True


def _submitting(row: Message, title: str, body: str) -> Draft:
    """Note that from here on the message may have left, and return it."""
    unsure = row.outcome in UNSURE_OUTCOMES
    Message.objects.filter(pk=row.pk).update(
        outcome=Outcome.SUBMITTING, unsure_tries=F("unsure_tries") + int(unsure)
    )
    left = (row.expires_at - clock.now()).total_seconds()
    by_text = row.channel == Channel.SMS
    return Draft(
        to=_address_of(row),
        title=title,
        body=body,
        reference=row.public_id,
        valid_seconds=max(1, min(int(left), LONGEST_VALIDITY_SECONDS)),
        provider=row.lane.removeprefix("sms:") if by_text else PROVIDER,
        is_test=row.is_test,
        unsure=unsure,
        may_repeat=PURPOSES[row.purpose].repeat_when_unsure,
    )


def _address_of(row: Message) -> str:
    if row.contact is None:
        return row.address or ""
    address: str = row.contact.phone if row.channel == Channel.SMS else row.contact.email
    return address


def _hand_over(draft: Draft) -> str:
    """Give the message to its provider, unless that one has it already; return its reference."""
    connector: SmsConnector | None = None
    if draft.provider != PROVIDER:
        connector = sms_connector(draft.provider, is_test=draft.is_test)
    known = _look_up(connector, draft) if draft.unsure else None
    if known:
        return known
    if connector:
        return connector.send(
            to=draft.to,
            body=draft.body,
            reference=draft.reference,
            valid_seconds=draft.valid_seconds,
        )
    return send_mail(
        to=draft.to,
        title=draft.title,
        body=draft.body,
        reference=draft.reference,
        is_test=draft.is_test,
    )


def _look_up(connector: SmsConnector | None, draft: Draft) -> str | None:
    """The provider's reference if an earlier try got through, None if the message is to be sent.

    Raises ConnectorError when nobody can tell and the purpose does not allow a repeat.
    """
    if isinstance(connector, FindsTexts):
        return connector.find(to=draft.to, reference=draft.reference)
    if not draft.may_repeat:
        raise ConnectorError("an earlier try may have got it", permanent=True, ambiguous=True)
    return None


@transaction.atomic
def _record_acceptance(message: Message, provider: str, reference: str) -> None:
    reference = reference.replace("\x00", "")[:LONGEST_REFERENCE]  # odd, but the text has left
    hold_reference(provider, reference)
    _settle(message)
    Message.objects.filter(pk=message.pk).update(
        provider=provider, provider_reference=reference, accepted_at=clock.now()
    )
    raise_outcome(message, Outcome.ACCEPTED)
    publish(MessageAccepted(order_id=message.order_id, message_id=message.pk))
    fold_parked(message, reference)


@transaction.atomic
def _record_failure(message: Message, error: ConnectorError) -> None:
    """Leave the message due again, or park it when no try can help any more."""
    wait = RETRY.delay(message.attempts) if error.retry_after is None else error.retry_after
    state = leases.fail(message, error=str(error), permanent=error.permanent, wait=wait)
    if state is None:
        raise LeaseLost(message.pk)
    if error.ambiguous:
        outcome = Outcome.AMBIGUOUS
    else:
        outcome = Outcome.FAILED if state == State.PARKED else Outcome.CREATED
    Message.objects.filter(pk=message.pk, outcome__in=OPEN_OUTCOMES).update(
        outcome=outcome, outcome_reason=str(error)[:60]
    )
    if outcome == Outcome.FAILED:
        publish(MessageNotSent(order_id=message.order_id, message_id=message.pk))


@transaction.atomic
def _call_off(message: Message) -> None:
    """The last look before handing over said that it is no longer true."""
    _locked(message)
    _end(message, Outcome.CANCELED, STALE)


def _change_channel(message: Message, decision: Decision) -> None:
    """Move the message to the lane of the channel that is right now; its words are written anew."""
    lane = lane_of(decision.channel, is_test=message.is_test)
    Message.objects.filter(pk=message.pk).update(
        channel=decision.channel,
        lane=lane,
        decision=decision.as_json(),
        outcome=Outcome.CREATED,
        title="",
        body="",
    )
    if not leases.postpone(message, seconds=0, counted=False):
        raise LeaseLost(message.pk)
    wake_on_commit()


def _end(message: Message, outcome: Outcome, reason: str, decision: Decision | None = None) -> None:
    _settle(message)
    kept = {"decision": decision.as_json()} if decision else {}
    Message.objects.filter(pk=message.pk).update(outcome=outcome, outcome_reason=reason, **kept)
    publish(MessageNotSent(order_id=message.order_id, message_id=message.pk))


def _settle(message: Message) -> None:
    if not leases.settle(message):
        raise LeaseLost(message.pk)


def _locked(message: Message) -> Message:
    """The row as it is now, held until the transaction ends; raises LeaseLost."""
    row = (
        Message.objects.select_for_update(of=("self",), no_key=True)
        .select_related("contact")
        .filter(pk=message.pk, lease=message.lease)
        .first()
    )
    if row is None:
        raise LeaseLost(message.pk)
    return row
