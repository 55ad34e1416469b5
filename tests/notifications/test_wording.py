"""The words: every language has all of them, and half a text never comes out."""

import itertools
import re

import pytest

from notifications.wording import WordingError, one_line, render, wording_for

LOCALES = ["en", "fr", "pl", "ru", "es"]
PURPOSES = ["order_received", "ready", "handed_off", "canceled"]
QUESTIONS = [
    *("delayed", "moved", "move_offered", "substitutes_offered", "substitutes_look"),
    *("substitutes_settled", "substitutes_late", "closing_early", "closing_undone"),
]
EVERYTHING = [*PURPOSES, *QUESTIONS]
CHANNELS = ["sms", "email"]
VALUES = {
    "brand": "Greenleaf",
    "store": "Greenleaf Mokotów",
    "address": "Puławska 17, Warszawa",
    "order": "W-100234",
    "pin": "482913",
    "link": "https://go.greenleaf.example/p/AbCdEfGhIjKlMnOpQrStUv",
    "other_store": "Greenleaf Wola",
    "offers": "1) Oat drink 1 l; 2) Green tea 100 g",
    "supplied": "+ Oat drink 1 l; - Green tea 100 g",
    "until": "14:45",
    "promised": "16:30",
    "closes": "14:00",
}
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


def write(purpose, channel, locale, **changed):
    wording = wording_for(purpose=purpose, channel=channel, locale=locale)
    return wording, render(wording, VALUES | changed)


@pytest.mark.parametrize(
    ("locale", "purpose", "channel"), list(itertools.product(LOCALES, EVERYTHING, CHANNELS))
)
def test_every_message_exists_in_every_language_and_names_the_order(locale, purpose, channel):
    wording, words = write(purpose, channel, locale)
    assert wording.locale == locale
    assert wording.name.startswith(f"{locale}/{purpose}.{channel}@")
    assert len(wording.name) <= 60
    assert bool(words.title) == (channel == "email")
    assert "W-100234" in words.body
    assert "$" not in words.title + words.body
    assert "Greenleaf" in words.body


@pytest.mark.parametrize(("locale", "channel"), list(itertools.product(LOCALES, CHANNELS)))
def test_the_ready_message_carries_store_pin_and_link(locale, channel):
    _, words = write("ready", channel, locale)
    assert all(VALUES[name] in words.body for name in ("store", "pin", "link"))


@pytest.mark.parametrize(
    ("locale", "purpose"), list(itertools.product(["en", "fr", "es"], PURPOSES))
)
def test_texts_that_need_no_other_letters_fit_one_cheap_part(locale, purpose):
    _, words = write(purpose, "sms", locale, store="Greenleaf Nord")
    assert set(words.body) <= GSM
    assert len(words.body) <= 160


@pytest.mark.parametrize(("locale", "purpose"), list(itertools.product(["pl", "ru"], PURPOSES)))
def test_texts_in_other_letters_fit_three_parts(locale, purpose):
    _, words = write(purpose, "sms", locale)
    assert len(words.body) <= 3 * 67


@pytest.mark.parametrize(("locale", "purpose"), list(itertools.product(LOCALES, QUESTIONS)))
def test_texts_that_carry_a_question_or_its_answer_fit_few_parts(locale, purpose):
    _, words = write(purpose, "sms", locale, store="Greenleaf Nord")
    if locale in ("pl", "ru"):
        assert len(words.body) <= 4 * 67
    else:
        assert set(words.body) <= GSM
        assert len(words.body) <= 2 * 153


@pytest.mark.parametrize(("locale", "purpose"), list(itertools.product(LOCALES, EVERYTHING)))
def test_no_text_asks_for_a_word_that_carriers_take_for_themselves(locale, purpose):
    _, words = write(purpose, "sms", locale)
    assert not set(re.findall(r"\w+", words.body.upper())) & {
        "CANCEL",
        "STOP",
        "YES",
        "END",
        "QUIT",
    }


@pytest.mark.parametrize(
    ("asked", "found"),
    [("fr-CA", "fr"), ("pl_PL", "pl"), ("RU", "ru"), ("de", "en"), ("", "en"), ("../fr", "en")],
)
def test_a_language_falls_back_to_its_base_then_to_english(asked, found):
    assert wording_for(purpose="ready", channel="sms", locale=asked).locale == found


def test_an_unknown_message_has_no_words():
    with pytest.raises(WordingError):
        wording_for(purpose="raffle", channel="sms", locale="en")


@pytest.mark.parametrize("value", ["", "  ", "\u202e"])
def test_an_empty_value_is_a_missing_value(value):
    wording = wording_for(purpose="ready", channel="sms", locale="en")
    with pytest.raises(WordingError, match="lacks pin"):
        render(wording, VALUES | {"pin": value})


def test_a_value_cannot_bring_placeholders_lines_or_direction_marks_of_its_own():
    _, words = write("ready", "email", "en", store="A\u202e$pin\r\nBcc: x@y.z\x00", order="7\n8")
    assert "A$pin Bcc: x@y.z" in words.body
    assert words.title == "Your order 7 8 is ready to collect"


def test_a_long_value_is_cut():
    assert len(one_line("x" * 5000)) == 200
