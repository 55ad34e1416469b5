"""Going through rules and stores until one takes the order, and telling how it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, groupby, islice
from typing import Any

from orders.routing.judging import Judge, Look
from orders.routing.reach import Candidate
from orders.routing.rules import Result, Rule, Rules

MOST_TRIES = 20
MOST_SHOWN = 20
MOST_POSITIONS = 20_000  # of stock that one search looks at
FIRST_LOOK, NEXT_LOOK = 4, 100
FIRST_WAVE, NEXT_WAVE = 200, 1000

# Takes the order to the store; what stands in the way, or nothing.
Take = Callable[[Candidate, Look], str]


@dataclass
class Trace:
    """What one rule made of the candidates: what became of each, and the ranked ones in order."""

    number: int
    rule: Rule
    results: dict[int, str]
    ranked: list[Candidate] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many stores had each result; together they are all candidates."""
        return dict(Counter(str(result) for result in self.results.values()))


@dataclass(frozen=True)
class Found:
    """The store that took the order."""

    candidate: Candidate
    look: Look
    promised_at: datetime


@dataclass
class Search:
    """One search; ``traces`` has a rule after the other up to the one that chose."""

    rules: Rules
    judge: Judge
    candidates: Sequence[Candidate]
    traces: list[Trace] = field(default_factory=list)

    def run(self, take: Take) -> Found | None:
        """The first store that takes the order, by the first rule that has one."""
        for number, rule in enumerate(self.rules.rules, start=1):
            refused = self.judge.refusals(rule, self.candidates)
            unseen = {one.store_id: str(Result.UNSEEN) for one in self.candidates}
            trace = Trace(number, rule, unseen | refused)
            self.traces.append(trace)
            passing = [one for one in self.candidates if one.store_id not in refused]
            if rule.places:
                passing.sort(key=lambda one: one.code not in rule.places)
            if found := self._try(trace, passing, take):
                return found
        return None

    def _try(self, trace: Trace, passing: Sequence[Candidate], take: Take) -> Found | None:
        tries = 0
        for candidate, look in self._looks(trace, passing):
            if not look.refusal:
                tries += 1
            refusal = look.refusal or take(candidate, look)
            trace.results[candidate.store_id] = str(refusal or Result.CHOSEN)
            if not refusal and look.promised_at is not None:
                return Found(candidate, look, look.promised_at)
            if tries == MOST_TRIES:
                break
        return None

    def _looks(
        self, trace: Trace, passing: Sequence[Candidate]
    ) -> Iterator[tuple[Candidate, Look]]:
        """Close looks in the order of rank: the first few, then many at a time.

        Stores are ranked in waves, those of a ranked list and the nearest ones first: who is
        further away than the first wave is thought of when nobody in it can.
        """
        waiting, most = iter(passing), max(FIRST_LOOK, MOST_POSITIONS // len(self.judge.lines))
        wave, size = FIRST_WAVE, FIRST_LOOK
        while some := list(islice(waiting, wave)):
            ordered = self._ranked(trace, some)
            wave = NEXT_WAVE
            while (these := ordered[:size]) and most > 0:
                looks = self.judge.look(trace.rule, these)
                yield from ((candidate, looks[candidate.store_id]) for candidate in these)
                ordered, most, size = ordered[size:], most - len(these), NEXT_LOOK

    def _ranked(self, trace: Trace, some: Sequence[Candidate]) -> list[Candidate]:
        """Those of a wave that have the goods, in order; ``trace`` then knows of all of them."""
        refused = self.judge.lacking(trace.rule, some)
        trace.results |= refused
        having = [one for one in some if one.store_id not in refused]
        ordered = ranked(having, self.rules.rules[trace.number - 1 :], self.judge)
        trace.ranked += ordered
        return ordered

    def counts(self) -> dict[str, int]:
        """What became of the stores under the last rule that was asked."""
        return self.traces[-1].counts if self.traces and self.candidates else {}

    def told(self) -> dict[str, Any]:
        """The search as plain JSON: counts per rule, and the best twenty stores with reasons."""
        last = self.traces[-1]
        return {
            "rules": {"name": self.rules.name, "version": self.rules.version},
            "by_rule": [
                {"rule": trace.number, "group": trace.rule.group, "counts": trace.counts}
                for trace in self.traces
            ],
            "counts": self.counts(),
            "sorters": [str(sorter) for sorter in last.rule.sorters],
            "candidates": self._shown(last),
        }

    def _shown(self, trace: Trace) -> list[dict[str, Any]]:
        """The ranked stores, then the nearest of the others; the chosen one always."""
        places = {one.store_id: rank for rank, one in enumerate(trace.ranked, start=1)}
        others = (one for one in self.candidates if one.store_id not in places)
        shown = list(islice(chain(trace.ranked, others), MOST_SHOWN))
        chosen = [one for one in trace.ranked if trace.results[one.store_id] == Result.CHOSEN]
        if chosen and chosen[0] not in shown:
            shown[-1] = chosen[0]
        return [self._line(trace, one, places.get(one.store_id)) for one in shown]

    def _line(self, trace: Trace, one: Candidate, rank: int | None) -> dict[str, Any]:
        line: dict[str, Any] = {
            "store": one.code,
            "metres": round(one.metres),
            "result": str(trace.results[one.store_id]),
        }
        if rank is not None:
            values = [self.judge.value(sorter, one, trace.rule) for sorter in trace.rule.sorters]
            line |= {"rank": rank, "values": values}
        return line


def ranked(candidates: Sequence[Candidate], rules: Sequence[Rule], judge: Judge) -> list[Candidate]:
    """The candidates in the order of the first rule's sorters, one after the other.

    Those that it cannot tell apart are ranked by the next rule, whose filters come first; what no
    rule can tell apart is ranked by code.
    """
    if not rules or len(candidates) < 2:  # noqa: PLR2004  nothing to rank
        return sorted(candidates, key=lambda one: one.code)
    rule, *rest = rules
    judge.prepare(rule, candidates)
    refused = judge.refusals(rule, candidates).keys() | judge.lacking(rule, candidates).keys()
    keys = {
        one: (
            one.store_id in refused,
            *(judge.value(sorter, one, rule) for sorter in rule.sorters),
        )
        for one in candidates
    }
    ordered: list[Candidate] = []
    for _, equals in groupby(sorted(candidates, key=keys.__getitem__), key=keys.__getitem__):
        tied = list(equals)
        ordered += tied if len(tied) == 1 else ranked(tied, rest, judge)
    return ordered
