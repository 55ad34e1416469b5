"""What staff answer most often, worded once in each language; they see what it says in English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from notifications.inbound.lexicon import LANGUAGES

PLAIN = "en"

CANNED: Mapping[str, Mapping[str, str]] = {
    "checking": {
        "en": "Thank you, we are looking into it and write again soon.",
        "fr": "Merci, nous vérifions et revenons vers vous très vite.",
        "pl": "Dziękujemy, sprawdzamy i zaraz odpiszemy.",
        "ru": "Спасибо, мы проверяем и скоро ответим.",
        "es": "Gracias, lo estamos mirando y le escribimos enseguida.",
    },
    "coming_out": {
        "en": "We are coming out to you now.",
        "fr": "Nous arrivons vers vous.",
        "pl": "Już do Państwa wychodzimy.",
        "ru": "Мы уже выходим к вам.",
        "es": "Ya salimos a su encuentro.",
    },
    "few_minutes": {
        "en": "It takes a few more minutes. Thank you for waiting.",
        "fr": "Encore quelques minutes. Merci de votre patience.",
        "pl": "Potrzebujemy jeszcze kilku minut. Dziękujemy za cierpliwość.",
        "ru": "Нужно ещё несколько минут. Спасибо за ожидание.",
        "es": "Faltan unos minutos. Gracias por esperar.",
    },
    "come_inside": {
        "en": "Please come inside to the counter.",
        "fr": "Veuillez entrer et venir au comptoir.",
        "pl": "Prosimy wejść do środka, do lady.",
        "ru": "Пожалуйста, зайдите внутрь, к стойке.",
        "es": "Por favor, pase al mostrador.",
    },
    "that_is_fine": {
        "en": "Yes, that is fine.",
        "fr": "Oui, c'est possible.",
        "pl": "Tak, to możliwe.",
        "ru": "Да, это можно.",
        "es": "Sí, no hay problema.",
    },
    "not_possible": {
        "en": "We are sorry, that is not possible.",
        "fr": "Désolé, ce n'est pas possible.",
        "pl": "Przykro nam, to niemożliwe.",
        "ru": "К сожалению, это невозможно.",
        "es": "Lo sentimos, no es posible.",
    },
    "somebody_else": {
        "en": "Somebody else may collect it: he needs the PIN from our text.",
        "fr": "Une autre personne peut venir: il lui faut le code PIN de notre SMS.",
        "pl": "Może odebrać inna osoba: potrzebny jest PIN z naszej wiadomości.",
        "ru": "Забрать может другой человек: нужен PIN из нашего сообщения.",
        "es": "Puede recogerlo otra persona: necesita el PIN de nuestro SMS.",
    },
    "call_us": {
        "en": "Please call us, that is quicker.",
        "fr": "Merci de nous appeler, ce sera plus rapide.",
        "pl": "Prosimy o telefon, tak będzie szybciej.",
        "ru": "Позвоните нам, пожалуйста, так будет быстрее.",
        "es": "Llámenos, por favor, será más rápido.",
    },
}


@dataclass(frozen=True)
class Canned:
    """One such answer: the words that leave, and what they say (empty when that is the same)."""

    name: str
    words: str
    meaning: str


def canned_in(locale: str) -> list[Canned]:
    """All of them in the customer's language, else in English."""
    language = locale.replace("_", "-").split("-")[0].lower()
    language = language if language in LANGUAGES else PLAIN
    return [
        Canned(name, words[language], "" if language == PLAIN else words[PLAIN])
        for name, words in CANNED.items()
    ]
