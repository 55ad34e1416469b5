"""What texts say: hundreds of real ones in five languages, and any bytes whatever."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.inbound import lexicon
from notifications.inbound.coming import PLACE_CHARACTERS
from notifications.inbound.normal import fold
from notifications.inbound.reading import read_text
from notifications.inbound.said import Kind
from notifications.inbound.stopping import read_hint
from tests.notifications.inbound import phrases
from tests.notifications.inbound.phrases import rows, split

CARRIERS = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "ARRET"]


@pytest.mark.parametrize("text", split(phrases.STOPS))
def test_it_ends_texts(text):
    assert read_text(text).kind == Kind.STOP


@pytest.mark.parametrize("text", split(phrases.STARTS))
def test_it_brings_texts_back(text):
    assert read_text(text).kind == Kind.START


@pytest.mark.parametrize("text", split(phrases.HELPS))
def test_it_asks_for_help(text):
    assert read_text(text).kind == Kind.HELP


@pytest.mark.parametrize(
    ("topic", "text"),
    [(topic, text) for topic, line in phrases.TOPICS.items() for text in split(line)],
)
def test_it_ends_texts_about_one_topic(topic, text):
    said = read_text(text)
    assert (said.kind, said.topic) == (Kind.STOP_TOPIC, topic)


@pytest.mark.parametrize("text", split(phrases.PERHAPS_STOPS))
def test_it_may_mean_stop_and_is_asked_about(text):
    assert read_text(text).kind == Kind.PERHAPS_STOP


@pytest.mark.parametrize(("text", "spot", "place"), rows(phrases.HERES))
def test_it_says_that_somebody_is_here(text, spot, place):
    said = read_text(text)
    assert (said.kind, said.spot, said.place) == (Kind.HERE, spot, place)


@pytest.mark.parametrize(("text", "minutes"), rows(phrases.COMINGS))
def test_it_says_that_somebody_comes(text, minutes):
    said = read_text(text)
    assert (said.kind, said.minutes) == (Kind.COMING, int(minutes) if minutes else None)


@pytest.mark.parametrize(("text", "minutes"), rows(phrases.LATES))
def test_it_says_that_somebody_is_late(text, minutes):
    said = read_text(text)
    assert (said.kind, said.minutes) == (Kind.LATE, int(minutes) if minutes else None)


@pytest.mark.parametrize("text", split(phrases.WHERES))
def test_it_asks_for_the_way(text):
    assert read_text(text).kind == Kind.WHERE


@pytest.mark.parametrize("text", split(phrases.AGENTS))
def test_it_asks_for_a_person(text):
    assert read_text(text).kind == Kind.AGENT


@pytest.mark.parametrize(("text", "numbers"), rows(phrases.NUMBERS))
def test_a_bare_number_is_a_number_and_never_a_spot(text, numbers):
    said = read_text(text)
    assert (said.kind, said.numbers) == (Kind.NUMBER, tuple(map(int, numbers.split())))


@pytest.mark.parametrize(("text", "answer"), phrases.ANSWERS.items())
def test_it_answers_yes_or_no(text, answer):
    said = read_text(text)
    assert (said.kind, said.answer) == (Kind.ANSWER, answer)


@pytest.mark.parametrize("text", split(phrases.POLITES))
def test_it_is_only_polite(text):
    assert read_text(text).kind == Kind.POLITE


@pytest.mark.parametrize("text", split(phrases.TALKS))
def test_it_is_for_people(text):
    assert read_text(text).kind == Kind.TALK


@pytest.mark.parametrize("text", phrases.AUTOMATICS.strip().split("\n"))
def test_a_machine_said_it(text):
    assert read_text(text).kind == Kind.AUTOMATIC


@pytest.mark.parametrize("text", split(phrases.UNCLEARS))
def test_it_is_asked_about(text):
    assert read_text(text).kind == Kind.UNCLEAR


@pytest.mark.parametrize("text", phrases.EMPTIES)
def test_it_says_nothing(text):
    assert read_text(text).kind == Kind.EMPTY


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        *(("HERE", "en"), ("ICI", "fr"), ("JESTEM", "pl"), ("ЗДЕСЬ", "ru"), ("AQUÍ", "es")),
        *(("STOP", ""), ("СТОП", "ru"), ("arrêt", "fr"), ("wypisz", "pl"), ("baja", "es")),
        *(("en route", ""), ("jadę 10", "pl"), ("OK", ""), ("tak", "pl"), ("no", ""), ("2", "")),
        *(("gdzie", "pl"), ("adresse", "fr"), ("pomoc", "pl"), ("info", ""), ("hello there", "")),
    ],
)
def test_the_words_tell_the_language_when_no_other_has_them(text, locale):
    assert read_text(text).locale == locale


@pytest.mark.parametrize(
    ("text", "question", "spot"),
    [("2", "spot", "2"), ("A7", "spot", "A7"), ("a 7", "spot", "A7"), ("А7", "spot", "A7")],
)
def test_who_was_asked_for_his_spot_names_it_by_letter_and_number(text, question, spot):
    said = read_text(text, open_question=question)
    assert (said.kind, said.spot) == (Kind.NUMBER, spot)


def test_a_letter_with_a_number_is_no_spot_unless_it_was_asked_for():
    assert read_text("A7").kind == Kind.UNCLEAR
    assert read_text("A7", open_question="substitutes").kind == Kind.UNCLEAR


@pytest.mark.parametrize("word", ["STOP", "START", "HELP"])
def test_what_the_provider_took_for_consent_is_that_and_already_answered(word):
    said = read_text("which bus stop?", opt_out=word)
    assert (said.kind, said.managed) == (Kind[word], True)


@pytest.mark.parametrize(
    "text", ["arrive", "arrives", "arrivee", "arret", "arrete", "arrat", "arriv"]
)
def test_words_near_to_both_arriving_and_stopping_are_never_guessed(text):
    exact = {"arrive": Kind.HERE, "arrives": Kind.HERE, "arrivee": Kind.HERE}
    exact |= {"arret": Kind.STOP, "arrete": Kind.STOP}
    assert read_text(text).kind == exact.get(text, Kind.UNCLEAR)


@pytest.mark.parametrize("word", CARRIERS)
def test_what_carriers_keep_is_never_anything_else(word):
    for text in (word, word.lower(), f" {word}! ", f"{word}."):
        assert read_text(text).kind == Kind.STOP


def test_no_word_for_arriving_or_coming_is_kept_for_consent():
    kept = {*lexicon.spoken(lexicon.STOP), *lexicon.spoken(lexicon.START)}
    kept |= {*lexicon.folded(lexicon.CARRIERS_STOP), *lexicon.spoken(lexicon.HELP)}
    for words in (lexicon.HERE, lexicon.HERE_PERHAPS, lexicon.COMING, lexicon.LATE, lexicon.WHERE):
        assert not kept & {*lexicon.spoken(words)}


def test_no_word_for_arriving_is_taken_for_a_slip():
    for line in lexicon.spoken(lexicon.HERE, lexicon.HERE_PERHAPS, lexicon.COMING):
        assert read_hint(fold(line)) is None


def test_what_was_asked_changes_only_what_a_label_is():
    for text in split(phrases.TALKS) + split(phrases.STOPS):
        kinds = {read_text(text, open_question=kind).kind for kind in ("", "spot", "order")}
        assert len(kinds) == 1


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=300), st.sampled_from(["", "spot", "order", "substitutes"]))
def test_any_text_is_read(text, question):
    said = read_text(text, open_question=question)
    assert said.kind in Kind
    assert len(said.place) <= PLACE_CHARACTERS
    assert not any(unicodedata.category(character).startswith("C") for character in said.place)
    assert said.spot.isascii()


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(split(phrases.STOPS)), st.sampled_from(["", " ", "!", "\u202e", "\x00", "😀"])
)
def test_case_and_signs_around_a_stop_change_nothing(text, sign):
    for one in (f"{sign}{text}{sign}", text.upper(), text.lower()):
        assert read_text(one).kind == Kind.STOP


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(sorted({w for t in split(phrases.TALKS) for w in t.split()}))))
def test_any_words_in_any_order_are_read(words):
    assert read_text(" ".join(words)).kind in Kind


@pytest.mark.parametrize(
    "text",
    [
        *("x" * 5_000, "stop " * 1_000, "\u202e\u2066" * 2_500, "\x00" * 5_000, "e\u0301" * 2_500),
        *("here " + "9" * 5_000, "OK " + "1 " * 2_500, "\ud800", "ﷺ" * 1_600, "1" * 5_000, "١٢٣"),
    ],
)
def test_odd_and_long_texts_are_read(text):
    assert read_text(text).kind in Kind
