"""The page of limits on texts: one row, refused nonsense, closed to whoever may not."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse

from notifications.models import TextingRules
from tests.confirming import save
from tests.factories import make_store

pytestmark = pytest.mark.django_db

LIST = "admin:notifications_textingrules_changelist"
SAID = {"regions": "pl, FR fr", "per_number_hour": "5", "per_number_day": "9", "reach_minutes": "7"}


@pytest.fixture
def chief():
    client = Client()
    client.force_login(User.objects.create_superuser("chief"))
    return client


def page(client):
    return client.get(reverse(LIST), follow=True)


def change(client, **said):
    address = client.get(reverse(LIST)).url
    return save(client, address, SAID | said)


def test_the_page_opens_the_one_row_and_names_the_countries_that_stand(chief):
    make_store()
    assert 'placeholder="PL"' in page(chief).content.decode()
    assert not TextingRules.objects.exists()
    change(chief, regions="")
    assert 'placeholder="PL"' in page(chief).content.decode()
    assert TextingRules.objects.count() == 1


def test_what_is_entered_is_kept_in_one_form(chief):
    change(chief)
    change(chief)
    rules = TextingRules.objects.get()
    assert rules.regions == ["PL", "FR"]
    assert (rules.per_number_hour, rules.per_number_day, rules.reach_minutes) == (5, 9, 7)


@pytest.mark.parametrize(
    "said",
    [{"regions": "Poland"}, {"per_number_hour": "0"}, {"per_number_day": "2"}, {"regions": "\0"}],
)
def test_nonsense_is_refused(chief, said):
    assert change(chief, **said).status_code == 200
    assert not TextingRules.objects.exists()


def test_two_who_set_the_first_rules_at_once_make_one_row(chief):
    change(chief)

    late = RequestFactory().post(reverse("admin:notifications_textingrules_add"))
    page_of_rules = admin.site.get_model_admin(TextingRules)
    page_of_rules.save_model(late, TextingRules(regions=["FR"]), None, change=False)

    assert TextingRules.objects.get().regions == ["FR"]


def test_who_may_not_change_rules_sees_none_and_makes_none():
    client = Client()
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    assert page(client).status_code == 403
    assert not TextingRules.objects.exists()


def test_there_is_no_second_row_and_none_is_removed(chief):
    change(chief)
    row = TextingRules.objects.get()
    remove = reverse("admin:notifications_textingrules_delete", args=[row.pk])
    assert chief.get(reverse("admin:notifications_textingrules_add")).status_code == 403
    assert chief.post(remove, {"post": "yes"}).status_code == 403
