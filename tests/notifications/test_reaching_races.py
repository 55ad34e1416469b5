"""A late receipt and the follow-up of the same text: one of them is first, never both."""

from datetime import timedelta

import pytest

from hub import clock
from hub.connectors.registry import sms_connector
from notifications.models import CallTask, Message, Outcome
from notifications.reaching.following import follow, follow_due
from notifications.services.folding import take_receipt
from tests.notifications.doing import part_of, ready_message, work
from tests.notifications.test_reaching import BOTH, PHONE
from tests.racing import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def phone():
    connector = sms_connector("memory")
    connector.clear()
    yield connector
    connector.clear()


def unheard(**values) -> Message:
    message = ready_message(**values)
    work()
    Message.objects.filter(pk=message.pk).update(reach_by=clock.now() - timedelta(seconds=1))
    return message


def arrive(message) -> None:
    take_receipt(provider="memory", reference=message.public_id, status="delivered", raw="{}")


@pytest.mark.parametrize("customer", [BOTH, PHONE], ids=["by e-mail", "by telephone"])
def test_nobody_is_chased_who_has_it(phone, customer):
    message = unheard(customer=customer)
    jobs = [lambda: arrive(message), lambda: follow(message_id=message.pk)]
    at_once(6, lambda number: jobs[number % 2]())
    message.refresh_from_db()
    assert message.outcome == Outcome.DELIVERED
    assert Message.objects.filter(follows=message).count() <= 1
    assert not Message.objects.filter(follows=message, state="pending").exists()
    assert not CallTask.objects.filter(closed_at__isnull=True).exists()


def test_many_schedules_follow_a_text_once(phone):
    message = unheard(customer=BOTH)
    at_once(6, lambda _number: follow_due())
    assert Message.objects.filter(follows=message).count() == 1


def test_many_followers_open_one_call(phone):
    message = unheard(customer=PHONE)
    at_once(6, lambda _number: follow(message_id=message.pk))
    assert CallTask.objects.get().fulfillment_id == part_of(message).pk
