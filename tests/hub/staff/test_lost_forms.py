"""Forms that were open while their person was logged out, or while another one logged in."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from hub.staff import roles
from orders.models import FulfillmentStatus
from tests.factories import make_fulfillment, make_role

pytestmark = pytest.mark.django_db

HERE = "http://testserver"


@pytest.fixture
def part():
    return make_fulfillment()


def work_page(part):
    return reverse("admin:orders_fulfillmentorder_change", args=[part.pk])


def step(part):
    return reverse("admin:orders_fulfillmentorder_step", args=[part.pk])


def test_who_was_logged_out_gets_back_to_the_page_with_the_form_and_is_told(client, part):
    page = work_page(part)
    reply = client.post(step(part), {"action": "accept"}, headers={"referer": HERE + page})
    assert reply.url == f"{reverse('admin:login')}?next={page.replace('/', '%2F')}"
    client.force_login(make_role(roles.PICKER, part.store))
    assert "what you pressed last was not done" in client.get(page).content.decode()
    part.refresh_from_db()
    assert part.status == FulfillmentStatus.PROPOSED


def test_a_page_of_somebody_elses_is_no_way_back(client, part):
    reply = client.post(step(part), {}, headers={"referer": "http://evil.example/admin/"})
    assert reply.url == f"{reverse('admin:login')}?next="


def test_a_form_older_than_the_log_in_says_so_and_leads_back(part):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_role(roles.PICKER, part.store))
    page = work_page(part)
    reply = strict.post(step(part), {"action": "accept"}, headers={"referer": HERE + page})
    said = reply.content.decode()
    assert reply.status_code == 403
    assert f'href="{page}"' in said
    assert "This page was too old" in said
    assert "CSRF" not in said


def test_it_is_said_in_the_readers_language(part):
    strict = Client(enforce_csrf_checks=True)
    with override(None):
        said = strict.post(step(part), {}, headers={"accept-language": "pl"}).content.decode()
    assert '<html lang="pl">' in said
    assert "This page was too old" not in said
