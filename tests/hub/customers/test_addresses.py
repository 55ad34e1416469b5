"""Names, phones and e-mail addresses take one canonical form or are refused by code."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.customers.addresses import clean_email, clean_name, clean_phone, takes_texts
from hub.customers.errors import InvalidEmail, InvalidName, InvalidPhone


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("+48 500 123 456", "+48500123456"),
        ("+44 (0)20 7946 0123", "+442079460123"),
        ("+33 6 39 98 12 34", "+33639981234"),
        ("  ", ""),
    ],
)
def test_a_phone_is_kept_in_international_form(text, kept):
    assert clean_phone(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "0500123456",
        "+1",
        "+48500",
        "ring me",
        "+48500123456 ext. 5",
        "+" + "1" * 60,
        "\x00",
        "\ud800",
    ],
)
def test_what_is_no_international_number_is_refused(text):
    with pytest.raises(InvalidPhone):
        clean_phone(text)


@pytest.mark.parametrize("text", ["a@b", "a b@c.de", "@c.de", "a@c.de\x00", "a" * 250 + "@c.de"])
def test_what_is_no_email_address_is_refused(text):
    with pytest.raises(InvalidEmail):
        clean_email(text)


def test_an_email_address_is_kept_in_lower_case():
    assert clean_email(" Ann@Example.COM ") == "ann@example.com"


def test_a_name_loses_line_breaks_and_direction_marks():
    assert clean_name(" Ann\u202e\r\n \x00Łoś\u2066 ") == "Ann Łoś"


@pytest.mark.parametrize("text", ["x" * 201, "\ud800"])
def test_a_name_that_cannot_be_kept_is_refused(text):
    with pytest.raises(InvalidName):
        clean_name(text)


@given(st.text(max_size=260))
def test_whatever_is_typed_gives_a_clean_value_or_a_coded_refusal(text):
    for clean in (clean_name, clean_phone, clean_email):
        with suppress(InvalidName, InvalidPhone, InvalidEmail):
            kept = clean(text)
            kept.encode()
            assert clean(kept) == kept


@pytest.mark.parametrize(
    ("phone", "answer"),
    [
        ("+48500123456", True),
        ("+447700900123", True),
        ("+12025550123", True),
        ("+442079460123", False),
        ("", False),
    ],
)
def test_a_landline_takes_no_texts(phone, answer):
    assert takes_texts(phone) is answer
