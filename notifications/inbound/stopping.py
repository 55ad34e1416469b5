"""The words that end texts, bring them back or ask for help: no order or answer comes before them.

In this order: what carriers keep, as the whole message; STOP with a topic; what people say who
want to be left alone, unless it was a machine that spoke. Whatever only looks like it is asked
about, never acted on. The words for stopping and for arriving are compared letter by letter: ARRET
is near ARRIVE.
"""

from __future__ import annotations

from collections.abc import Sequence

from notifications.inbound import lexicon
from notifications.inbound.normal import Folded
from notifications.inbound.said import Kind, Said

LONGEST_DEMAND = 25  # words; who writes more tells something, and is asked what he means
LONGEST_HINT = 4
LONG_WORD = 8  # from here on a slip or two leaves a word what it was

_STOP = lexicon.spoken(lexicon.STOP) | dict.fromkeys(lexicon.folded(lexicon.CARRIERS_STOP), "")
_START = lexicon.spoken(lexicon.START)
_HELP = lexicon.spoken(lexicon.HELP)
_LEAVE_ME = lexicon.spoken(lexicon.LEAVE_ME)
_PERHAPS = lexicon.spoken(lexicon.PERHAPS_STOP)
_TOPIC_STOPS = lexicon.folded(lexicon.TOPIC_STOPS)
_TOPICS = {topic: lexicon.spoken(words) for topic, words in lexicon.TOPICS.items()}
_POLITE = frozenset(lexicon.spoken(lexicon.POLITE))
_YES = frozenset(lexicon.spoken(lexicon.YES))
_KEPT_ON = frozenset(lexicon.folded(lexicon.KEPT_ON))
_WHY = lexicon.folded(lexicon.WHY)
_HINTS = frozenset(lexicon.folded(lexicon.HINTS))
_BEFORE = frozenset(lexicon.folded("ok|okay|hey|hi|hello|just|no|non|nie|нет|i said|and|to|me"))
_ONE_WORD_STOPS = frozenset(line for line in _STOP if " " not in line)
_SLIPS = frozenset({"stop", "стоп"})  # of these only doubled and swapped letters count
MOST_POLITE_WORDS = 5


def read_reserved(said: Folded) -> Said | None:
    """A message that is one of the words kept for consent and help, and nothing else."""
    line = " ".join(_once(_bare(said.words)))
    for kind, lines in ((Kind.STOP, _STOP), (Kind.START, _START), (Kind.HELP, _HELP)):
        if line in lines and not (kind == Kind.STOP and said.asks and line == "end"):
            return Said(kind=kind, locale=lines[line], answer=True if line in _YES else None)
    return None


def read_topic(said: Folded) -> Said | None:
    """STOP with what it is to end, such as ``STOP REMINDERS``."""
    line = " ".join(without_manners(said.words))
    for stop in _TOPIC_STOPS:
        rest = line.removeprefix(f"{stop} ")
        if rest == line:
            continue
        for topic, lines in _TOPICS.items():
            if rest in lines:
                return Said(kind=Kind.STOP_TOPIC, topic=topic, locale=lines[rest])
    return None


def read_demand(said: Folded) -> Said | None:
    """Words that ask to be left alone. Long ones, and questions why nothing comes, are asked."""
    line = f" {said.line} "
    for phrase, locale in _LEAVE_ME.items():
        before, found, _ = line.partition(f" {phrase} ")
        asks_why = any(f" {word} " in f"{before} " for word in _WHY)
        if not found or (_KEPT_ON.intersection(before.split()[-1:]) and not asks_why):
            continue
        sure = len(said.words) <= LONGEST_DEMAND and not asks_why
        return Said(kind=Kind.STOP if sure else Kind.PERHAPS_STOP, locale=locale)
    return None


def read_hint(said: Folded) -> Said | None:
    """What may be meant as STOP: its sender is told how to say so."""
    words = without_manners(said.words)
    line = " ".join(words)
    if line in _PERHAPS:
        return Said(kind=Kind.PERHAPS_STOP, locale=_PERHAPS[line])
    if said.asks or not words or len(words) > LONGEST_HINT:
        return None
    slips = len(words) == 1 and _is_slip(words[0])
    return Said(kind=Kind.PERHAPS_STOP) if words[0] in _HINTS or slips else None


def without_manners(words: Sequence[str]) -> tuple[str, ...]:
    """The words without «please» and «thank you» before and after them."""
    left = list(words)
    while cut := _polite_words(left):
        del left[:cut]
    while cut := _polite_words(left[::-1], backwards=True):
        del left[-cut:]
    return tuple(left)


def _polite_words(words: list[str], *, backwards: bool = False) -> int:
    """How many words from the beginning are one polite phrase, the longest."""
    for count in range(min(MOST_POLITE_WORDS, len(words)), 0, -1):
        some = words[:count][::-1] if backwards else words[:count]
        if " ".join(some) in _POLITE:
            return count
    return 0


def _bare(words: Sequence[str]) -> tuple[str, ...]:
    """Without manners; «ok stop» and «just stop» are «stop», too."""
    left = without_manners(words)
    while len(left) > 1 and left[0] in _BEFORE:
        left = without_manners(left[1:])
    return left


def _once(words: tuple[str, ...]) -> tuple[str, ...]:
    """«stop stop stop» is said once."""
    return words[:1] if len(set(words)) == 1 else words


def _is_slip(word: str) -> bool:
    """Whether a word may be a slip of the finger for one that ends texts."""
    if word in _STOP or word in _POLITE:
        return False
    for meant in _SLIPS:
        squeezed = "".join(one for one, last in zip(word, " " + word, strict=False) if one != last)
        if squeezed == meant or (sorted(word) == sorted(meant) and word[0] in meant[:2]):
            return True
    long = [meant for meant in _ONE_WORD_STOPS if len(meant) >= LONG_WORD]
    return len(word) >= LONG_WORD - 1 and any(_distance(word, meant) <= 2 for meant in long)  # noqa: PLR2004


def _distance(one: str, other: str) -> int:
    """How many letters must be added, left out or replaced to make one word the other."""
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one[:40], start=1):
        last, row[0] = row[0], place
        for column, wanted in enumerate(other, start=1):
            last, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, last + (letter != wanted)),
            )
    return row[-1]
