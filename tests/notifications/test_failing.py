"""Messages that do not go out at once: tried again, parked, asked about, never sent twice."""

from datetime import timedelta

import pytest

from hub import clock
from hub.connectors.sms.memory import MemorySms
from hub.errors import ConnectorError
from hub.events import leases
from notifications.models import Message, Outcome
from notifications.services import handing, sending
from tests.factories import pin_of
from tests.notifications.doing import (
    claim_due,
    facts_of,
    fall_due,
    part_of,
    ready_message,
    received_message,
    work,
)

pytestmark = pytest.mark.django_db

AMBIGUOUS = ConnectorError("no whole reply", ambiguous=True)


def test_a_passing_failure_is_tried_again_with_the_same_words_and_reference(phone):
    message = ready_message()
    phone.failures = [ConnectorError("busy"), AMBIGUOUS]
    for _ in range(3):
        work()
        fall_due()
    message.refresh_from_db()
    assert message.outcome == Outcome.ACCEPTED
    assert {text.reference for text in phone.texts} == {message.public_id}
    assert len({text.body for text in phone.texts}) == 1


def test_the_wait_the_provider_asked_for_is_kept(phone):
    message = ready_message()
    phone.failures = [ConnectorError("slow down", retry_after=900)]
    work()
    message.refresh_from_db()
    assert message.outcome == Outcome.RETRY_WAIT
    assert message.due_at - clock.now() > timedelta(seconds=850)


def test_a_final_refusal_parks_the_message_and_says_so(phone):
    message = ready_message()
    phone.failures = [ConnectorError("number refused", permanent=True)]
    work()
    message.refresh_from_db()
    assert (message.state, message.outcome) == ("parked", Outcome.FAILED)
    assert message.outcome_reason == "number refused"
    assert facts_of(message) == ["message.not_sent"]


def test_a_parked_message_that_is_replayed_passes_every_gate_again(phone):
    message = ready_message()
    phone.failures = [ConnectorError("account blocked", permanent=True)]
    work()
    leases.replay(Message.objects.filter(pk=message.pk))
    work()
    message.refresh_from_db()
    assert message.outcome == Outcome.ACCEPTED
    assert len(phone.texts) == 1


def test_a_ready_text_is_repeated_when_nobody_knows_and_the_doubt_is_counted(phone):
    message = ready_message()
    phone.failures = [AMBIGUOUS]
    work()
    message.refresh_from_db()
    assert (message.state, message.outcome) == ("pending", Outcome.AMBIGUOUS)
    fall_due()
    work()
    message.refresh_from_db()
    assert (message.outcome, message.unsure_tries) == (Outcome.ACCEPTED, 1)
    assert len(phone.texts) == 2


def test_a_message_that_is_sent_at_most_once_is_parked_when_nobody_knows(phone):
    message = received_message()
    phone.failures = [AMBIGUOUS]
    work()
    fall_due()
    work()
    message.refresh_from_db()
    assert (message.state, message.outcome) == ("parked", Outcome.AMBIGUOUS)
    assert len(phone.texts) == 1
    assert facts_of(message) == []


class KnowingSms(MemorySms):
    """A provider that can be asked."""

    def find(self, *, to, reference, body):
        known = [text for text in self.texts if (text.to, text.reference) == (to, reference)]
        return f"found-{reference}" if known else None


@pytest.mark.parametrize("write", [ready_message, received_message])
def test_a_provider_that_can_be_asked_is_asked_before_any_repeat(phone, monkeypatch, write):
    provider = KnowingSms()
    monkeypatch.setattr(handing, "connector_for", lambda _account: provider)
    message = write()
    provider.failures = [AMBIGUOUS]
    work()
    fall_due()
    work()
    message.refresh_from_db()
    assert len(provider.texts) == 1
    assert message.provider_reference == f"found-{message.public_id}"
    assert message.outcome == Outcome.ACCEPTED


def test_a_worker_that_dies_after_handing_over_leaves_a_doubt_behind(phone, monkeypatch):
    message = ready_message()

    def die(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(sending, "record", die)
        with pytest.raises(KeyboardInterrupt):
            work()
    message.refresh_from_db()
    assert (message.state, message.outcome) == ("pending", Outcome.SUBMITTING)
    fall_due()
    work()
    message.refresh_from_db()
    assert (message.outcome, message.unsure_tries) == (Outcome.ACCEPTED, 1)
    assert facts_of(message) == ["message.accepted"]


@pytest.mark.parametrize("reference", ["x" * 500, "a\0b", ""])
def test_a_provider_with_an_odd_reference_gets_the_text_once(phone, monkeypatch, reference):
    send = phone.send
    monkeypatch.setattr(phone, "send", lambda **text: send(**text) and reference)
    message = ready_message()
    work()
    fall_due()
    work()
    message.refresh_from_db()
    assert len(phone.texts) == 1
    assert message.outcome == Outcome.ACCEPTED


def test_a_worker_that_lost_its_lease_sends_nothing(phone):
    message = ready_message()
    (first,) = claim_due()
    fall_due()
    (second,) = claim_due()
    sending.send(first)
    sending.send(second)
    assert len(phone.texts) == 1
    assert facts_of(message) == ["message.accepted"]


def test_personal_data_is_sealed_in_the_message_row(phone):
    message = ready_message()
    work()
    raw = Message.objects.filter(pk=message.pk).extra(select={"sealed": "body::text"})
    assert pin_of(part_of(message)) not in raw.values_list("sealed", flat=True)[0]
