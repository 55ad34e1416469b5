"""What may not be in the words of a message."""

from __future__ import annotations

import itertools

import pytest

from notifications.inbound.replies import REPLIES
from notifications.purposes import PURPOSES
from notifications.segments import GSM7
from notifications.templating.linting import ERROR, errors_in, lint, sample_text
from notifications.templating.samples import samples
from notifications.templating.values import certain_variables, purpose_variables
from notifications.wording import LOCALES, shipped_wordings

CHEAP_LETTERS = ["en", "fr", "es"]
MOST = 3


def found(body: str, *, purpose: str = "ready", channel: str = "sms", title: str = "") -> list[str]:
    rows = lint(purpose=purpose, channel=channel, title=title, body=body, letters="smart")
    return [row.code for row in rows]


@pytest.mark.parametrize("key", list(shipped_wordings()), ids="/".join)
def test_nothing_is_wrong_with_what_the_hub_ships(key: tuple[str, str, str]) -> None:
    _, purpose, channel = key
    wording = shipped_wordings()[key]
    title, body = wording.title.source, wording.body.source

    rows = lint(purpose=purpose, channel=channel, title=title, body=body, letters="smart")

    assert not errors_in(rows)
    assert not {row.code for row in rows} & {"no_brand", "long"}


@pytest.mark.parametrize(("purpose", "locale"), list(itertools.product(sorted(REPLIES), LOCALES)))
def test_every_answer_is_worded_in_every_language_with_all_it_is_given(
    purpose: str, locale: str
) -> None:
    wording = shipped_wordings()[locale, purpose, "sms"]

    _, counted = sample_text(wording.body.source, "smart")

    assert wording.body.always == REPLIES[purpose].variables
    assert counted.segments <= MOST
    if locale in CHEAP_LETTERS:
        assert counted.encoding == GSM7


@pytest.mark.parametrize("purpose", sorted([*PURPOSES, *REPLIES]))
def test_every_name_has_a_sample_and_a_known_value(purpose: str) -> None:
    assert purpose_variables(purpose) <= samples().keys()
    assert certain_variables(purpose) <= purpose_variables(purpose)


@pytest.mark.parametrize(
    "words",
    [
        *("Text CANCEL for it.", "Reply YES to agree", "reply yes", "text us cancel", "QUIT?"),
        *("Reply with stop", "Antwort: END", "Reply «unsubscribe» now", "write 'Stop' to us"),
        *("Répondez ANNULER", "répondez stop", "Envoyez ARRÊT", "Répondez par FIN ou STOP"),
        *("Odpisz KONIEC", "Odpisz ANULUJ", "Wyślij STOP", "Odpisz stop"),
        *("Ответьте СТОП", "Ответьте ОТМЕНА", "напишите stop", "Отправьте «отписаться»"),
        *("Responda BAJA", "Responda FIN", "Responda CANCELAR", "Escriba alta o ALTO"),
        *("Reply START", "Text HELP", "Reply INFO", "Répondez AIDE"),
    ],
)
def test_nobody_is_asked_to_text_a_word_that_carriers_keep(words: str) -> None:
    assert "reserved_word" in found(f"{{{{ brand }}}}: {words}")


@pytest.mark.parametrize(
    "words",
    [
        *("It has been canceled.", "Until the end of the day.", "See you at the bus stop."),
        *("Reply OK or NO, or 1.", "Reply 1 to cancel it.", "Please start the car, we help you."),
        *("Répondez OK ou NON.", "Elle est annulée, fin du retrait.", "Odpisz OK albo NIE."),
        *("Zamówienie jest gotowe, koniec czekania.", "Ответьте ОК или НЕТ.", "Responda OK o NO."),
        *("Hay que darse de alta al fin.", "Reply HERE when you arrive.", "J'ai dû l'annuler."),
    ],
)
def test_innocent_words_are_left_alone(words: str) -> None:
    assert "reserved_word" not in found(f"{{{{ brand }}}}: {words}")


def test_answers_may_name_the_words_that_they_explain() -> None:
    assert "reserved_word" not in found("{{ brand }}: reply STOP.", purpose="reply_help")
    assert "reserved_word" in found("{{ brand }}: reply CANCEL.", purpose="reply_help")


@pytest.mark.parametrize(
    "words",
    [
        *("https://bit.ly/x", "http://evil.example", "www.shop.example", "bit.ly/abc", "shop.com"),
        *("see {{ brand }}.com/x", "javascript://x", "SHOP.PL now", "go.store.example/p/1"),
        *("tinyurl.com/{{ order }}", "магазин.рф", "https:// {{ order }}"),
    ],
)
def test_links_of_others_are_found(words: str) -> None:
    assert "foreign_link" in found(words)


@pytest.mark.parametrize("words", ["{{ link }}", "W.K. said so. Come", "p. ej. 3.5 kg", "e.g. tea"])
def test_what_is_no_link_is_left_alone(words: str) -> None:
    assert "foreign_link" not in found(words)


@pytest.mark.parametrize(
    ("code", "body", "more"),
    [
        ("unreadable", "{{ brand", {}),
        ("unreadable", "{% for a in b %}{% endfor %}", {}),
        ("unknown_name", "{{ brand }} {{ nonsense }}", {}),
        ("unknown_name", "{% if nonsense %}x{% endif %}", {}),
        ("uncertain_name", "{{ brand }} {{ pin }}", {"purpose": "order_received"}),
        ("empty", "  \n", {}),
        ("no_subject", "{{ brand }}", {"channel": "email"}),
        ("subject", "{{ brand }}", {"title": "x"}),
        ("subject", "{{ brand }}", {"channel": "email", "title": "a\nb"}),
        ("unseen", "{{ brand }}\u202e", {}),
        ("unseen", "{{ brand }}\x00", {}),
        ("too_long", "{{ brand }}" + "a" * 1000, {}),
    ],
)
def test_what_could_not_be_sent_is_an_error(code: str, body: str, more: dict[str, str]) -> None:
    values = {"purpose": "ready", "channel": "sms", "title": ""} | more
    rows = lint(**values, body=body, letters="smart")

    assert (ERROR, code) in [(row.level, row.code) for row in rows]


def test_a_name_that_may_be_empty_can_be_asked_for_first() -> None:
    asked = "{{ brand }}: {% if pin %}PIN {{ pin }}{% endif %}"

    assert found(asked, purpose="order_received") == []


def test_the_character_that_costs_is_named() -> None:
    body = "{{ brand }}: votre commande {{ order }} est prête"
    rows = lint(purpose="ready", channel="sms", title="", body=body, letters="smart")

    assert [(row.code, "ê" in row.detail) for row in rows] == [("costly", True)]
    assert lint(purpose="ready", channel="sms", title="", body=body, letters="ascii") == []


def test_a_text_that_does_not_say_who_writes_is_noticed() -> None:
    assert found("Order {{ order }} is ready.") == ["no_brand"]
