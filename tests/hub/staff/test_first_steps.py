"""The first steps lead to the page on which each is done."""

import pytest
from django.urls import reverse

from hub.staff import first_steps
from hub.stores.models import OpeningHours
from tests.factories import make_person, make_store

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_is_remembered():
    first_steps.forget()
    yield
    first_steps.forget()


def test_the_step_of_hours_leads_to_the_store_that_has_none(client):
    client.force_login(make_person(is_superuser=True))
    store = make_store()
    OpeningHours.objects.all().delete()
    page = client.get(reverse("admin:index")).content.decode()
    assert f'href="{reverse("admin:stores_store_change", args=[store.pk])}#hours-group"' in page
