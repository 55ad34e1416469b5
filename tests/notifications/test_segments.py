"""Counting texts: the boundaries of GSM 03.38 and UCS-2, and the plainer spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.segments import GSM7, UCS2, count_segments, downgrade

EURO, SMILE = "€", "\U0001f600"
WIDE = st.text(st.sampled_from("aж€😀^{}ê \n"), max_size=400)


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        (EURO * 80, 1),
        (EURO * 81, 2),
        ("a" * 152 + EURO + "a" * 152, 3),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        (SMILE * 35, 1),
        (SMILE * 36, 2),
        ("ж" * 66 + SMILE + "ж" * 66, 3),
    ],
)
def test_a_text_takes_as_many_parts_as_the_network_says(text: str, segments: int) -> None:
    assert count_segments(text).segments == segments


@pytest.mark.parametrize("sign", "^{}\\[~]|€\f")
def test_a_sign_of_the_extension_takes_two_units(sign: str) -> None:
    assert count_segments(sign).units == 2
    assert count_segments(sign).encoding == GSM7


@pytest.mark.parametrize("sign", "âçêëîïôœûÿÀÂÈÊ…«»óąćęłńśźżЯ’–\u00a0")
def test_a_sign_outside_the_alphabet_makes_all_of_it_dear_and_is_named(sign: str) -> None:
    counted = count_segments(f"ab{sign}d")

    assert counted.encoding == UCS2
    assert counted.costly == ((2, sign),)


@pytest.mark.parametrize("sign", "àéèùÇÉñÑüÜ¿¡@£$ΔΩ")
def test_a_sign_of_the_alphabet_costs_one_unit(sign: str) -> None:
    counted = count_segments(sign)

    assert (counted.encoding, counted.units, counted.costly) == (GSM7, 1, ())


def test_french_ready_falls_to_seventy() -> None:
    assert count_segments("a" * 155 + "prete").segments == 1
    assert count_segments("a" * 155 + "prête").segments == 3


@given(WIDE)
def test_no_part_is_larger_than_a_text_and_no_pair_is_split(text: str) -> None:
    counted = count_segments(text)
    single, part = (160, 153) if counted.encoding == GSM7 else (70, 67)

    if counted.segments <= 1:
        assert counted.units <= single
    else:
        assert counted.units <= counted.segments * part
        assert counted.units > single
        # each part but the last is full, or one unit short because a pair did not fit
        assert counted.units > (counted.segments - 1) * (part - 1)
    assert counted.left >= 0


def cut(text: str) -> list[str]:
    """The texts that a phone network would make of it, sign by sign."""
    gsm = count_segments(text).encoding == GSM7

    def units(words: str) -> int:
        if gsm:
            return len(words) + sum(words.count(sign) for sign in "^{}\\[~]|€\f")
        return len(words.encode("utf-16-le")) // 2

    single, part = (160, 153) if gsm else (70, 67)
    if units(text) <= single:
        return [text] if text else []
    parts = [""]
    for sign in text:
        if units(parts[-1] + sign) > part:
            parts.append("")
        parts[-1] += sign
    return parts


@given(WIDE)
def test_the_count_is_that_of_texts_cut_sign_by_sign(text: str) -> None:
    parts = cut(text)

    assert "".join(parts) == text
    assert count_segments(text).segments == len(parts)


@given(st.text(max_size=300), st.sampled_from(["keep", "smart", "ascii"]))
def test_a_plainer_spelling_never_costs_more_nor_asks(text: str, mode: str) -> None:
    plain = downgrade(text, mode)

    assert plain.count("?") <= text.count("?") + text.count("\u2026") + text.count("\u037e")
    if plain != text:
        assert count_segments(plain).encoding == GSM7
    if count_segments(text).encoding == UCS2:
        assert count_segments(plain).segments <= max(count_segments(text).segments, 1)


@pytest.mark.parametrize(
    ("mode", "text", "plain"),
    [
        ("keep", "it’s", "it’s"),
        ("smart", "“it’s” – 5\u202f€…", '"it\'s" - 5 €...'),
        ("smart", "prête", "prête"),
        ("ascii", "prête, ça, œuf, é", "prete, ca, oeuf, é"),
        ("ascii", "Zażółć gęślą jaźń", "Zazolc gesla jazn"),
        ("ascii", "Готов – да", "Готов – да"),
        ("ascii", "ready 😀", "ready 😀"),
    ],
)
def test_each_mode_goes_as_far_as_it_says(mode: str, text: str, plain: str) -> None:
    assert downgrade(text, mode) == plain


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="no such mode"):
        downgrade("a", "shout")
