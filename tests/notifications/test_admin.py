"""What staff see of messages, and how they try one again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.urls import reverse

from hub import clock
from hub.events.leases import State
from hub.stores.models import StaffScope
from notifications.models import Message, Outcome
from notifications.reaching.calls import open_call
from tests.factories import make_person, make_ready

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready():
    return make_ready()


@pytest.fixture
def lead(client, ready):
    person = make_person()
    StaffScope.objects.create(user=person, store=ready.store)
    client.force_login(person)
    return person


def make_message(part, **values) -> Message:
    values = {
        "purpose": "ready",
        "subject": f"fulfillment:{part.pk}",
        "order_id": part.order_id,
        "profile": part.order.profile,
        "contact": part.order.contact,
        "channel": "sms",
        "dedupe_key": f"ready:{part.pk}",
        "expires_at": clock.now() + timedelta(days=1),
        "body": "Order W-731874: PIN 424242. https://shop.example/p/AbC-dEf_0123456789xyz",
    } | values
    return Message.objects.create(**values)


def page(view, *args):
    return reverse(f"admin:notifications_message_{view}", args=args)


def test_the_words_are_shown_without_what_opens_the_hand_off(client, ready, lead):
    message = make_message(ready)
    shown = client.get(page("change", message.pk)).content.decode()
    assert "Order W-731874: PIN •••. https://shop.example/p/•••" in shown
    assert "424242" not in shown
    assert "AbC-dEf" not in shown


def test_messages_of_other_stores_do_not_exist(client, lead):
    message = make_message(make_ready())
    assert client.get(page("change", message.pk)).status_code == 404
    assert message.public_id not in client.get(page("changelist")).content.decode()


def test_only_those_who_may_try_a_parked_message_again(client, ready, lead):
    message = make_message(ready, state=State.PARKED, attempts=48, outcome=Outcome.FAILED)
    action = {"action": "replay_selected", "_selected_action": [message.pk]}
    client.post(page("changelist"), action)
    message.refresh_from_db()
    assert message.state == State.PARKED

    lead.user_permissions.add(Permission.objects.get(codename="change_message"))
    client.post(page("changelist"), action)
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.PENDING, 0)


def test_a_customer_whom_nothing_reached_is_an_exception_and_part_of_the_story(client, ready, lead):
    message = make_message(ready, outcome=Outcome.UNDELIVERED, outcome_reason="number_off")
    with transaction.atomic():
        open_call(message=message, part=ready)
    exceptions = client.get(reverse("admin:orders_fulfillmentorder_exceptions")).content.decode()
    order = reverse("admin:orders_order_change", args=[ready.order_id])
    story = client.get(order).content.decode()
    assert "Call the customer" in exceptions
    assert "not delivered: number off" in story
