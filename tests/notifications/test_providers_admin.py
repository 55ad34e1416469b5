"""The pages of providers: who may see them, what they refuse, and what is shown once."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from hub.connectors.registry import sms_connector
from hub.crypto import lookup_hash
from hub.customers.consent import stop
from hub.events.models import Breaker
from hub.providers.models import Provider, Spending
from hub.providers.services import account_named, providers_of
from hub.providers.spending import charge
from hub.stores.models import StaffScope
from tests.factories import make_provider, make_store

pytestmark = pytest.mark.django_db

NEW = {
    "name": "main",
    "channel": "sms",
    "connector": "twilio",
    "rank": "1",
    "active": "on",
    "account": "AC1",
    "token": "token-1",
    "sender": "+15550001",
    "options": "{}",
    "per_second": "20",
    "burst": "40",
    "price": "0.0525",
    "currency": "eur",
    "daily_cap": "50",
}


@pytest.fixture
def chief():
    client = Client()
    client.force_login(User.objects.create_superuser("chief"))
    return client


@pytest.fixture
def handset():
    return make_provider(connector="memory", base_url="", callback_secret="")


def url(name, *args):
    return reverse(f"admin:providers_provider_{name}", args=args)


def add(client, **changes):
    return client.post(url("add"), NEW | changes)


def errors_of(reply):
    return dict(reply.context["adminform"].form.errors)


def test_a_new_account_is_kept_and_what_to_enter_there_is_shown(chief, settings):
    settings.PUBLIC_BASE_URL = "https://hub.example"
    reply = add(chief)

    row = Provider.objects.get()
    assert (row.secret, row.price_micros, row.daily_cap_micros) == ("token-1", 52_500, 50_000_000)
    assert row.currency == "EUR"
    assert b"https://hub.example/hooks/sms/main" in reply.content
    assert b"token-1" not in reply.content
    assert "no-store" in reply["Cache-Control"]
    assert account_named("main", channel="sms").callback_secrets == ("token-1",)


@pytest.mark.parametrize("connector", ["http", "kannel"])
def test_the_secret_of_calls_is_shown_once_and_never_again(chief, connector):
    options = '{"smsc": "a"}' if connector == "kannel" else '{"format": "form"}'
    reply = add(chief, connector=connector, base_url="https://sms.example/", options=options)

    row = Provider.objects.get()
    (secret,) = account_named("main", channel="sms").callback_secrets
    shown = secret.encode() if connector == "http" else b"key="
    assert shown in reply.content
    for page in (url("state", row.pk), url("change", row.pk), url("changelist")):
        content = chief.get(page).content
        assert secret.encode() not in content
        assert b"token-1" not in content
        assert b"key=" not in content


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"connector": "nobody"}, "connector"),
        ({"connector": "mail"}, "connector"),
        ({"token": ""}, "token"),
        ({"sender": ""}, "sender"),
        ({"connector": "http"}, "base_url"),
        ({"base_url": "https://10.0.0.1/"}, "base_url"),
        ({"base_url": "ftp://sms.example/"}, "base_url"),
        ({"options": "[1]"}, "options"),
        ({"options": '{"api_key": {}}'}, "options"),
        ({"options": '{"smsc": "x"}'}, "options"),
        ({"options": "{"}, "options"),
        ({"per_second": "0"}, "per_second"),
        ({"burst": "0"}, "burst"),
        ({"price": "-1"}, "price"),
        ({"price": "NaN"}, "price"),
        ({"daily_cap": "1e99"}, "daily_cap"),
        ({"currency": "€"}, "currency"),
        ({"name": "no spaces"}, "name"),
        ({"name": "a\x00b"}, "name"),
    ],
)
def test_what_cannot_work_is_refused_in_words(chief, changes, field):
    assert field in errors_of(add(chief, **changes))
    assert not Provider.objects.exists()


def test_an_empty_secret_leaves_the_one_there_is_and_the_name_stays(chief):
    add(chief)
    row = Provider.objects.get()
    chief.post(url("change", row.pk), NEW | {"token": "", "name": "other", "rank": "3"})
    row.refresh_from_db()
    assert (row.secret, row.name, row.rank) == ("token-1", "main", 3)


def test_a_new_token_is_good_beside_the_one_before_until_somebody_ends_that(chief):
    add(chief)
    row = Provider.objects.get()
    chief.post(url("change", row.pk), NEW | {"token": "token-2"})
    during = account_named("main", channel="sms").callback_secrets
    chief.post(url("end", row.pk))
    assert during == ("token-2", "token-1")
    assert account_named("main", channel="sms").callback_secrets == ("token-2",)


def test_a_secret_is_replaced_with_two_good_at_once(chief):
    row = make_provider()
    old = row.callback_secret
    reply = chief.post(url("rotate", row.pk))
    new, before = account_named(row.name, channel="sms").callback_secrets
    assert before == old
    assert new.encode() in reply.content
    assert "no-store" in reply["Cache-Control"]


def test_the_page_shows_how_the_provider_does(chief):
    row = make_provider(price_micros=50_000, daily_cap_micros=1_000_000)
    charge(provider=row.name, messages=3, segments=4, micros=200_000)
    Breaker.objects.create(key=f"sms:{row.name}", state="open", last_error="HTTP 503")
    page = chief.get(url("state", row.pk)).content.decode()
    listed = chief.get(url("changelist")).content.decode()
    assert "HTTP 503" in page
    assert "20 % of 1.00 EUR" in page
    assert "Out of reach" in listed
    assert "20 % of the cap" in listed


def test_a_provider_that_was_out_of_reach_is_tried_again_at_once(chief):
    row = make_provider()
    Breaker.objects.create(key=f"sms:{row.name}", state="open", last_error="HTTP 503")
    chief.post(url("reset", row.pk))
    assert not Breaker.objects.filter(state="open").exists()


def test_without_an_account_the_list_says_who_carries_texts(chief, settings):
    settings.SMS_CONNECTOR = "handset"
    assert "simulated phones" in chief.get(url("changelist")).content.decode()


# --- a text to try --------------------------------------------------------------------------------


def try_text(client, row, to="+48600700800", body="Hello"):
    reply = client.post(url("text", row.pk), {"to": to, "body": body}, follow=True)
    return [str(one) for one in reply.context["messages"]]


@pytest.fixture(autouse=True)
def in_poland():
    make_store(country="PL")


def test_a_text_to_try_leaves_at_once_and_counts_as_spent(chief, handset):
    handset.price_micros = 100
    handset.save()
    said = try_text(chief, handset)
    assert said[0].startswith("They took it")
    assert Spending.objects.get(provider=handset.name).micros == 100


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("12", "not a telephone number"),
        ("+48221234567", "takes no texts"),
        ("+79161234567", "no texts to that country"),
        ("\x00", "Give a number"),
    ],
)
def test_a_number_that_gets_no_texts_gets_none(chief, handset, to, words):
    assert words in try_text(chief, handset, to=to)[0]
    assert not Spending.objects.exists()


def test_a_number_that_said_stop_gets_not_even_a_text_to_try(chief, handset):
    stop(
        address_hash=lookup_hash("phone", "+48600700800"),
        channel="sms",
        method="sms",
        reference="x",
        locale="en",
    )
    assert "said STOP" in try_text(chief, handset)[0]


def test_what_the_provider_refuses_is_told_with_its_code(chief):
    row = make_provider(base_url="https://127.0.0.1:9/", connector="http")
    assert "did not take it" in try_text(chief, row)[0]


def test_over_the_days_cap_nothing_leaves(chief, handset):
    handset.price_micros, handset.daily_cap_micros = 100, 50
    handset.save()
    assert "used up" in try_text(chief, handset)[0]


# --- who may --------------------------------------------------------------------------------------


@pytest.fixture
def worker():
    """Somebody who works in one store, with every permission there is on providers."""
    person = User.objects.create_user("ann", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(content_type__app_label="providers"))
    client = Client()
    client.force_login(person)
    return client, person


def test_who_works_for_one_store_does_not_see_providers(worker):
    client, person = worker
    row = make_provider()
    StaffScope.objects.create(user=person, store=make_store())
    assert client.get(url("changelist")).status_code in (403, 404)
    assert client.get(url("state", row.pk)).status_code == 404
    assert client.post(url("rotate", row.pk)).status_code == 404


def test_who_may_only_look_changes_nothing(worker):
    client, person = worker
    row = make_provider()
    person.user_permissions.set(
        Permission.objects.filter(codename__in=["view_provider", "see_all_stores"])
    )
    assert client.get(url("state", row.pk)).status_code == 200
    for action in ("text", "rotate", "end", "reset"):
        assert client.post(url(action, row.pk)).status_code == 404
    assert client.get(url("state", 2**63)).status_code == 404


# --- in which order they are used -----------------------------------------------------------------


def test_accounts_come_by_rank_and_those_switched_off_not_at_all():
    second, first = make_provider(rank=2), make_provider(rank=1)
    make_provider(rank=1, active=False)
    found = providers_of("sms", is_test=False)
    assert [one.name for one in found] == [first.name, second.name]


def test_texts_of_test_orders_go_by_accounts_that_reach_nobody():
    make_provider(rank=1)
    assert [one.connector for one in providers_of("sms", is_test=True)] == ["memory"]
    harmless = make_provider(rank=2, connector="handset")
    assert [one.name for one in providers_of("sms", is_test=True)] == [harmless.name]


def test_without_rows_settings_name_the_one_account(settings):
    settings.SMS_CONNECTOR = "memory"
    (one,) = providers_of("sms", is_test=False)
    assert (one.name, one.connector) == ("memory", "memory")
    assert sms_connector().name == "memory"
    assert [mail.name for mail in providers_of("email", is_test=False)] == ["email"]
