"""A rule is confirmed by two presses at once, or changed by two people: it is saved once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from hub import clock
from hub.stores.models import HoursException
from inventory.models import SafetyStock
from tests.confirming import hidden
from tests.factories import make_store
from tests.racing import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

CALENDAR = "/admin/stores/store/calendar/"


@pytest.fixture
def store():
    return make_store(code="S1")


def chief():
    client = Client()
    client.force_login(User.objects.get(username="chief"))
    return client


@pytest.fixture(autouse=True)
def person():
    return User.objects.create_superuser("chief")


def test_one_button_pressed_twice_at_once_acts_once(store):
    client = chief()
    day = (clock.now() + timedelta(days=2)).date().isoformat()
    sent = hidden(client.post(CALENDAR, {"first": day, "store": "S1", "reason": "Snow"}))
    cookie = client.cookies["sessionid"].value

    def press(_: int) -> int:
        other = Client()
        other.cookies["sessionid"] = cookie
        return other.post(CALENDAR, sent).status_code

    codes = at_once(4, press)

    assert set(codes) <= {302, 303}
    assert HoursException.history.count() == 1


def test_of_two_who_change_one_rule_at_once_the_second_looks_again(store):
    rule = SafetyStock.objects.create(store=store, units=1)
    page = reverse("admin:inventory_safetystock_change", args=[rule.pk])
    both_have_looked = threading.Barrier(2)

    def change(number: int) -> int:
        client = chief()
        fields = {"units": 10 + number, "store": store.pk, "category": "", "item": ""}
        sent = hidden(client.post(page, fields))
        both_have_looked.wait(30)
        return client.post(page, sent).status_code

    codes = at_once(2, change)

    assert sorted(codes) == [200, 302]
    assert SafetyStock.history.filter(id=rule.pk).count() == 2
