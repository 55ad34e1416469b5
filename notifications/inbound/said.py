"""What a text says, once it is read: plain values that the hub can act on."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a text is. What is nothing else is TALK, for people to read."""

    STOP = "stop"
    STOP_TOPIC = "stop_topic"
    PERHAPS_STOP = "perhaps_stop"
    START = "start"
    HELP = "help"
    HERE = "here"
    COMING = "coming"
    LATE = "late"
    WHERE = "where"
    AGENT = "agent"
    NUMBER = "number"
    ANSWER = "answer"
    POLITE = "polite"
    AUTOMATIC = "automatic"
    EMPTY = "empty"
    UNCLEAR = "unclear"
    TALK = "talk"


@dataclass(frozen=True, kw_only=True)
class Said:
    """A text as it was understood.

    ``locale`` is the language its words prove, else empty. ``managed``: the provider has acted on
    it and has answered. ``minutes`` is None where none were said. ``numbers`` answer a question
    with numbers; ``answer`` is yes or no to everything, or to some by their number.
    """

    kind: Kind
    locale: str = ""
    managed: bool = False
    topic: str = ""
    spot: str = ""
    place: str = ""
    minutes: int | None = None
    numbers: tuple[int, ...] = ()
    answer: dict[int, bool] | bool | None = field(default=None)
