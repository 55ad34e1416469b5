"""Free text from people."""

import pytest

from orders.text import TextTooLong, clean


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  by \t the\r\ndoor ", "by the door"),
        ("a\x00b", "a b"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\ud800half", "half"),
        ("Cafe\u0301", "Café"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("<b>&amp;", "<b>&amp;"),
        ("", ""),
    ],
)
def test_what_is_kept_of_a_text(given, kept):
    assert clean(given, limit=20, what="it") == kept


def test_a_long_text_is_refused_and_the_limit_told():
    with pytest.raises(TextTooLong) as refusal:
        clean("x" * 21, limit=20, what="the place")
    assert refusal.value.extra == {"limit": 20}
    assert "the place" in refusal.value.detail


def test_a_huge_text_costs_no_more_than_its_limit():
    with pytest.raises(TextTooLong):
        clean("x" * 10_000_000, limit=20, what="it")
