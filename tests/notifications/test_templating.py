"""The language of templates: names and choices, and nothing that could do anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.templating.language import (
    DEEPEST,
    LONGEST_TEMPLATE,
    WordingError,
    compiled,
)


def fill(source: str, **values: str) -> str:
    return compiled(source).fill(values)


def test_names_are_replaced_by_their_values() -> None:
    assert (
        fill("{{ brand }}: order {{ order|upper }}", brand="Leaf", order="w-1") == "Leaf: order W-1"
    )


def test_a_choice_asks_whether_a_value_is_there() -> None:
    source = "Come{% if pin and not code %} with {{ pin }}{% elif code %} by {{ code }}{% endif %}."

    assert fill(source, pin="4711", code="") == "Come with 4711."
    assert fill(source, pin="", code="12") == "Come by 12."
    assert fill(source, pin="", code="") == "Come."


def test_a_choice_compares() -> None:
    assert fill("{% if age == '18' %}adult{% else %}any{% endif %}", age="18") == "adult"


@pytest.mark.parametrize("values", [{}, {"pin": ""}, {"order": "7"}])
def test_a_name_without_value_is_an_error_and_never_a_gap(values: dict[str, str]) -> None:
    with pytest.raises(WordingError, match="lacks"):
        fill("PIN {{ pin|upper }}.", **values)


def test_a_name_nobody_gave_may_not_even_be_asked_for() -> None:
    with pytest.raises(WordingError, match="lacks nonsense"):
        fill("{% if nonsense %}x{% endif %}", pin="1")


def test_a_value_is_never_read_as_a_template() -> None:
    assert fill("{{ store }}", store="{{ pin }}{% if x %}") == "{{ pin }}{% if x %}"


def test_names_are_told_apart_by_whether_they_are_always_written() -> None:
    read = compiled("{{ order }}{% if pin %} {{ pin }} {{ link }}{% endif %}")

    assert read.wants == {"order", "pin", "link"}
    assert read.always == {"order"}


@pytest.mark.parametrize(
    "source",
    [
        *("{% for a in b %}{% endfor %}", "{{ a() }}", "{{ a.b }}", "{{ a['b'] }}", "{{ a + b }}"),
        *("{{ 'x' * 999999999 }}", "{{ 9 ** 9 }}", "{{ a ~ b }}", "{{ a|safe }}", "{{ a|tojson }}"),
        *("{% set a = 1 %}", "{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}"),
        *("{% macro m() %}{% endmacro %}", "{% block b %}{% endblock %}", "{{ [a] }}", "{{ {} }}"),
        *("{{ a if b else c }}", "{% filter upper %}a{% endfilter %}", "{{ a is defined }}"),
        *("{{ a|upper(1) }}", "{{ a|upper(x=1) }}", "{{ -a }}", "{{ (a, b) }}", "{{ a[0] }}"),
        *("{% with a = 1 %}{% endwith %}", "{% call m() %}{% endcall %}", "{% do x %}"),
        *("{{", "{% if %}", "{% if a %}", "{{ a b }}", "{{ }}", "{% endif %}", "{{ 'x }}"),
        *("{{ " + "(" * 2000 + " }}", "{{ " + "not " * 1000 + "a }}", "{{ " + "9" * 4900 + " }}"),
    ],
)
def test_whatever_could_do_something_is_refused_with_a_sentence(source: str) -> None:
    with pytest.raises(WordingError, match=r"line|many|readable"):
        compiled(source)


def test_what_is_too_long_or_too_deep_is_refused() -> None:
    nested = "{% if a %}" * (DEEPEST + 1) + "{% endif %}" * (DEEPEST + 1)
    for source in ("a" * (LONGEST_TEMPLATE + 1), nested, "{{ a }}" * 500):
        with pytest.raises(WordingError, match=r"longer|too many"):
            compiled(source)


@given(st.text(st.sampled_from("{}%# ab|.()[]'\"if endor~+-*/\n\\\x00\u202e$"), max_size=60))
def test_any_text_is_a_template_or_is_refused(source: str) -> None:
    try:
        compiled(source).fill({"a": "1", "b": "2"})
    except WordingError as refused:
        assert str(refused)  # noqa: PT017  either way is right; nothing else may be raised
