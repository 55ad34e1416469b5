"""Handing messages over to their providers side by side, outside any transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue

from hub.connectors.sms.base import FindsTexts, SmsConnector
from hub.customers.models import Channel
from hub.errors import ConnectorError
from hub.events.crew import Crew
from hub.providers.services import Account, connector_for
from hub.trace import acting, tracing
from notifications.models import Message
from notifications.services.mail import send_mail

GATHER_SECONDS = 0.02  # those that end at about the same time are recorded together

_crew = Crew()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is about to be handed over. ``unsure``: an earlier try may have got through.

    ``cost`` is what was counted for it as spent, in millionths of the account's currency.
    """

    message: Message
    account: Account
    to: str
    title: str
    body: str
    html: str
    segments: int
    valid_seconds: int
    unsure: bool
    may_repeat: bool
    address_hash: str = ""
    cost: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Handed:
    """What came of one draft: the provider's reference, or the error. ``was_known``: an earlier
    try had got through, so that nothing was sent now."""

    draft: Draft
    reference: str = ""
    was_known: bool = False
    error: ConnectorError | None = None


def hand_over(drafts: Sequence[Draft]) -> Iterator[list[Handed]]:
    """Give all drafts to their providers at once; yields what came of them, as it comes.

    The threads that do it touch no database.
    """
    if len(drafts) == 1:
        yield [_hand_over(drafts[0])]
        return
    ended: SimpleQueue[Handed] = SimpleQueue()
    for draft in drafts:
        _crew.take_on(partial(_put, ended, draft))
    left = len(drafts)
    while left:
        done = _gathered(ended, left)
        left -= len(done)
        yield done


def _put(ended: SimpleQueue[Handed], draft: Draft) -> None:
    ended.put(_hand_over(draft))


def _gathered(ended: SimpleQueue[Handed], most: int) -> list[Handed]:
    """The next one to end, and those that end shortly after."""
    done = [ended.get()]
    while len(done) < most:
        try:
            done.append(ended.get(timeout=GATHER_SECONDS))
        except Empty:
            break
    return done


def _hand_over(draft: Draft) -> Handed:
    """One call, or two when it is not known whether an earlier one got through. Never raises:
    what nobody foresaw is a failure that may have taken effect."""
    with tracing(draft.message.trace_id), acting("system"):
        try:
            return _give(draft)
        except ConnectorError as error:
            return Handed(draft=draft, error=error)
        except Exception as error:  # noqa: BLE001  one message's trouble must not be its batch's
            doubt = ConnectorError(f"{type(error).__name__}: {error}", ambiguous=True)
            return Handed(draft=draft, error=doubt)


def _give(draft: Draft) -> Handed:
    """Give the message to its provider, unless that one has it already."""
    connector = connector_for(draft.account) if draft.account.channel == Channel.SMS else None
    known = _look_up(connector, draft) if draft.unsure else None
    if known:
        return Handed(draft=draft, reference=known, was_known=True)
    return Handed(draft=draft, reference=_send(connector, draft))


def _send(connector: SmsConnector | None, draft: Draft) -> str:
    reference = draft.message.public_id
    if connector:
        return connector.send(
            to=draft.to,
            body=draft.body,
            reference=reference,
            valid_seconds=draft.valid_seconds,
        )
    return send_mail(
        to=draft.to,
        title=draft.title,
        body=draft.body,
        html=draft.html,
        headers=draft.headers,
        reference=reference,
        is_test=draft.message.is_test,
    )


def _look_up(connector: SmsConnector | None, draft: Draft) -> str | None:
    """The provider's reference if an earlier try got through, None if the message is to be sent.

    Raises ConnectorError when nobody can tell and the purpose does not allow a repeat.
    """
    if isinstance(connector, FindsTexts):
        return connector.find(to=draft.to, reference=draft.message.public_id, body=draft.body)
    if not draft.may_repeat:
        raise ConnectorError("an earlier try may have got it", permanent=True, ambiguous=True)
    return None
