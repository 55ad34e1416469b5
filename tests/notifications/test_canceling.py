"""Taking back: what waits, what is put off, what a worker has in its hands, what a provider has."""

from datetime import timedelta

import pytest

from hub import clock
from hub.connectors.sms.memory import MemorySms
from hub.errors import ConnectorError
from hub.events import leases
from notifications.models import Message, Outcome
from notifications.services import canceling, sending
from notifications.services.canceling import cancel_messages
from tests.notifications.doing import (
    claim_due,
    facts_of,
    fall_due,
    ready_message,
    work,
)

pytestmark = pytest.mark.django_db

AMBIGUOUS = ConnectorError("no whole reply", ambiguous=True)


def cancel(message):
    return cancel_messages(subject=message.subject, reason="over")


def outcome_of(message):
    message.refresh_from_db()
    return message.state, message.outcome, message.outcome_reason


def test_what_waits_is_canceled_and_never_leaves(phone):
    message = ready_message()
    assert cancel(message) == 1
    work()
    assert phone.texts == []
    assert outcome_of(message) == ("done", Outcome.CANCELED, "over")
    assert facts_of(message) == ["message.not_sent"]


@pytest.mark.parametrize("failure", [ConnectorError("busy"), AMBIGUOUS])
def test_what_is_to_be_tried_again_is_not(phone, failure):
    message = ready_message()
    phone.failures = [failure]
    work()
    before = len(phone.texts)
    assert cancel(message) == 1
    fall_due()
    work()
    assert len(phone.texts) == before
    assert outcome_of(message)[1] == Outcome.CANCELED


def test_what_is_parked_is_brought_back_by_no_replay(phone):
    message = ready_message()
    phone.failures = [ConnectorError("refused", permanent=True)]
    work()
    assert cancel(message) == 1
    assert leases.replay(Message.objects.filter(pk=message.pk)) == 0


def test_what_a_worker_has_claimed_but_not_sent_is_stopped(phone, monkeypatch):
    message = ready_message()
    prepare = sending.prepare

    def prepare_then_cancel(rows):
        drafts = prepare(rows)
        cancel(message)
        return drafts

    monkeypatch.setattr(sending, "prepare", prepare_then_cancel)
    sending.send_batch(claim_due())
    assert phone.texts == []
    assert outcome_of(message) == ("done", Outcome.CANCELED, "over")


class HoldingSms(MemorySms):
    """A provider that still has what it accepted."""

    def cancel(self, *, reference):
        held = [n for n, _ in enumerate(self.texts, 1) if f"memory-{n}" == reference]
        return bool(held)


def test_what_a_provider_still_holds_is_taken_back(phone, monkeypatch):
    provider = HoldingSms()
    message = ready_message()
    work()
    provider.texts = phone.texts
    monkeypatch.setattr(canceling, "connector_for", lambda _account: provider)
    assert cancel(message) == 1
    assert outcome_of(message)[1:] == (Outcome.CANCELED, "over")
    assert message.reach_by is None


def test_what_a_provider_cannot_take_back_stays_as_it_is(phone):
    message = ready_message()
    work()
    assert cancel(message) == 0
    assert outcome_of(message)[1] == Outcome.ACCEPTED


def test_what_is_put_off_to_the_morning_is_canceled_there(phone):
    message = ready_message()
    Message.objects.filter(pk=message.pk).update(
        outcome=Outcome.DEFERRED, due_at=clock.now() + timedelta(hours=8)
    )
    assert cancel(message) == 1
    assert outcome_of(message)[1] == Outcome.CANCELED
