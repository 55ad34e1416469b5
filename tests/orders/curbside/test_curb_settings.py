"""The page of a store's curb settings takes only what can be true."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from hub.connectors.signing import key_of
from hub.stores.models import StaffScope
from orders.models import CurbSettings
from tests import confirming
from tests.factories import make_person, make_store

pytestmark = pytest.mark.django_db

ADD = "admin:orders_curbsettings_add"
GOOD = {
    "wait_target": "4",
    "escalate_after": "2, 4, 9",
    "near_metres": "800",
    "most_extensions": "2",
    "alert_phone": "+48 500 123 456",
    "lead_phone": "",
    "alert_url": "",
    "age_sale_from": "",
    "age_sale_until": "",
}


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def lead(client, store):
    person = make_person()
    StaffScope.objects.create(user=person, store=store)
    person.user_permissions.add(*Permission.objects.filter(codename__endswith="_curbsettings"))
    client.force_login(person)
    return person


def save(client, store, **fields):
    return confirming.save(client, reverse(ADD), GOOD | {"store": store.pk} | fields)


def test_numbers_are_kept_as_e164_and_steps_as_minutes(client, lead, store):
    save(client, store)
    curb = CurbSettings.objects.get(store=store)
    assert curb.alert_phone == "+48500123456"
    assert curb.escalate_after == [2, 4, 9]
    page = client.get(reverse("admin:orders_curbsettings_change", args=[curb.pk]))
    assert "2, 4, 9" in page.content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"alert_phone": "500123456"},
        {"alert_phone": "+48 22 123 45 67"},
        {"lead_phone": "call me"},
        {"lead_phone": "+48\x00500123456"},
        {"escalate_after": "5, 3"},
        {"escalate_after": "3, 3"},
        {"escalate_after": "0"},
        {"escalate_after": "1, 2, 3, 4"},
        {"escalate_after": "soon"},
        {"escalate_after": "999"},
        {"wait_target": "0"},
        {"wait_target": "61"},
        {"near_metres": "1"},
        {"near_metres": "9999999999"},
        {"most_extensions": "8"},
        {"alert_url": "http://10.0.0.1/"},
        {"alert_url": "https://169.254.169.254/"},
        {"alert_url": "javascript:alert(1)"},
        {"age_sale_from": "08:00"},
        {"age_sale_from": "08:00", "age_sale_until": "08:00"},
    ],
)
def test_what_cannot_be_true_is_refused_in_words(client, lead, store, fields):
    reply = save(client, store, **fields)
    assert reply.status_code == 200
    assert reply.context["adminform"].form.errors
    assert not CurbSettings.objects.exists()


def test_the_secret_is_shown_once_and_can_be_renewed(client, lead, store):
    shown = save(client, store, alert_url="https://93.184.215.14/hook")
    curb = CurbSettings.objects.get()
    assert key_of(curb.alert_secret)
    assert curb.alert_secret in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]

    page = reverse("admin:orders_curbsettings_change", args=[curb.pk])
    assert curb.alert_secret not in client.get(page).content.decode()
    kept = confirming.save(client, page, GOOD | {"alert_url": curb.alert_url})
    assert kept.status_code == 302
    renewed = confirming.save(
        client, page, GOOD | {"alert_url": curb.alert_url, "renew_secret": "on"}
    )
    fresh = CurbSettings.objects.get().alert_secret
    assert fresh != curb.alert_secret
    assert fresh in renewed.content.decode()


def test_another_stores_settings_do_not_exist(client, lead):
    foreign = CurbSettings.objects.create(store=make_store())
    page = reverse("admin:orders_curbsettings_change", args=[foreign.pk])
    assert client.get(page).status_code == 404
    assert client.post(page, GOOD).status_code == 404
    save(client, foreign.store)
    assert CurbSettings.objects.count() == 1
