"""Which channel a message takes, or why it takes none. Pure: all it needs is given to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

USUAL_ORDER = ("sms", "email")

STALE = "no_longer_true"
EXPIRED = "expired"
NO_CHANNEL = "no_channel"


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


def _order(preferred: tuple[str, ...]) -> list[str]:
    return [*preferred, *(channel for channel in USUAL_ORDER if channel not in preferred)]


def _gates(channel: str, reach: Reach) -> Iterator[Gate]:
    yield Gate("has_address", reach.has_address, channel)
    yield Gate("address_usable", reach.usable, channel)
    yield Gate("not_refused", not reach.refused, channel)
