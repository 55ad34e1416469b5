"""The words: every language has all of them, and half a text never comes out."""

import itertools
import re

import pytest

from notifications.curb import CURB
from notifications.purposes import PURPOSES as ALL_PURPOSES
from notifications.wording import WordingError, one_line, render, wording_for

LOCALES = ["en", "fr", "pl", "ru", "es"]
PURPOSES = ["order_received", "ready", "handed_off", "canceled"]
QUESTIONS = [
    *("delayed", "moved", "move_offered", "substitutes_offered", "substitutes_look"),
    *("substitutes_settled", "substitutes_late", "closing_early", "closing_undone"),
    *("canceled_by_store", "short", "recalled"),
]
AT_THE_CURB = [purpose.name for purpose in CURB]
EVERYTHING = [*PURPOSES, *QUESTIONS, *AT_THE_CURB]
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
    "missing": "Oat drink 1 l; Green tea 100 g",
    "goods": "Oat drink 1 l",
    "supplied": "+ Oat drink 1 l; - Green tea 100 g",
    "until": "14:45",
    "promised": "16:30",
    "closes": "14:00",
    "deadline": "Monday 23 November, 20:00",
    "window": "Monday 23 November, 14:00 - 14:30",
    "ready_by": "today, 14:45",
    "wrong_store": "Greenleaf Wola",
    "age": "18",
    "delegate": "Marie",
    "code": "204481",
    "answer": "The missing tea is on its way to you, we are sorry.",
}
TWO_PARTS = {"wrong_store", "expired", "goods_refused", "expiring", "here_early"}
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


def test_no_message_is_without_words_here():
    assert sorted(EVERYTHING) == sorted(ALL_PURPOSES)


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


@pytest.mark.parametrize(
    ("locale", "purpose"), list(itertools.product(LOCALES, [*QUESTIONS, *AT_THE_CURB]))
)
def test_texts_that_carry_a_question_or_its_answer_fit_few_parts(locale, purpose):
    here = {"store": "Greenleaf Nord", "address": "12 Main Street, Springfield"}
    _, words = write(purpose, "sms", locale, **here)
    if locale in ("pl", "ru"):
        assert len(words.body) <= 4 * 67
    else:
        assert set(words.body) <= GSM
        assert len(words.body) <= 2 * 153


@pytest.mark.parametrize(
    ("locale", "purpose"), list(itertools.product(["en", "fr", "es"], AT_THE_CURB))
)
def test_texts_at_the_curb_are_cheap_where_the_letters_are(locale, purpose):
    """Those with a deadline, a second store or an answer, and a link, may take a second part."""
    values = {"deadline": "Mon 23 Nov, 20:00", "window": "Mon 23 Nov, 14:00 - 14:30"}
    values |= {"store": "Greenleaf Nord", "address": "12 Main Street, Springfield"}
    _, words = write(purpose, "sms", locale, **values)
    assert set(words.body) <= GSM
    assert len(words.body) <= (306 if purpose in TWO_PARTS else 160)


@pytest.mark.parametrize(
    ("purpose", "channel"),
    list(itertools.product(["reminded", "expiring", "extended", "partly_handed_off"], CHANNELS)),
)
def test_whoever_is_waited_for_reads_until_when(purpose, channel):
    for locale in LOCALES:
        assert VALUES["deadline"] in write(purpose, channel, locale)[1].body


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
