"""Lists of growing tables: they count so far and no further, and read no table for its values."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub.events.models import Delivery, Fact
from hub.staff import filters
from hub.staff.filters import BoundedPaginator
from notifications.models import Message
from tests.factories import make_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(client):
    person = User.objects.create_superuser("chief")
    client.force_login(person)
    return person


def items(count):
    for _ in range(count):
        make_item()
    return make_item().__class__.objects.order_by("pk")


def test_rows_are_counted_so_far_and_no_further(monkeypatch):
    monkeypatch.setattr(filters, "MOST_COUNTED", 3)
    assert BoundedPaginator(items(5), 2).count == 3


def test_fewer_rows_are_counted_exactly():
    rows = items(4)
    assert BoundedPaginator(rows, 2).count == rows.count()


def test_the_purposes_of_messages_are_offered_without_reading_the_messages(client, chief):
    page = reverse("admin:notifications_message_changelist")
    with CaptureQueriesContext(connection) as seen:
        text = client.get(page).content.decode()
    assert "?purpose=ready" in text.replace("&amp;", "&")
    assert not [query for query in seen if "DISTINCT" in query["sql"] and "purpose" in query["sql"]]


def test_a_chosen_purpose_narrows_the_list(client, chief):
    for purpose in ("ready", "canceled"):
        Message.objects.create(
            purpose=purpose, subject="order:1", dedupe_key=purpose, expires_at="2030-01-01T00:00Z"
        )
    page = client.get(reverse("admin:notifications_message_changelist"), {"purpose": "ready"})
    assert [row.purpose for row in page.context["cl"].result_list] == ["ready"]


def test_lanes_are_offered_where_something_waits_or_was_given_up(client, chief):
    fact = Fact.objects.create(name="x", data={}, occurred_at="2026-01-01T00:00Z")
    for lane, state in (("pos:1", "pending"), ("pos:2", "parked"), ("pos:3", "done")):
        Delivery.objects.create(fact=fact, handler=lane, lane=lane, state=state)
    page = client.get(reverse("admin:events_delivery_changelist")).content.decode()
    assert [
        lane in page.replace("%3A", ":") for lane in ("lane=pos:1", "lane=pos:2", "lane=pos:3")
    ] == [True, True, False]
