"""What becomes of each unit at the curb. Pure: reads rows, changes none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from orders.curbside.errors import LinesUnaccounted, NothingGiven
from orders.models import FulfillmentLine, HandOffLine

Outcome = HandOffLine.Outcome


@dataclass(frozen=True, kw_only=True)
class LineOutcome:
    """The units of one line that the customer does not get now, and why; all others are given.

    ``refused``: not wanted; ``damaged``: seen to be broken; ``age_refused``: no proof of age;
    ``later``: collected another time. ``reason`` is in words.
    """

    refused: int = 0
    damaged: int = 0
    age_refused: int = 0
    later: int = 0
    reason: str = ""

    def kept(self) -> Iterator[tuple[str, int]]:
        """Each outcome but «given», with its units."""
        for outcome in (Outcome.REFUSED, Outcome.DAMAGED, Outcome.AGE_REFUSED, Outcome.LATER):
            yield outcome, getattr(self, outcome)


class Told(TypedDict, total=False):
    """What whoever hands over says of it: nothing left out means everything was given.

    ``bags`` is how many were counted out, ``bags_reason`` why these are not as many as were
    packed; ``lines`` maps a line's key to what the customer does not get of it; ``age_checked``
    says that somebody looked at a proof of age.
    """

    bags: int | None
    bags_reason: str
    lines: Mapping[int, LineOutcome]
    age_checked: bool


class Share(NamedTuple):
    """One line: the units that are given, and those that are not."""

    line: FulfillmentLine
    given: int
    outcome: LineOutcome

    @property
    def units(self) -> dict[str, int]:
        """Outcome → units, those that are any."""
        every = {Outcome.GIVEN: self.given, **dict(self.outcome.kept())}
        return {str(name): count for name, count in every.items() if count}


_ALL_GIVEN = LineOutcome()


def shares_of(
    lines: Collection[FulfillmentLine], outcomes: Mapping[int, LineOutcome]
) -> list[Share]:
    """Every picked unit with what becomes of it; ``lines`` with their items and order lines.

    Raises LinesUnaccounted for lines that are foreign, have fewer units, or know no minimum age
    that could be refused for; NothingGiven when all of it would be collected later.
    """
    foreign = set(outcomes) - {line.pk for line in lines}
    shares = [_share(line, outcomes.get(line.pk, _ALL_GIVEN)) for line in lines]
    wrong = [share.line.order_line.number for share in shares if not _adds_up(share)]
    if foreign or wrong:
        raise LinesUnaccounted(lines=sorted(wrong))
    if not any(share.line.picked > share.outcome.later for share in shares):
        raise NothingGiven
    return shares


def kept_units(shares: Collection[Share], outcome: str) -> dict[int, int]:
    """The units with this outcome, by the line's key."""
    return {
        share.line.pk: share.units[outcome] for share in shares if share.units.get(outcome, 0) > 0
    }


def _share(line: FulfillmentLine, outcome: LineOutcome) -> Share:
    return Share(line, line.picked - sum(units for _, units in outcome.kept()), outcome)


def _adds_up(share: Share) -> bool:
    ageless = share.outcome.age_refused and not share.line.item.minimum_age
    counted = all(units >= 0 for _, units in share.outcome.kept())
    return counted and share.given >= 0 and not ageless
