"""The words of the page, complete and alike in every language."""

import re
import string

import pytest
from django.conf import settings
from django.utils import translation

from orders.curbside.pages.forms import CAR_FIELDS
from orders.curbside.pages.money import money
from orders.curbside.pages.words import NAMES, WORDS, language_of
from orders.curbside.pages.words.marks import ALLERGENS, DIETS


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", list(WORDS))
def test_every_language_has_every_word_with_the_same_places(language):
    words = WORDS[language]
    assert words.keys() == WORDS["en"].keys()
    for key, text in words.items():
        assert text.strip(), key
        if key != "date":
            assert places(text) == places(WORDS["en"][key]), key


@pytest.mark.parametrize("language", [code for code in WORDS if code != "en"])
def test_no_sentence_was_left_in_english(language):
    same = [
        key for key, text in WORDS[language].items() if text == WORDS["en"][key] and " " in text
    ]
    assert set(same) <= {"date", "day", "minutes", "span_days", "span_hours"}


def test_every_language_names_every_mark_of_goods():
    for marks in (ALLERGENS, DIETS):
        assert marks.keys() == WORDS.keys()
        assert all(names.keys() == marks["en"].keys() for names in marks.values())
    assert len(ALLERGENS["en"]) == 14


def test_the_page_speaks_the_languages_of_the_project():
    assert set(WORDS) == set(NAMES) == {code for code, _name in settings.LANGUAGES}


def test_every_word_is_used():
    root = settings.BASE_DIR / "orders"
    sources = [*root.glob("templates/curbside/*.html"), *root.glob("curbside/pages/*.py")]
    code = "\n".join(path.read_text() for path in sources)
    built = ("head_", "text_", "step_", "error_", "ask_said_", "bags_", "kind_", "out_", "tell_sms")
    built += ("tell_email", "sign_title", "sign_open")
    fields = {f"here_{name}" for name in CAR_FIELDS}
    titles = {f"{name}_title" for name in ("window", "store", "cancel", "delegate", "tell")}
    unused = [
        key
        for key in WORDS["en"]
        if not key.startswith(built)
        and key not in fields | titles
        and not re.search(rf'\bw\.{key}\b|"{key}"', code)
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        (("", "pl-PL"), "pl"),
        (("xx", "", "fr-FR,fr;q=0.9"), "fr"),
        (("RU",), "ru"),
        (("", ""), "en"),
    ],
)
def test_the_first_language_that_the_page_speaks_is_taken(wishes, language):
    assert language_of(*wishes) == language


@pytest.mark.parametrize(
    ("language", "minor", "currency", "said"),
    [
        ("en", 123456, "GBP", "1,234.56 GBP"),
        ("fr", 123456, "EUR", "1 234,56 EUR"),
        ("pl", 5, "PLN", "0,05 PLN"),
        ("en", 500, "JPY", "500 JPY"),
        ("en", 1234, "KWD", "1.234 KWD"),
    ],
)
def test_money_is_written_as_people_write_it(language, minor, currency, said):
    with translation.override(language):
        assert re.sub(r"\s", " ", money(minor, currency)) == said
