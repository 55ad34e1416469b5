"""Tokens cannot be guessed: every character of every place is as likely as any other."""

import math
from collections import Counter

import pytest

from hub.links.models import Link
from hub.links.services import make_link

TOKENS = 100_000
PLACES = 22
FOUR_IN_THE_LAST = 4  # 128 bits are 21 characters of six bits and one of two
CHANCE = 12  # a fair maker goes beyond once in a million runs


@pytest.fixture
def tokens(monkeypatch):
    """A hundred thousand tokens of the real maker, not kept in the database."""
    monkeypatch.setattr(Link.objects, "bulk_create", lambda rows: None)
    return [make_link(purpose="pickup", subject="fulfillment:1") for _ in range(TOKENS)]


def chi_square(counts: Counter[str], kinds: int) -> float:
    """How far the counts are from even, in standard deviations of what chance would give."""
    even = sum(counts.values()) / kinds
    distance = sum((count - even) ** 2 / even for count in counts.values())
    distance += even * (kinds - len(counts))
    return (distance - (kinds - 1)) / math.sqrt(2 * (kinds - 1))


def test_no_place_of_a_token_prefers_a_character(tokens):
    assert len(set(tokens)) == TOKENS
    assert {len(token) for token in tokens} == {PLACES}
    for place in range(PLACES):
        kinds = 64 if place < PLACES - 1 else FOUR_IN_THE_LAST
        counts = Counter(token[place] for token in tokens)
        assert len(counts) == kinds
        assert chi_square(counts, kinds) < CHANCE
