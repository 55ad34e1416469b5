"""Which channel a message takes, or why none, and when. Pure: all it needs is given to it.

The message itself is asked first (is it still true, is there time left), then each channel in
turn, and last the clock where the customer lives. Every question is kept with its answer, so that
"why did, or didn't, this customer get it" can be told in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

# Raised with every change of the questions or of their order: kept decisions say by which rules
# they were made.
RULES = "2"

NIGHT, MORNING = time(21), time(8)
USUAL_ORDER = ("sms", "email")

STALE = "no_longer_true"
EXPIRED = "expired"
NO_CHANNEL = "no_channel"
QUIET = "quiet_hours"
PAUSED = "paused"
UNWANTED = "unwanted"
NO_PROVIDER = "no_provider"
NUMBER_LIMIT = "number_limit"
SPEND_CAP = "spend_cap"

# Why no channel was left, the most telling first: the question that a channel failed.
_REASONS = (
    ("affordable", SPEND_CAP),
    ("within_limits", NUMBER_LIMIT),
    ("provider_available", NO_PROVIDER),
    ("wanted", UNWANTED),
)
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What is known of one channel to a customer: is there an address, does it work, may we?

    ``inputs`` are what the answers rest on, by question: plain values for whoever reads the
    decision, never an address.
    """

    has_address: bool
    takes_texts: bool = True
    region_allowed: bool = True
    works: bool = True
    refused: bool = False
    within_limits: bool = True
    provider_available: bool = True
    affordable: bool = True
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ChoiceInput:
    """Everything the choice depends on, as it is ``now``.

    ``preferred`` is ranked, and empty when never chosen; ``unwanted`` are channels the customer
    ruled out for this ``group`` of messages. ``excluded`` ones have failed for this telling.
    ``zone`` (IANA) is where he is woken at night, and ``zone_source`` who says so.
    """

    still_true: bool
    expired: bool
    now: datetime
    preferred: tuple[str, ...]
    reaches: Mapping[str, Reach]
    unwanted: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    group: str = ""
    critical: bool = False
    paused_until: datetime | None = None
    waits_at_night: bool = False
    zone: str = "UTC"
    zone_source: str = ""


@dataclass(frozen=True)
class Gate:
    """One question asked on the way, of one channel or (empty) of the message itself."""

    question: str
    passed: bool
    channel: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values; without inputs when there are none."""
        said = {"question": self.question, "passed": self.passed, "channel": self.channel}
        return {**said, "inputs": dict(self.inputs)} if self.inputs else said


@dataclass(frozen=True)
class Decision:
    """The channel chosen, or empty and the ``reason``; with every gate asked, in order.

    With ``defer_until`` (UTC) it is to leave by that channel, but not before that moment.
    """

    channel: str
    reason: str
    gates: tuple[Gate, ...] = ()
    defer_until: datetime | None = None
    order: tuple[str, ...] = ()
    group: str = ""
    critical: bool = False

    def as_json(self) -> dict[str, Any]:
        """The decision as it is kept with the message: plain values only, and no address."""
        return {
            "channel": self.channel,
            "reason": self.reason,
            "defer_until": self.defer_until.isoformat() if self.defer_until else None,
            "order": list(self.order),
            "group": self.group,
            "critical": self.critical,
            "rules": RULES,
            "gates": [gate.as_json() for gate in self.gates],
        }


def choose(asked: ChoiceInput) -> Decision:
    """Take the first channel whose every gate passes: chosen ones by rank, then the usual others.

    A channel the customer did not choose is better than silence about his own order; one he
    ruled out is used for what is critical only, and one he refused (STOP) never. What waits at
    night is put off to the morning there.
    """
    order = _order(asked.preferred)
    gates = [Gate("still_true", asked.still_true)]
    if asked.still_true:
        gates.append(Gate("not_expired", not asked.expired))
    if not gates[-1].passed:
        return _decided(asked, "", EXPIRED if asked.still_true else STALE, gates, order)
    for channel in order:
        for gate in _gates(channel, asked):
            gates.append(gate)
            if not gate.passed:
                break
        else:
            reason = "chosen" if channel in asked.preferred else "usual"
            return _decided(asked, channel, reason, gates, order)
    return _decided(asked, "", _why_none(asked, gates), gates, order)


def quiet_until(at: datetime, zone: ZoneInfo) -> datetime | None:
    """When people there may be disturbed again (UTC); None when they may be ``at`` that moment.

    Nights last from 21:00 to 8:00 on the clocks of that place, also when these are changed.
    """
    local = at.astimezone(zone)
    if MORNING <= local.time() < NIGHT:
        return None
    day = local.date() + timedelta(days=int(local.time() >= NIGHT))
    return datetime.combine(day, MORNING, zone).astimezone(UTC)


def _decided(
    asked: ChoiceInput, channel: str, reason: str, gates: list[Gate], order: tuple[str, ...]
) -> Decision:
    wake = None
    if channel and asked.waits_at_night and not asked.critical:
        wake = quiet_until(asked.now, ZoneInfo(asked.zone))
        inputs = {
            "zone": asked.zone,
            "zone_source": asked.zone_source,
            "at": asked.now.isoformat(),
        }
        gates = [*gates, Gate("awake", wake is None, channel, inputs)]
    return Decision(channel, reason, tuple(gates), wake, order, asked.group, asked.critical)


def _order(preferred: tuple[str, ...]) -> tuple[str, ...]:
    return (*preferred, *(channel for channel in USUAL_ORDER if channel not in preferred))


def _gates(channel: str, asked: ChoiceInput) -> Iterator[Gate]:
    """The questions about a channel, in their order; the asker stops at the first "no"."""
    reach = asked.reaches.get(channel) or Reach(has_address=False)
    answers = (
        ("not_tried", channel not in asked.excluded),
        ("has_address", reach.has_address),
        ("takes_texts", reach.takes_texts),
        ("region_allowed", reach.region_allowed),
        ("address_works", reach.works),
        ("not_refused", not reach.refused),
        ("wanted", asked.critical or not (_is_paused(asked) or channel in asked.unwanted)),
        ("within_limits", reach.within_limits),
        ("provider_available", reach.provider_available),
        ("affordable", reach.affordable),
    )
    for question, passed in answers:
        inputs = reach.inputs.get(question, _NOTHING)
        if question == "wanted":
            inputs = _wish(channel, asked)
        yield Gate(question, passed, channel, inputs)


def _wish(channel: str, asked: ChoiceInput) -> dict[str, Any]:
    """What the customer said of this channel: its rank in his choice, 0 for not by this one."""
    said: dict[str, Any] = {}
    if channel in asked.unwanted:
        said["rank"] = 0
    elif channel in asked.preferred:
        said["rank"] = asked.preferred.index(channel) + 1
    if _is_paused(asked) and asked.paused_until:
        said["paused_until"] = asked.paused_until.isoformat()
    if asked.critical:
        said["critical"] = True
    return said


def _is_paused(asked: ChoiceInput) -> bool:
    return asked.paused_until is not None and asked.paused_until > asked.now


def _why_none(asked: ChoiceInput, gates: list[Gate]) -> str:
    failed = {gate.question for gate in gates if not gate.passed}
    reason = next((reason for question, reason in _REASONS if question in failed), NO_CHANNEL)
    return PAUSED if reason == UNWANTED and _is_paused(asked) else reason
