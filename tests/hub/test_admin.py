"""The workspace's frame: who sees which page, log-in, keys, replay, navigation."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub import clock
from hub.api.models import ApiKey
from hub.events.leases import State
from hub.events.models import Delivery, Fact
from hub.staff.login import TRIES_PER_ACCOUNT
from hub.stores.models import PosConnection, StaffScope
from hub.webhooks.models import WebhookEndpoint
from orders.models import Spot
from tests.factories import make_channel, make_item, make_person, make_ready, make_store, stock

pytestmark = pytest.mark.django_db

PAGES = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def chief(client):
    person = User.objects.create_superuser("chief", password="right-and-long")
    client.force_login(person)
    return person


@pytest.fixture
def lead(client):
    """Every permission there is, but one store only."""
    person = make_person()
    person.user_permissions.set(Permission.objects.all())
    StaffScope.objects.create(user=person, store=make_store())
    client.force_login(person)
    return person


def page(model, view="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model._meta.label)
def test_every_list_opens_sorts_and_searches(client, chief, model):
    make_ready()
    assert client.get(page(model), follow=True).status_code == 200
    assert client.get(page(model), {"q": "a\0b 5"}, follow=True).status_code == 200


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model._meta.label)
def test_every_row_and_every_empty_form_opens(client, chief, model):
    make_ready()
    row = model._default_manager.order_by("pk").first()
    if row is not None:
        assert client.get(page(model, "change", row.pk)).status_code == 200
    assert client.get(page(model, "add")).status_code in {200, 403}
    assert client.get(page(model, "change", 10**15)).status_code == 404


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model._meta.label)
def test_a_suggested_key_that_cannot_be_one_is_left_out(client, chief, model):
    keys = [field.name for field in model._meta.fields if field.is_relation]
    for odd in ("ABC", "²", "9" * 40, "-1"):
        reply = client.get(page(model, "add"), dict.fromkeys(keys, odd))
        assert reply.status_code in {200, 403}


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model._meta.label)
def test_a_person_of_one_store_sees_no_row_of_another(client, lead, model):
    foreign = make_ready(
        customer={"name": "Zofia Obca", "phone": "+48500777666", "email": "obca@example.com"}
    )
    listed = client.get(page(model))
    assert listed.status_code in {200, 403, 404}
    if listed.status_code == 200:
        for secret in ("Zofia", foreign.public_id, foreign.order.external_id, foreign.store.name):
            assert secret not in listed.content.decode()


def test_every_list_takes_the_same_queries_however_long_it_is(client, chief):
    def queries_of(model):
        with CaptureQueriesContext(connection) as queries:
            client.get(page(model))
        return len(queries)

    store = make_store()
    item = make_item()
    stock(store, {item: 100})
    make_ready(store=store, lines={item: 1})
    queries_of(PAGES[0])  # which also looks up the person's language, once per log-in
    before = {model._meta.label: queries_of(model) for model in PAGES}
    for _ in range(4):
        make_ready()
    after = {model._meta.label: queries_of(model) for model in PAGES}
    assert after == before


def test_only_ones_own_stores_are_offered_and_taken(client, lead):
    foreign = make_store()
    mine = lead.store_scopes.get().store
    asked = {"app_label": "orders", "model_name": "spot", "field_name": "store", "term": ""}
    offered = client.get(reverse("admin:autocomplete"), asked).json()["results"]
    assert [int(choice["id"]) for choice in offered] == [mine.pk]
    client.post(page(Spot, "add"), {"store": foreign.pk, "label": "9"})
    assert not Spot.objects.exists()
    client.post(page(Spot, "add"), {"store": mine.pk, "label": "9"})
    assert Spot.objects.get().store == mine


def test_nothing_sold_can_be_deleted_even_by_an_administrator(client, chief):
    part = make_ready()
    for row in (part, part.order, part.store, part.lines.get().item, part.order.channel):
        assert client.post(page(type(row), "delete", row.pk), {"post": "yes"}).status_code in {
            403,
            404,
        }
        row.refresh_from_db()


def test_the_menu_offers_only_pages_that_open(client, lead):
    html = client.get(reverse("admin:index")).content.decode()
    menu = html[html.index('id="nav-sidebar-apps"') : html.index("</ol>", html.rindex("<ol"))]
    links = set(re.findall(r'href="(/admin/[^"]+)"', menu))
    assert reverse("admin:orders_fulfillmentorder_pick") in links
    assert page(ApiKey) not in links
    for link in links:
        assert client.get(link).status_code == 200, link


def test_the_menu_of_an_administrator_has_every_job(client, chief):
    html = client.get(reverse("admin:index")).content.decode()
    for job in ("Today", "Pick", "Ready", "Arrivals", "Exceptions", "Stock", "Customers"):
        assert f"<span>{job}</span>" in html or job in html
    for model in (ApiKey, WebhookEndpoint, Delivery, PosConnection):
        assert page(model) in html


def test_every_page_forbids_inline_scripts_and_has_none(client, chief):
    part = make_ready()
    pages = [reverse("admin:index"), page(type(part), "change", part.pk), page(ApiKey, "add")]
    for address in pages:
        reply = client.get(address)
        assert "script-src 'self'" in reply["Content-Security-Policy"]
        inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", reply.content.decode())
        assert not inline, f"{address}: {inline}"


def test_a_new_key_is_shown_once_and_only_its_hash_is_kept(client, chief):
    form = {
        "name": "web shop",
        "channel": make_channel().pk,
        "scopes": ["orders:read", "orders:write"],
        "is_test": "on",
    }
    reply = client.post(page(ApiKey, "add"), form)
    secret = re.findall(r"cbk_test_[\w-]{43}", reply.content.decode())[0]
    key = ApiKey.objects.get()
    assert "no-store" in reply["Cache-Control"]
    assert key.scopes == ["orders:read", "orders:write"]
    assert secret not in client.get(page(ApiKey, "change", key.pk)).content.decode()
    assert key.hint == secret[-4:]


def test_revoking_needs_the_action_and_ends_the_key(client, chief):
    client.post(
        page(ApiKey, "add"),
        {"name": "old", "channel": make_channel().pk, "scopes": ["orders:read"]},
    )
    key = ApiKey.objects.get()
    client.post(page(ApiKey), {"action": "revoke_selected", "_selected_action": [key.pk]})
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_a_pos_connection_is_made_with_a_secret_shown_once(client, chief):
    store = make_store()
    form = {"store": store.pk, "connector": "webhook", "base_url": "https://pos.example.com/hub"}
    reply = client.post(page(PosConnection, "add"), form)
    connection = PosConnection.objects.get(store=store)
    assert connection.secret in reply.content.decode()
    again = client.get(page(PosConnection, "change", connection.pk)).content.decode()
    assert connection.secret not in again


def test_a_webhook_to_a_private_address_is_refused_in_the_form(client, chief, settings):
    settings.PRIVATE_NETWORKS = []
    form = {"channel": make_channel().pk, "url": "http://169.254.169.254/latest/"}
    reply = client.post(page(WebhookEndpoint, "add"), form)
    assert reply.status_code == 200
    assert not WebhookEndpoint.objects.exists()


def parked_delivery():
    fact = Fact.objects.create(name="order.placed", data={"order_id": 1}, occurred_at=clock.now())
    error = "Traceback (most recent call last):\n  …\nValueError: the till said no"
    return Delivery.objects.create(
        fact=fact, handler="h", state=State.PARKED, attempts=8, last_error=error
    )


def test_a_parked_delivery_shows_its_traceback_and_is_replayed(client, chief):
    row = parked_delivery()
    assert b"the till said no" in client.get(page(Delivery, "change", row.pk)).content
    action = {"action": "replay_selected", "_selected_action": [row.pk]}
    client.post(page(Delivery), action)
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.PENDING, 0)


def test_the_first_page_counts_parked_work(client, chief):
    parked_delivery()
    figures = client.get(reverse("admin:index")).context["machinery"]
    assert ("Parked deliveries", "1", "danger") in [
        (figure.title, figure.value, figure.tone) for figure in figures
    ]


def test_wrong_tries_to_log_in_are_counted_exactly_and_right_ones_cost_nothing(client):
    User.objects.create_superuser("chief", password="right-and-long")
    login, right = reverse("admin:login"), {"username": "chief", "password": "right-and-long"}
    for _ in range(TRIES_PER_ACCOUNT):
        reply = client.post(login, right | {"password": "wrong"})
        assert "Too many tries" not in reply.content.decode()
    assert "Too many tries" in client.post(login, right).content.decode()
    for _ in range(TRIES_PER_ACCOUNT + 1):
        assert client.post(login, right, REMOTE_ADDR="10.1.2.3").status_code == 302
