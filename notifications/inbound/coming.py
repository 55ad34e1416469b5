"""The words of the way here: HERE with a spot, OMW and LATE with minutes, WHERE, AGENT."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from notifications.inbound import lexicon
from notifications.inbound.normal import Folded
from notifications.inbound.said import Kind, Said
from notifications.inbound.stopping import without_manners
from notifications.inbound.timing import Span, read_span
from orders.curbside.visits import PLACE_CHARACTERS

LONGEST_PLACE = 8  # words; a longer story is for people to read

_HERE = lexicon.spoken(lexicon.HERE)
_HERE_PERHAPS = lexicon.spoken(lexicon.HERE_PERHAPS)
_ALL_HERE = _HERE_PERHAPS | _HERE
_COMING = lexicon.spoken(lexicon.COMING)
_COMING_TIMED = frozenset(lexicon.folded(lexicon.COMING_WITH_MINUTES))
_HERE_TIMED = lexicon.spoken(lexicon.HERE_WITH_MINUTES)
_LATE = lexicon.spoken(lexicon.LATE)
_WHERE = lexicon.spoken(lexicon.WHERE)
_AGENT = lexicon.spoken(lexicon.AGENT)
_I_AM = frozenset(lexicon.spoken(lexicon.I_AM))
_PLACES = frozenset(word for line in lexicon.spoken(lexicon.PLACES) for word in line.split())
_SPOTS = lexicon.spoken(lexicon.SPOTS)
_NUMBER_WORDS = lexicon.folded(lexicon.NUMBER_WORDS + "|no")
_AT = lexicon.folded("at|in|on|à la|à|na|w|на|в|en la|en")
_NEGATIONS = frozenset(lexicon.folded(lexicon.NEGATIONS))
_WHAT_FOR = frozenset(lexicon.folded(lexicon.WHAT_FOR))
_NO_ARRIVAL = frozenset(lexicon.folded(lexicon.NO_ARRIVAL))
_WANT = frozenset(
    lexicon.folded(
        "i|want|need|to|a|an|the|je|veux|voudrais|un|une|chcę|poproszę|potrzebuję|хочу|нужен|нужна|"
        "quiero|necesito|por favor|can you|could you|can i|get"
    )
)
_LABEL = re.compile(r"([a-z]?) ?([0-9]{1,3})\Z")
_CLOCK = re.compile(r"[0-9]{1,2}(am|pm|h[0-9]*)\Z|am\Z|pm\Z|oclock\Z")
_WORD_AS_WRITTEN = re.compile("[^\\W_]+(?:['’‘`´ʼ][^\\W_]+)*")
_LOOK_ALIKE = str.maketrans("авекмнорстх", "abekmhopctx")  # Cyrillic, as on a Latin sign
_MOST_WORDS = 5


def read_command(said: Folded, text: str) -> Said | None:
    """A message about coming or being here, or one that asks for the way or for a person."""
    words = without_manners(said.words)
    if not said.asks:
        found = (
            _timed(words, Kind.LATE, _LATE)
            or _timed(words, Kind.COMING, _HERE_TIMED, marked=True)
            or _timed(words, Kind.COMING, _COMING)
            or _read_here(words, text)
            or _read_spot(words)
        )
        if found:
            return found
    for some in (words, said.words):
        if found := _whole(some, Kind.WHERE, _WHERE) or _whole(some, Kind.AGENT, _AGENT):
            return found
    return None


def read_label(words: Sequence[str]) -> str:
    """The label of a spot such as ``7`` or ``A7`` that the words are, else empty."""
    line = " ".join(words)
    for leads in (("",), _AT, _SPOTS, _NUMBER_WORDS):
        for lead in leads:
            line = line.removeprefix(f"{lead} ")
        if found := _LABEL.match(line.translate(_LOOK_ALIKE)):
            return f"{found[1]}{found[2]}".upper()
    return ""


def _timed(
    words: tuple[str, ...], kind: Kind, lines: Mapping[str, str], *, marked: bool = False
) -> Said | None:
    """One of the phrases, with nothing beside it but minutes; ``marked``: with these for sure."""
    line = f" {' '.join(words)} "
    for phrase, locale in lines.items():
        before, found, after = line.partition(f" {phrase} ")
        span = read_span([*_after_i_am(before.split()), *after.split()]) if found else None
        if span and _counts(span, phrase, marked=marked):
            return Said(kind=kind, locale=locale, minutes=span.minutes)
    return None


def _counts(span: Span, phrase: str, *, marked: bool) -> bool:
    if marked:
        return span.marked and span.minutes is not None
    return span.minutes is not None or phrase not in _COMING_TIMED


def _read_here(words: tuple[str, ...], text: str) -> Said | None:
    for start, count in _beginnings(words):
        line = " ".join(words[start : start + count])
        if line not in _ALL_HERE:
            continue
        rest = words[start + count :]
        label = read_label(rest)
        if rest and not label and not _may_be_place(rest, sure=line in _HERE):
            continue
        place = "" if label or _tells_what_for(rest) else _as_written(text, rest)
        return Said(kind=Kind.HERE, locale=_ALL_HERE[line], spot=label, place=place)
    return None


def _beginnings(words: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where a word for being here may stand: after what he says of himself, or at first."""
    starts, at = [0], 0
    while at < len(words):
        step = next((n for n in (3, 2, 1) if " ".join(words[at : at + n]) in _I_AM), 0)
        if not step:
            break
        at += step
        starts.append(at)
    return [(start, count) for start in starts[::-1] for count in range(_MOST_WORDS, 0, -1)]


def _after_i_am(words: list[str]) -> list[str]:
    at = _beginnings(tuple(words))[0][0]
    return words[at:]


def _may_be_place(rest: tuple[str, ...], *, sure: bool) -> bool:
    if len(rest) > LONGEST_PLACE or any(_CLOCK.match(word) for word in rest):
        return False
    if rest[0] in _NO_ARRIVAL or _NEGATIONS.intersection(rest):
        return False
    return sure or rest[0] in _PLACES


def _tells_what_for(rest: tuple[str, ...]) -> bool:
    return bool(rest) and rest[0] in _WHAT_FOR


def _read_spot(words: tuple[str, ...]) -> Said | None:
    """``spot 7`` says that he stands there; a bare number never does."""
    line = " ".join(words)
    for lead, locale in _SPOTS.items():
        rest = line.removeprefix(f"{lead} ")
        label = read_label(rest.split()) if rest != line else ""
        if label:
            return Said(kind=Kind.HERE, locale=locale, spot=label)
    return None


def _whole(words: tuple[str, ...], kind: Kind, lines: Mapping[str, str]) -> Said | None:
    left = list(words)
    while left:
        line = " ".join(left)
        if line in lines:
            return Said(kind=kind, locale=lines[line])
        step = next((n for n in (3, 2, 1) if " ".join(left[:n]) in _WANT | _I_AM), 0)
        if not step:
            return None
        del left[:step]
    return None


def _as_written(text: str, rest: tuple[str, ...]) -> str:
    """The last words of the text as the customer wrote them, made safe to show, cut short."""
    if not rest:
        return ""
    visible = "".join(map(_plain, unicodedata.normalize("NFKC", text)))
    found = list(_WORD_AS_WRITTEN.finditer(visible))
    if len(found) < len(rest):
        return " ".join(rest)[:PLACE_CHARACTERS]
    written = visible[found[-len(rest)].start() :]
    return " ".join(written.split())[:PLACE_CHARACTERS].strip(" .,;:!#")


def _plain(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character).startswith("C") else character
