"""Sending claimed messages: are they still to be said, in which words, and what came of it.

Four steps: *prepare* in one short transaction (every gate again, then the words, with fresh
links), *look once more*, *hand over* side by side outside any transaction, *record* with the
leases in one commit for all that end together. A worker that dies in between leaves the outcome
SUBMITTING, and the next one knows that it cannot know.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.db import Error, transaction

from hub.customers.purposes import ORDER_UPDATES
from hub.customers.reaching import AddressStanding, addresses_of
from hub.events import leases
from hub.events.leases import NotNow
from hub.events.queues import Queue
from hub.events.relay import run_one
from hub.providers.buckets import give_back, rest, take_tokens
from hub.providers.services import Account, account_named
from notifications.cases import parts_of
from notifications.choosing import STALE
from notifications.models import Message, Outcome
from notifications.purposes import PURPOSES
from notifications.services.carriers import BUILT_IN_MAIL
from notifications.services.deciding import still_holds
from notifications.services.handing import Draft, Handed, hand_over
from notifications.services.preparing import prepare
from notifications.services.recording import record
from notifications.services.settling import DONE, WAIT, Verdict, apply

logger = logging.getLogger("hub.notifications")

BATCH = 64  # prepared together and handed over at once: none waits for another after the last look


def send_batch(messages: Sequence[Message]) -> None:
    """Do the work of messages of one claim and settle each, or leave it due again.

    When one of them cannot be prepared at all, the others do not suffer: each is tried alone.
    """
    try:
        drafts = prepare(messages)
    except Error:
        raise  # nothing has left; the leases run out
    except Exception:
        if len(messages) == 1:
            raise
        logger.exception("a batch could not be prepared")
        for message in messages:
            run_one(QUEUE, message)
        return
    _return_tokens(messages[0].lane, len(messages) - len(drafts))
    for handed in hand_over(_last_look(drafts)):
        _record(handed)


def send(message: Message) -> None:
    """Do the work of one claimed message and settle it, or leave it due again."""
    send_batch([message])


def claim_messages(lane: str, limit: int) -> list[Message]:
    """Lease due messages of a lane, as many as its provider may be given now.

    Raises NotNow when it has had enough for the moment; the messages stay due.
    """
    account = _account_of(lane)
    if account is None:
        return leases.claim(Message, lane=lane, limit=limit)
    pace: dict[str, Any] = {"per_second": account.per_second, "burst": account.burst}
    taken = take_tokens(provider=account.name, most=limit, **pace)
    if not taken:
        raise NotNow("as fast as its provider allows", seconds=rest(**pace))
    rows = leases.claim(Message, lane=lane, limit=taken)
    give_back(provider=account.name, tokens=taken - len(rows))
    return rows


QUEUE = Queue(
    model=Message,
    run=send,
    run_batch=send_batch,
    batch=BATCH,
    claim=claim_messages,
    in_doubt="outcome IN ('submitting', 'ambiguous')",
)


def _account_of(lane: str) -> Account | None:
    """The account whose messages wait in a lane; None when it is not used any more."""
    channel, _, name = lane.partition(":")
    return account_named(name or BUILT_IN_MAIL, channel=channel)


def _return_tokens(lane: str, tokens: int) -> None:
    """What was not handed over leaves its place to others."""
    account = _account_of(lane) if tokens else None
    if account:
        give_back(provider=account.name, tokens=tokens)


def _last_look(drafts: Sequence[Draft]) -> list[Draft]:
    """Those that are still true, claimed and allowed in this moment; the others stay here."""
    if not drafts:
        return []
    messages = [draft.message for draft in drafts]
    claimed = Message.objects.filter(
        pk__in=[message.pk for message in messages],
        lease=messages[0].lease,
        outcome=Outcome.SUBMITTING,
    )
    ours = set(claimed.values_list("pk", flat=True))
    parts, addresses = parts_of(messages), addresses_of([one.address_hash for one in drafts])
    going, verdicts = [], []
    for draft in drafts:
        message = draft.message
        if message.pk not in ours:
            continue
        if not still_holds(message, parts[message.pk]):
            verdicts.append(_called_off(draft))
        elif _refuses(draft, addresses):
            verdicts.append(_asked_anew(draft))
        else:
            going.append(draft)
    if verdicts:
        with transaction.atomic():
            apply(verdicts)
    return going


def _refuses(draft: Draft, addresses: dict[tuple[str, str], AddressStanding]) -> bool:
    """Whether the owner of the address has said STOP since the choice was made."""
    message = draft.message
    standing = addresses.get((draft.address_hash, message.channel))
    if standing is None or message.decision.get("exempt_from_stop"):
        return False
    purpose = PURPOSES.get(message.purpose)
    return standing.refuses(purpose.group if purpose else ORDER_UPDATES)


def _called_off(draft: Draft) -> Verdict:
    """The last look before handing over said that it is no longer true."""
    return Verdict(message=draft.message, step=DONE, outcome=Outcome.CANCELED, outcome_reason=STALE)


def _asked_anew(draft: Draft) -> Verdict:
    """Let the next claim choose again, for another channel."""
    return Verdict(
        message=draft.message,
        step=WAIT,
        counted=False,
        outcome=Outcome.AMBIGUOUS if draft.unsure else Outcome.CREATED,
        outcome_reason="",
    )


def _record(handed: Sequence[Handed]) -> None:
    """Record together, or each alone when one of them cannot be."""
    try:
        record(handed)
    except Error:
        raise
    except Exception:
        if len(handed) == 1:
            raise
        logger.exception("what was handed over could not be recorded together")
        for one in handed:
            _record([one])
