"""What was tried to tell a customer one thing: the messages that stand in for each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from hub.customers.models import Channel
from notifications.choosing import NO_CHANNEL
from notifications.models import Message, Outcome

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LONGEST_CHAIN = 8
WAYS: dict[str, StrOrPromise] = {
    Channel.SMS: gettext_lazy("Text"),
    Channel.EMAIL: gettext_lazy("E-mail"),
}
NO_WAY = gettext_lazy("Another way")
OUTCOME_WORDS = {
    Outcome.CREATED: gettext_lazy("waits to leave"),
    Outcome.DEFERRED: gettext_lazy("waits for the morning"),
    Outcome.SUPPRESSED: gettext_lazy("not sent"),
    Outcome.CANCELED: gettext_lazy("called off"),
    Outcome.EXPIRED: gettext_lazy("too late, not sent"),
    Outcome.SUBMITTING: gettext_lazy("being handed over"),
    Outcome.RETRY_WAIT: gettext_lazy("refused for now, to be tried again"),
    Outcome.AMBIGUOUS: gettext_lazy("may have left"),
    Outcome.ACCEPTED: gettext_lazy("taken over by the provider, no receipt"),
    Outcome.SENT: gettext_lazy("with the carrier, no receipt"),
    Outcome.DELIVERED: gettext_lazy("delivered"),
    Outcome.UNDELIVERED: gettext_lazy("not delivered"),
    Outcome.FAILED: gettext_lazy("refused for good"),
    Outcome.DEAD: gettext_lazy("given up after many tries"),
    Outcome.UNKNOWN: gettext_lazy("never confirmed"),
}
BAD = [Outcome.UNDELIVERED, Outcome.FAILED, Outcome.DEAD, Outcome.SUPPRESSED]


@dataclass(frozen=True)
class Told:
    """One try: by which ``channel`` (and that in words), when, and how it ended; ``tone`` is empty,
    success, warning or danger."""

    pk: int
    channel: str
    title: str
    at: datetime
    ended: str
    tone: str
    link: str


def chain_of(message: Message) -> list[Told]:
    """The first message about it, and all that stand in for it, oldest first."""
    first = message
    for _ in range(LONGEST_CHAIN):
        if first.follows is None:
            break
        first = first.follows
    family, newest = [first], [first]
    while newest and len(family) < LONGEST_CHAIN:
        newest = list(Message.objects.filter(follows__in=newest).order_by("pk"))
        family += newest
    return [told(one) for one in family]


def told(message: Message) -> Told:
    """One message as a try."""
    return Told(
        pk=message.pk,
        channel=message.channel,
        title=str(WAYS.get(message.channel, NO_WAY if message.follows_id else gettext("Any way"))),
        at=message.created_at,
        ended=ended(message),
        tone=tone_of(message),
        link=reverse("admin:notifications_message_change", args=[message.pk]),
    )


def ended(message: Message) -> str:
    """What became of it, and why, in words."""
    if message.outcome_reason == NO_CHANNEL:
        return gettext("none is open")
    words = str(OUTCOME_WORDS[Outcome(message.outcome)])
    reason = message.outcome_reason.replace("_", " ")
    return f"{words}: {reason}" if reason and reason != words else words


def tone_of(message: Message) -> str:
    """How staff should take it."""
    if message.outcome == Outcome.DELIVERED:
        return "warning" if message.stale_at else "success"
    return "danger" if message.outcome in BAD else ""
