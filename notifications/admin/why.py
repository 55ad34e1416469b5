"""Why a customer was, or was not, told something: the kept decision put into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from hub.customers.models import Channel
from notifications.models import Message, Outcome

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

QUESTIONS = {
    "still_true": (_("Is it still true?"), _("true"), _("not true any more")),
    "not_expired": (_("Is there time left?"), _("in time"), _("too late")),
    "not_tried": (_("Not tried in vain before?"), _("not yet"), _("this way has failed already")),
    "has_address": (_("Do we have an address?"), _("yes"), _("none")),
    "address_usable": (_("Can it take messages?"), _("yes"), _("no")),
    "takes_texts": (_("Can the number take texts?"), _("yes"), _("landline or special number")),
    "region_allowed": (_("Do we text this country?"), _("yes"), _("no")),
    "address_works": (_("Has the address worked?"), _("yes"), _("it failed for good")),
    "not_refused": (_("No STOP from the customer?"), _("none"), _("said STOP")),
    "wanted": (_("Does the customer want it so?"), _("yes"), _("no")),
    "within_limits": (_("Within the limits for one number?"), _("yes"), _("too many lately")),
    "provider_available": (_("Is a provider there?"), _("yes"), _("none answers")),
    "affordable": (_("Is there money left today?"), _("yes"), _("the day's limit is used up")),
    "awake": (_("Is it day where the customer is?"), _("day"), _("night: waits for the morning")),
}
REASONS = {
    "chosen": _("It goes by the way the customer chose."),
    "usual": _("The customer chose no way that works, so it goes by the usual one."),
    "no_longer_true": _("Not sent: it was not true any more."),
    "expired": _("Not sent: it would have come too late."),
    "no_channel": _("Not sent: no way to the customer is open."),
    "paused": _("Not sent: the customer asked for a pause."),
    "unwanted": _("Not sent: the customer does not want messages of this kind."),
    "no_provider": _("Not sent: no provider was there to carry it."),
    "number_limit": _("Not sent: too many messages went to this number lately."),
    "spend_cap": _("Not sent: the day's spending limit is used up."),
    "template_error": _("Not sent: its words lack a value. See the template."),
}
INPUTS = {
    "rank": _("rank in his choice"),
    "paused_until": _("paused until"),
    "critical": _("critical"),
    "zone": _("time zone"),
    "zone_source": _("known from"),
    "at": _("asked at"),
}
WAYS: dict[str, StrOrPromise] = {
    "": _("The message itself"),
    Channel.SMS: _("By text"),
    Channel.EMAIL: _("By e-mail"),
}


@dataclass(frozen=True)
class Answer:
    """One question with its answer in words, and what the answer rests on."""

    question: str
    answer: str
    passed: bool
    inputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Way:
    """The questions about the message, or about one channel, in the order they were asked."""

    title: str
    answers: tuple[Answer, ...]
    chosen: bool
    passed: bool


def ways_of(decision: Mapping[str, Any]) -> list[Way]:
    """A kept decision by channel, as it was asked; odd or old ones as far as they go."""
    gates = [gate for gate in decision.get("gates") or [] if isinstance(gate, dict)]
    channels = list(dict.fromkeys(str(gate.get("channel", "")) for gate in gates))
    return [_way(channel, decision, gates) for channel in channels]


def reason_of(message: Message) -> str:
    """In one sentence, why it went as it did."""
    decided = str((message.decision or {}).get("reason", ""))
    if message.outcome in (Outcome.SUPPRESSED, Outcome.CANCELED, Outcome.EXPIRED):
        decided = message.outcome_reason or decided
    return str(REASONS.get(decided, decided.replace("_", " ").capitalize()))


def _way(channel: str, decision: Mapping[str, Any], gates: list[dict[str, Any]]) -> Way:
    mine = [_answer(gate) for gate in gates if str(gate.get("channel", "")) == channel]
    return Way(
        title=str(WAYS.get(channel, channel)),
        answers=tuple(mine),
        chosen=bool(channel) and decision.get("channel") == channel,
        passed=all(answer.passed for answer in mine),
    )


def _answer(gate: Mapping[str, Any]) -> Answer:
    name, passed = str(gate.get("question", "")), bool(gate.get("passed"))
    odd = (name.replace("_", " ").capitalize(), _("yes"), _("no"))
    question, yes, no = map(str, QUESTIONS.get(name, odd))
    inputs = gate.get("inputs") or {}
    said = tuple(
        (str(INPUTS.get(key, key.replace("_", " "))), _plain(inputs[key])) for key in inputs
    )
    return Answer(question, yes if passed else no, passed, said)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "–" if value is None else str(value)
