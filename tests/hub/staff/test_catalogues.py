"""The catalogues say everything that the code says, in every language, and are compiled."""

from __future__ import annotations

import re
from functools import cache

import polib
import pytest
from django.template import engines

from scripts.messages import FORMS, LANGUAGES, catalogue_of, is_translated, renewed
from scripts.words import Word, all_words, words_of_python, words_of_template

# values that a translation must carry as they are
PLACES = re.compile(r"%\(\w+\)[sdf]|%%|\{\w*\}")
words = cache(all_words)


@cache
def entries(language):
    return polib.pofile(str(catalogue_of(language)))


@pytest.mark.parametrize("language", LANGUAGES)
class TestCatalogue:
    def test_has_exactly_what_the_code_says(self, language):
        known = {
            (one.msgid, one.msgctxt or "", one.msgid_plural or "") for one in entries(language)
        }
        asked = {(word.text, word.context, word.plural) for word in words()}

        assert sorted(asked - known) == [], "run: make messages, then translate"
        assert sorted(known - asked) == [], "run: make messages"

    def test_leaves_nothing_untranslated_or_doubtful(self, language):
        assert [one.msgid for one in entries(language) if not is_translated(one)] == []
        assert [one.msgid for one in entries(language) if one.fuzzy] == []

    def test_keeps_every_value_of_a_sentence(self, language):
        lost = [one.msgid for one in entries(language) if not keeps_places(one)]

        assert lost == []

    def test_has_the_plural_forms_of_its_language(self, language):
        counted = [one for one in entries(language) if one.msgid_plural]

        assert counted
        assert {len(one.msgstr_plural) for one in counted} == {FORMS[language]}

    def test_is_written_and_compiled_as_it_would_be_now(self, language):
        path = catalogue_of(language)
        now = renewed(language, words())

        assert path.read_text() == f"{now}\n", "run: make messages"
        assert path.with_suffix(".mo").read_bytes() == now.to_binary(), "run: make messages"

    def test_brings_no_markup_of_its_own(self, language):
        tags = re.compile(r"</?\w+[^>]*>")
        odd = [
            one.msgid
            for one in entries(language)
            for said in said_by(one)
            if sorted(tags.findall(said)) != sorted(tags.findall(one.msgid))
        ]

        assert odd == []


def said_by(entry):
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def keeps_places(entry):
    """The same places as in English; a counted sentence may take those of its plural."""
    allowed = [set(PLACES.findall(text)) for text in (entry.msgid, entry.msgid_plural) if text]
    return all(set(PLACES.findall(said)) in allowed for said in said_by(entry))


def test_the_words_of_python_are_those_that_gettext_is_asked_for():
    source = 'x = _("one"); y = ngettext("{n} bag", "{n} bags", n); z = pgettext("short", "none")'

    assert set(words_of_python(source)) == {
        Word("one"),
        Word("{n} bag", "{n} bags"),
        Word("none", context="short"),
    }


def test_the_words_of_a_template_are_those_that_it_looks_up():
    source = (
        '{% load i18n %}{% translate "50 % off" %}{{ x|default:_("none") }}'
        "{% blocktranslate count n=n %}{{ n }} bag{% plural %}{{ n }} bags{% endblocktranslate %}"
    )

    assert set(words_of_template(source, engines["django"].engine)) == {
        Word("50 %% off"),
        Word("none"),
        Word("%(n)s bag", "%(n)s bags"),
    }
