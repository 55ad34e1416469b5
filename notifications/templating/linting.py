"""What must not be in the words of a message, and what had better not be.

Carriers keep some words for themselves: whoever is told to text CANCEL for an order has all texts
blocked instead, and YES is a consent. Links must be ours, made fresh for each message; those of
others get texts blocked, and customers robbed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hub.customers.models import Channel
from notifications.inbound.lexicon import CARRIERS_STOP, HELP, PERHAPS_STOP, START, STOP
from notifications.inbound.normal import fold_letters
from notifications.inbound.replies import REPLIES
from notifications.segments import UCS2, Segments, count_segments, downgrade
from notifications.templating.language import Compiled, WordingError, compiled
from notifications.templating.samples import samples
from notifications.templating.values import certain_variables, purpose_variables

ERROR, WARNING = "error", "warning"
MOST_SEGMENTS = 6
MANY_SEGMENTS = 3
LONGEST_TITLE = 120
# What answers a text may name the words that end, begin and explain texts: for what they do.
_NAMED_FOR_WHAT_THEY_DO = {"stop", "start", "help", "стоп", "старт", "aide", "pomoc", "ayuda"}
_NAMED_FOR_WHAT_THEY_DO |= {"помощь"}
_ASKING = (
    r"reply|replies|replying|answer|text|texting|send|type|write|"
    r"répond\w*|repond\w*|envoy\w*|écri\w*|ecri\w*|tap(?:ez|er)|"
    r"odpowied\w*|odpisz\w*|napisz\w*|wyślij\w*|wyslij\w*|wpisz\w*|"
    r"ответ\w*|напиш\w*|отправ\w*|пришл\w*|"
    r"respond\w*|conteste\w*|contesta\w*|envíe\w*|envie\w*|envía\w*|escrib\w*"
)
_ASKED = re.compile(_ASKING, re.IGNORECASE)
_IN_ORDER_TO = {"to", "pour", "aby", "by", "żeby", "чтобы", "para"}
_QUOTED = re.compile(r"((?<!\w)[«\"'“„‘]|)([^\W_]+)")
_SENTENCES = re.compile(r"[.!?;\n]+")
_NAMES = re.compile(r"\{[{%#].*?[}%#]\}", re.DOTALL)
_LINK = re.compile(
    r"[a-z][a-z0-9+.-]*://|\bwww\.|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|info|biz|io|ly|gl|co|me|"
    r"app|link|shop|store|xyz|top|eu|uk|us|ca|de|fr|pl|ru|es|be|ch|рф)\b(?!\.\w)|\b[\w-]+\.\w+/\w",
    re.IGNORECASE,
)
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}


@dataclass(frozen=True)
class Finding:
    """One thing about the words: an ``error`` keeps them from being published."""

    level: str
    code: str
    detail: str


def lint(*, purpose: str, channel: str, title: str, body: str, letters: str) -> list[Finding]:
    """What is wrong with a template, errors first; empty when all is well.

    ``letters`` is how plainly the language's texts are spelled; see segments.downgrade.
    """
    try:
        read = [compiled(title), compiled(body)]
    except WordingError as error:
        return [Finding(ERROR, "unreadable", f"This cannot be read: {error}.")]
    found = [*_shape(channel, title, body), *_names(purpose, read), *_words(purpose, title, body)]
    if channel == Channel.SMS:
        found += [*_costs(body, letters), *_says_who(read[1])]
    return sorted(found, key=lambda one: one.level != ERROR)


def errors_in(findings: Iterable[Finding]) -> list[Finding]:
    """Those that keep the words from being published."""
    return [one for one in findings if one.level == ERROR]


def sample_text(body: str, letters: str) -> tuple[str, Segments]:
    """The text with values of usual length, as it would be sent, and what it takes.

    Raises WordingError for a template that cannot be filled.
    """
    said = downgrade(compiled(body).fill(samples()).strip(), letters)
    return said, count_segments(said)


def _shape(channel: str, title: str, body: str) -> Iterator[Finding]:
    if not body.strip():
        yield Finding(ERROR, "empty", "There are no words.")
    if channel == Channel.EMAIL and not title.strip():
        yield Finding(ERROR, "no_subject", "An e-mail needs a subject.")
    if channel == Channel.SMS and title.strip():
        yield Finding(ERROR, "subject", "A text has no subject.")
    if "\n" in title or len(title) > LONGEST_TITLE:
        yield Finding(ERROR, "subject", f"The subject is one line of {LONGEST_TITLE} at most.")
    unseen = [
        sign for sign in title + body if unicodedata.category(sign) in _UNSEEN and sign != "\n"
    ]
    if unseen:
        named = unicodedata.name(unseen[0], f"U+{ord(unseen[0]):04X}").lower()
        yield Finding(ERROR, "unseen", f"There is a character that nobody sees: {named}.")


def _names(purpose: str, read: list[Compiled]) -> Iterator[Finding]:
    wants = read[0].wants | read[1].wants
    always = read[0].always | read[1].always
    for name in sorted(wants - purpose_variables(purpose)):
        yield Finding(ERROR, "unknown_name", f"Nobody knows «{name}» in this message.")
    for name in sorted((always & purpose_variables(purpose)) - certain_variables(purpose)):
        detail = (
            f"«{name}» may have no value here: write it inside {{% if {name} %}}…{{% endif %}}."
        )
        yield Finding(ERROR, "uncertain_name", detail)


def _words(purpose: str, title: str, body: str) -> Iterator[Finding]:
    plain = _NAMES.sub("x", f"{title}\n{body}")
    if link := _LINK.search(plain):
        detail = (
            f"«{link[0]}» looks like a link: use {{{{ link }}}}, which is made for each customer."
        )
        yield Finding(ERROR, "foreign_link", detail)
    for word in sorted(_kept_words_asked_for(plain)):
        if purpose in REPLIES and word.casefold() in _NAMED_FOR_WHAT_THEY_DO:
            continue
        detail = f"Nobody may be asked to text «{word}»: phone companies keep that word."
        yield Finding(ERROR, "reserved_word", detail)


def _kept_words_asked_for(plain: str) -> set[str]:
    """Carriers' words that stand in capitals or quotes, or right after a verb that asks for them
    (``reply yes``, ``text us cancel``; but ``reply 1 to cancel`` asks for a 1)."""
    found = set()
    for sentence in _SENTENCES.split(plain):
        words = list(_QUOTED.finditer(sentence))
        asked = _after_asking([match[2] for match in words])
        for place, match in enumerate(words):
            word = match[2]
            loud = bool(match[1]) or (word.isupper() and not sentence.isupper())
            kept = fold_letters(word)
            if (loud and kept in _KEPT) or (place in asked and kept in _CARRIERS):
                found.add(word)
    return found


def _after_asking(words: list[str]) -> set[int]:
    """The places of words that somebody is asked to text."""
    places: set[int] = set()
    for place, word in enumerate(words):
        if _ASKED.fullmatch(word):
            follower = words[place + 1].casefold() if place + 1 < len(words) else ""
            places |= {place + 1} if follower in _IN_ORDER_TO else {place + 1, place + 2}
    return places


def _costs(body: str, letters: str) -> Iterator[Finding]:
    try:
        said, counted = sample_text(body, letters)
    except WordingError:
        return  # its names are found elsewhere
    if counted.segments > MOST_SEGMENTS:
        detail = f"It takes {counted.segments} texts; phones take {MOST_SEGMENTS} at most."
        yield Finding(ERROR, "too_long", detail)
    elif counted.segments > MANY_SEGMENTS:
        yield Finding(WARNING, "long", f"It takes {counted.segments} texts, each of which costs.")
    written = {sign for _, sign in counted.costly if sign in body}
    latin = not any("CYRILLIC" in unicodedata.name(sign, "") for sign in said)
    if counted.encoding == UCS2 and written and latin:
        signs = " ".join(sorted(written))
        detail = f"These characters make every text half as long: {signs}"
        yield Finding(WARNING, "costly", detail)


def _says_who(read: Compiled) -> Iterator[Finding]:
    if "brand" not in read.always:
        yield Finding(WARNING, "no_brand", "It does not say who writes: begin with {{ brand }}.")


_CARRIERS = {fold_letters(word) for word in [*CARRIERS_STOP.split("|"), *START["en"].split("|")]}
_KEPT = _CARRIERS | {
    fold_letters(word)
    for words in (STOP, START, HELP, PERHAPS_STOP)
    for said in words.values()
    for word in said.split("|")
    if " " not in word
}
