"""Scanned codes: check digits, lengths, labels from the scales."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.picking.codes import check_digit, is_gtin, read_code, refuse_misread
from orders.picking.errors import BadCheckDigit, UnreadableCode

bodies = st.sampled_from([7, 11, 12, 13]).flatmap(
    lambda length: st.text("0123456789", min_size=length, max_size=length)
)


@pytest.mark.parametrize(
    "code", ["96385074", "036000291452", "4006381333931", "14006381333938", "00012345600012"]
)
def test_known_gtins_are_gtins(code):
    assert is_gtin(code)


@given(bodies)
def test_the_check_digit_makes_a_gtin_and_no_other_digit_does(body):
    right = check_digit(body)
    assert [digit for digit in range(10) if is_gtin(f"{body}{digit}")] == [right]


@given(bodies, st.data())
def test_one_wrong_digit_is_always_noticed(body, data):
    code = f"{body}{check_digit(body)}"
    place = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from([one for one in "0123456789" if one != code[place]]))
    misread = code[:place] + other + code[place + 1 :]
    assert not is_gtin(misread)
    with pytest.raises(BadCheckDigit):
        refuse_misread(misread)


@given(bodies)
def test_every_form_of_a_gtin_is_the_same_gtin(body):
    code = f"{body}{check_digit(body)}"
    scanned = read_code(f"  {code} ")
    assert code in scanned.gtins
    assert {form.zfill(14) for form in scanned.gtins} == {code.zfill(14)}
    assert all(read_code(form).gtin == scanned.gtin for form in scanned.gtins)


@given(st.integers(0, 999_999), st.integers(0, 99_999))
def test_a_label_from_the_scales_says_what_and_how_heavy(plu, grams):
    body = f"2{plu:06}{grams:05}"
    scanned = read_code(f"{body}{check_digit(body)}")
    assert (scanned.plu, scanned.grams) == (f"{plu:06}", grams)
    assert set(scanned.plus) == {f"{plu:06}", str(plu)} - {"0"} | ({f"{plu:06}"})


def test_a_layout_says_where_the_weight_stands():
    body = "28" + "0123" + "7" + "01250"
    scanned = read_code(f"{body}{check_digit(body)}", layout="28PPPPXWWWWWC")
    assert (scanned.plu, scanned.grams) == ("0123", 1250)


@pytest.mark.parametrize("code", ["", "   ", "x" * 61, "a\x00b", "a\nb", "a\u202eb"])
def test_what_is_no_code_is_refused(code):
    with pytest.raises(UnreadableCode):
        read_code(code)


@pytest.mark.parametrize("code", ["MUG-01", "١٢٣٤٥٦٧٨", "4006381333932", "😀"])
def test_other_codes_have_no_gtin(code):
    assert read_code(code).gtins == []
