"""The one grammar of inbound texts: from the words of a customer to what the hub does."""

from __future__ import annotations

from dataclasses import replace

from notifications.inbound import answers, lexicon
from notifications.inbound.coming import read_command, read_label
from notifications.inbound.normal import Folded, fold
from notifications.inbound.said import Kind, Said
from notifications.inbound.stopping import (
    read_demand,
    read_hint,
    read_reserved,
    read_topic,
    without_manners,
)

SPOT = "spot"  # the kind of question whose answer may be a letter with a number
LONGEST_UNCLEAR = 1  # one word that is nothing is asked about; more are for people

_MANAGED = {"STOP": Kind.STOP, "START": Kind.START, "HELP": Kind.HELP}
_AUTOMATIC = lexicon.folded(lexicon.AUTOMATIC)
_REACTIONS = lexicon.folded(lexicon.REACTIONS)
_QUOTES = frozenset("«»“”„\"'")


def read_text(text: str, *, open_question: str = "", opt_out: str = "") -> Said:
    """What a text says; never fails, whatever it holds.

    ``open_question`` is the kind of the question that its sender was asked last, empty for none.
    ``opt_out`` is what the provider has taken it for already (STOP, START or HELP). In this order:
    the provider's word, reserved words, STOP with a topic, machines, wishes to be left alone,
    orders (HERE, OMW, LATE, WHERE, AGENT), the answer to the open question, what may be meant as
    STOP, and talk. Machines come before wishes found within a sentence: a reaction quotes our own
    text, and an automatic answer may say not to write, and neither is its sender's wish.
    """
    said = fold(text)
    reserved = read_reserved(said)
    if kind := _MANAGED.get(opt_out.upper()):
        same = reserved if reserved and reserved.kind == kind else Said(kind=kind)
        return replace(same, managed=True)
    return (
        reserved
        or read_topic(said)
        or _read_automatic(said, text)
        or read_demand(said)
        or _read_label(said, open_question)
        or read_command(said, text)
        or _read_answer(said, text)
        or read_hint(said)
        or _read_rest(said)
    )


def _read_automatic(said: Folded, text: str) -> Said | None:
    """What a phone answers by itself, and reactions that quote our own words."""
    line = f" {said.line} "
    reacts = any(f" {lead} " in line[: len(lead) + 30] for lead in _REACTIONS)
    if reacts and len(_QUOTES.intersection(text)) > 0 and text.rstrip()[-1:] in _QUOTES:
        return Said(kind=Kind.AUTOMATIC)
    if any(f" {phrase} " in line for phrase in _AUTOMATIC):
        return Said(kind=Kind.AUTOMATIC)
    return None


def _read_label(said: Folded, question: str) -> Said | None:
    """A spot by its letter and number, for whoever was asked for it."""
    label = read_label(without_manners(said.words)) if question == SPOT else ""
    if not label:
        return None
    return Said(kind=Kind.NUMBER, spot=label, numbers=answers.read_numbers(said.words))


def _read_answer(said: Folded, text: str) -> Said | None:
    words = without_manners(said.words)
    if numbers := answers.read_numbers(words):
        return Said(kind=Kind.NUMBER, numbers=numbers, spot=read_label(words))
    answer = answers.read_answer(words)
    if answer is None and not said.words:
        answer = answers.read_thumb(text)
    if answer is None:
        return None
    return Said(kind=Kind.ANSWER, answer=answer, locale=answers.language_of_answer(words))


def _read_rest(said: Folded) -> Said:
    if not said.words:
        return Said(kind=Kind.UNCLEAR if said.asks else Kind.EMPTY)
    if not without_manners(said.words):
        return Said(kind=Kind.POLITE)
    unclear = len(said.words) <= LONGEST_UNCLEAR and not said.asks
    return Said(kind=Kind.UNCLEAR if unclear else Kind.TALK)
