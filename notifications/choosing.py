"""Which channel a message takes, or why none, and when. Pure: all it needs is given to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

NIGHT, MORNING = time(21), time(8)
USUAL_ORDER = ("sms", "email")

STALE = "no_longer_true"
EXPIRED = "expired"
NO_CHANNEL = "no_channel"
QUIET = "quiet_hours"


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What is known of one channel to a customer: is there an address, does it work, may we?"""

    has_address: bool
    usable: bool = True
    refused: bool = False


@dataclass(frozen=True, kw_only=True)
class ChoiceInput:
    """Everything the choice depends on. ``preferred`` is ranked, and empty when never chosen."""

    still_true: bool
    expired: bool
    preferred: tuple[str, ...]
    reaches: Mapping[str, Reach]


@dataclass(frozen=True)
class Gate:
    """One question asked on the way, of one channel or (empty) of the message itself."""

    question: str
    passed: bool
    channel: str = ""


@dataclass(frozen=True)
class Decision:
    """The channel chosen, or empty and the ``reason``; with every gate asked, in order."""

    channel: str
    reason: str
    gates: tuple[Gate, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """The decision as it is kept with the message."""
        return asdict(self)


def choose(asked: ChoiceInput) -> Decision:
    """Take the first channel whose every gate passes: chosen ones by rank, then the usual others.

    A channel the customer did not choose is better than silence about his own order; one he
    refused never is.
    """
    gates = [Gate("still_true", asked.still_true), Gate("not_expired", not asked.expired)]
    if not asked.still_true:
        return Decision("", STALE, tuple(gates))
    if asked.expired:
        return Decision("", EXPIRED, tuple(gates))
    for channel in _order(asked.preferred):
        for gate in _gates(channel, asked.reaches.get(channel, Reach(has_address=False))):
            gates.append(gate)
            if not gate.passed:
                break
        else:
            reason = "chosen" if channel in asked.preferred else "usual"
            return Decision(channel, reason, tuple(gates))
    return Decision("", NO_CHANNEL, tuple(gates))


def quiet_until(at: datetime, zone: ZoneInfo) -> datetime | None:
    """When people there may be disturbed again (UTC); None when they may be ``at`` that moment.

    Nights last from 21:00 to 8:00 on the clocks of that place, also when these are changed.
    """
    local = at.astimezone(zone)
    if MORNING <= local.time() < NIGHT:
        return None
    day = local.date() + timedelta(days=int(local.time() >= NIGHT))
    return datetime.combine(day, MORNING, zone).astimezone(UTC)


def _order(preferred: tuple[str, ...]) -> list[str]:
    return [*preferred, *(channel for channel in USUAL_ORDER if channel not in preferred)]


def _gates(channel: str, reach: Reach) -> Iterator[Gate]:
    yield Gate("has_address", reach.has_address, channel)
    yield Gate("address_usable", reach.usable, channel)
    yield Gate("not_refused", not reach.refused, channel)
