"""Staff read the workspace in their own language, down to the reason of a refusal."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import polib
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from hub.errors import Conflict, NotFound
from hub.staff.languages import chosen_by
from hub.staff.person_language import PersonLanguage
from hub.staff.refusals import refused
from hub.staff.tones import Tones
from orders.admin.words import span
from orders.models import FulfillmentOrder
from scripts.messages import LANGUAGES, catalogue_of
from tests import factories

pytestmark = pytest.mark.django_db

HOME = "/admin/"
BOARD = "admin:orders_fulfillmentorder_pick"
MAIN = [
    HOME,
    BOARD,
    "admin:orders_fulfillmentorder_ready",
    "admin:orders_fulfillmentorder_arrivals",
    "admin:orders_fulfillmentorder_exceptions",
    "admin:orders_order_changelist",
    "admin:inventory_stocklevel_changelist",
    "admin:inventory_shortfallcase_changelist",
    "admin:notifications_thread_board",
    "admin:notifications_calltask_board",
    "admin:stores_storeswitch_board",
]


@pytest.fixture
def lead(client):
    person = factories.make_person(is_superuser=True)
    client.force_login(person)
    return person


def choose(client, language, **headers):
    return client.post(reverse("choose_language"), {"language": language}, **headers)


def page_of(client, name):
    reply = client.get(name if name.startswith("/") else reverse(name))
    assert reply.status_code == 200, name
    return reply.content.decode()


def texts_of(page):
    """What a person reads, piece by piece: the scripts, styles and icons are not read."""
    page = re.sub(r"(?s)<(script|style|svg|code)\b.*?</\1>", "", page)
    page = re.sub(r"(?s)<span[^>]*material-symbols[^>]*>.*?</span>", "", page)
    pieces = re.split(r"(?s)<[^>]*>", page)
    said = [html.unescape(re.sub(r"\s+", " ", piece)).strip() for piece in pieces]
    return {piece for piece in said if piece}


def test_a_chosen_language_stays_with_the_person(client, lead):
    choose(client, "pl")
    client.logout()
    client.force_login(lead)

    page = page_of(client, BOARD)

    assert PersonLanguage.objects.get().language == "pl"
    assert '<html lang="pl"' in page
    assert "Kompletuj" in page


def test_the_next_person_in_the_same_browser_reads_their_own(client, lead):
    choose(client, "ru")
    other = factories.make_person(is_superuser=True)
    client.force_login(other)

    page = page_of(client, BOARD)

    assert '<html lang="en"' in page


def test_without_a_choice_the_browser_says_the_language(client, lead):
    reply = client.get(reverse(BOARD), headers={"accept-language": "fr"})

    assert '<html lang="fr"' in reply.content.decode()
    assert reply.headers["Content-Language"] == "fr"


def test_the_choice_is_asked_of_the_database_once_per_login(client, lead, rf):
    choose(client, "es")
    request = rf.get(HOME)
    request.user, request.session = lead, client.session
    request.session.keys()  # reads it

    with CaptureQueriesContext(connection) as asked:
        assert chosen_by(request) == "es"

    assert len(asked) == 0


@pytest.mark.parametrize("language", ["de", "", "../en"])
def test_an_unknown_language_changes_nothing(client, lead, language):
    choose(client, language)

    assert not PersonLanguage.objects.exists()


@pytest.mark.parametrize("next_page", ["https://elsewhere.example/", "//elsewhere.example", ""])
def test_choosing_leads_back_to_pages_of_the_hub_only(client, lead, next_page):
    reply = client.post(reverse("choose_language"), {"language": "pl", "next": next_page})

    assert reply.headers["Location"] == HOME


def test_strangers_choose_no_language(client):
    reply = choose(client, "pl")

    assert reply.status_code == 302
    assert "/login/" in reply.headers["Location"]


def test_the_api_speaks_english_to_everybody(client):
    reply = client.get("/v1/orders", headers={"accept-language": "pl"})

    assert reply.headers["Content-Language"] == "en"
    assert "send Authorization" in reply.json()["detail"]


class TestPolish:
    @pytest.fixture(autouse=True)
    def in_polish(self, client, lead):
        choose(client, "pl")

    def test_the_pick_board_is_polish(self, client):
        factories.make_fulfillment()

        page = page_of(client, BOARD)

        assert "1 na czas" in texts_of(page)
        assert "in time" not in page

    def test_the_list_of_stock_is_polish(self, client):
        store, item = factories.make_store(), factories.make_item()
        factories.stock(store, {item: 3})

        page = page_of(client, "admin:inventory_stocklevel_changelist")

        assert "Na stanie" in page

    def test_a_refusal_is_polish(self, client):
        part = factories.make_fulfillment()
        url = reverse("admin:orders_fulfillmentorder_step", args=[part.pk])

        reply = client.post(url, {"action": "hand_off", "token": "x" * 20}, follow=True)

        assert reply.status_code == 200
        assert FulfillmentOrder.objects.get().status == part.status
        assert '<html lang="pl"' in reply.content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_english_is_left_on_the_main_pages(client, lead, language):
    choose(client, language)
    part = factories.make_ready()
    factories.stock(part.store, {factories.make_item(): 3})
    english = english_only(language) - {"English"}  # a language names itself

    left = {
        page: texts
        for page in [*MAIN, *pages_of(part)]
        if (texts := texts_of(page_of(client, page)) & english)
    }

    assert left == {}


def pages_of(part):
    """The pages of an order, of its part, and of what belongs to them."""
    named = {
        "orders_order_change": part.order_id,
        "orders_fulfillmentorder_change": part.pk,
        "orders_glossary": None,
        "orders_bag_staging": None,
        "orders_putback_todo": None,
        "orders_zonepick_several": None,
        "orders_fulfillmentorder_ready_sheet": None,
        "orders_routingruleset_add": None,
        "inventory_safetystock_add": None,
        "inventory_stocklevel_change": part.store.stock.first().pk,
        "stores_store_change": part.store_id,
        "admin_logentry_changelist": None,
    }
    addresses = [reverse(f"admin:{name}", args=[key] if key else []) for name, key in named.items()]
    return [*addresses, reverse("admin:orders_bag_print", args=[part.pk, "list"])]


def english_only(language):
    """What the workspace says in English, as far as the language has other words for it."""
    known = polib.pofile(str(catalogue_of(language)))
    foreign = {one.msgstr.casefold() for one in known}
    return {
        one.msgid
        for one in known
        if one.msgstr and not one.msgctxt and one.msgid.casefold() not in foreign
    }


def test_a_refusal_keeps_its_values_in_another_language():
    error = NotFound("no such store: S-17")

    with translation.override("pl"):
        assert "S-17" in refused(error)


def test_an_unknown_refusal_is_told_by_what_it_is_called():
    error = Conflict("words that no catalogue knows")

    with translation.override("fr"):
        said = refused(error)
    with translation.override("en"):
        assert refused(error) == "words that no catalogue knows"

    assert said not in ("", error.detail)


def test_a_cell_keeps_its_colour_in_every_language():
    tones = Tones({"Open": "warning"})

    with translation.override("pl"):
        assert tones["Otwarte"] == "warning"
        assert "Open" not in tones
    with translation.override("en"):
        assert tones["Open"] == "warning"


@pytest.mark.parametrize(
    ("language", "said"), [("pl", "2 dni"), ("pl", "5 dni"), ("ru", "2 дня"), ("ru", "5 дней")]
)
def test_counts_are_said_as_the_language_counts(language, said):
    with translation.override(language):
        assert span(timedelta(days=int(said[0]))) == said


def test_names_of_models_and_fields_are_said_in_the_language_without_a_migration():
    field = FulfillmentOrder._meta.get_field("promised_at")

    with translation.override("pl"):
        assert str(field.verbose_name) == "obiecane na"
        assert str(FulfillmentOrder._meta.verbose_name) == "część zamówienia"
    assert "verbose_name" not in field.deconstruct()[3]
