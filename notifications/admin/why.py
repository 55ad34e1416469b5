"""Why a customer was, or was not, told something: the kept decision put into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.customers.models import Channel
from notifications.models import Message, Outcome

QUESTIONS = {
    "still_true": ("Is it still true?", "true", "not true any more"),
    "not_expired": ("Is there time left?", "in time", "too late"),
    "not_tried": ("Not tried in vain before?", "not yet", "this way has failed already"),
    "has_address": ("Do we have an address?", "yes", "none"),
    "address_usable": ("Can it take messages?", "yes", "no"),
    "takes_texts": ("Can the number take texts?", "yes", "landline or special number"),
    "region_allowed": ("Do we text this country?", "yes", "no"),
    "address_works": ("Has the address worked?", "yes", "it failed for good"),
    "not_refused": ("No STOP from the customer?", "none", "said STOP"),
    "wanted": ("Does the customer want it so?", "yes", "no"),
    "within_limits": ("Within the limits for one number?", "yes", "too many lately"),
    "provider_available": ("Is a provider there?", "yes", "none answers"),
    "affordable": ("Is there money left today?", "yes", "the day's limit is used up"),
    "awake": ("Is it day where the customer is?", "day", "night: waits for the morning"),
}
REASONS = {
    "chosen": "It goes by the way the customer chose.",
    "usual": "The customer chose no way that works, so it goes by the usual one.",
    "no_longer_true": "Not sent: it was not true any more.",
    "expired": "Not sent: it would have come too late.",
    "no_channel": "Not sent: no way to the customer is open.",
    "paused": "Not sent: the customer asked for a pause.",
    "unwanted": "Not sent: the customer does not want messages of this kind.",
    "no_provider": "Not sent: no provider was there to carry it.",
    "number_limit": "Not sent: too many messages went to this number lately.",
    "spend_cap": "Not sent: the day's spending limit is used up.",
    "template_error": "Not sent: its words lack a value. See the template.",
}
INPUTS = {
    "rank": "rank in his choice",
    "paused_until": "paused until",
    "critical": "critical",
    "zone": "time zone",
    "zone_source": "known from",
    "at": "asked at",
}
WAYS: dict[str, str] = {
    "": "The message itself",
    Channel.SMS: "By text",
    Channel.EMAIL: "By e-mail",
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
    return REASONS.get(decided, decided.replace("_", " ").capitalize())


def _way(channel: str, decision: Mapping[str, Any], gates: list[dict[str, Any]]) -> Way:
    mine = [_answer(gate) for gate in gates if str(gate.get("channel", "")) == channel]
    return Way(
        title=WAYS.get(channel, channel),
        answers=tuple(mine),
        chosen=bool(channel) and decision.get("channel") == channel,
        passed=all(answer.passed for answer in mine),
    )


def _answer(gate: Mapping[str, Any]) -> Answer:
    name, passed = str(gate.get("question", "")), bool(gate.get("passed"))
    question, yes, no = QUESTIONS.get(name, (name.replace("_", " ").capitalize(), "yes", "no"))
    inputs = gate.get("inputs") or {}
    said = tuple((INPUTS.get(key, key.replace("_", " ")), _plain(inputs[key])) for key in inputs)
    return Answer(question, yes if passed else no, passed, said)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "–" if value is None else str(value)
