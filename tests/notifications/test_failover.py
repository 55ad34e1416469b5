"""Several providers: who does not answer is left alone, who is too dear is not used."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db.models import F

from hub import clock
from hub.errors import ConnectorError
from hub.events.breakers import FAILURES
from hub.events.models import Breaker
from hub.providers.models import Bucket, Provider, Spending
from hub.providers.services import account_named, connector_for
from notifications.models import Message, Outcome
from tests.factories import CUSTOMER
from tests.notifications.doing import facts_of, fall_due, ready_message, received_message, work

pytestmark = pytest.mark.django_db

BUSY = ConnectorError("busy")
LOST = ConnectorError("no whole reply", ambiguous=True)


def make_provider(name, **values):
    """An account whose texts stay in memory."""
    row = Provider.objects.create(name=name, channel="sms", connector="memory", **values)
    connector = memory(row.name)
    connector.clear()
    return connector


def memory(name):
    return connector_for(account_named(name, channel="sms"))


def people(count):
    return [CUSTOMER | {"phone": f"+4850055{1000 + n}", "email": ""} for n in range(count)]


def open_breaker(name):
    Breaker.objects.create(key=f"sms:{name}", state="closed", failures=FAILURES - 1)


@pytest.fixture
def providers(phone):
    return make_provider("first", rank=1), make_provider("second", rank=2)


def test_messages_leave_by_the_provider_that_is_tried_first(providers):
    first, second = providers
    message = ready_message()
    work()
    message.refresh_from_db()
    assert (len(first.texts), len(second.texts)) == (1, 0)
    assert (message.provider, message.lane) == ("first", "sms:first")


def test_who_does_not_answer_is_replaced_by_the_next_and_no_try_is_used_up(providers):
    first, second = providers
    open_breaker("first")
    first.failures = [BUSY]
    message = ready_message()
    work()
    fall_due()
    work()
    work()
    message.refresh_from_db()
    assert Breaker.objects.get(key="sms:first").state == "open"
    assert (len(first.texts), len(second.texts)) == (0, 1)
    assert (message.provider, message.attempts) == ("second", 2)


def test_what_may_have_got_through_stays_with_its_provider_unless_it_may_be_said_twice(providers):
    first, second = providers
    ready, received = ready_message(), received_message(customer=people(1)[0])
    open_breaker("first")
    first.failures = [LOST, LOST]
    for _ in range(3):
        work()
        fall_due()
    ready.refresh_from_db()
    received.refresh_from_db()
    assert (ready.outcome, ready.provider, ready.unsure_tries) == (Outcome.ACCEPTED, "second", 1)
    assert (received.outcome, received.lane) == (Outcome.AMBIGUOUS, "sms:first")
    assert (len(first.texts), len(second.texts)) == (2, 1)


def test_without_another_provider_or_channel_a_message_waits_for_the_breaker(phone):
    only = make_provider("only")
    open_breaker("only")
    only.failures = [BUSY]
    message = ready_message(customer=people(1)[0])
    work()
    fall_due()
    work()
    message.refresh_from_db()
    assert (message.state, message.outcome) == ("pending", Outcome.RETRY_WAIT)
    assert (message.outcome_reason, message.attempts) == ("no_provider", 1)
    Breaker.objects.update(due_at=F("due_at") - timedelta(minutes=5))
    fall_due()
    work()
    message.refresh_from_db()
    assert message.outcome == Outcome.ACCEPTED
    assert Breaker.objects.get().state == "closed"


def test_of_many_that_wait_one_makes_the_try_and_the_others_follow_its_success(phone):
    only = make_provider("only")
    Breaker.objects.create(
        key="sms:only", state="open", failures=FAILURES, due_at=clock.now() - timedelta(minutes=1)
    )
    messages = [ready_message(customer=person) for person in people(3)]
    work()
    assert len(only.texts) == 1
    work()
    assert len(only.texts) == 3
    outcomes = Message.objects.filter(pk__in=[one.pk for one in messages])
    assert set(outcomes.values_list("outcome", flat=True)) == {Outcome.ACCEPTED}


# --- money -----------------------------------------------------------------------------------


def test_over_its_cap_a_provider_is_replaced_by_the_next_then_by_another_channel(phone):
    first = make_provider("first", rank=1, price_micros=60_000, daily_cap_micros=150_000)
    second = make_provider("second", rank=2, price_micros=60_000, daily_cap_micros=150_000)
    for person in people(2):
        ready_message(customer=person)
    ready_message()
    for _ in range(4):
        work()
    assert (len(first.texts), len(second.texts), len(mail.outbox)) == (1, 1, 1)
    spent = dict(Spending.objects.filter(micros__gt=0).values_list("provider", "micros"))
    assert all(micros <= 150_000 for micros in spent.values())


def test_when_nothing_may_be_spent_a_message_is_suppressed_and_staff_hear_of_it(phone, caplog):
    make_provider("dear", price_micros=1_000, daily_cap_micros=500)
    message = ready_message(customer=people(1)[0])
    work()
    message.refresh_from_db()
    assert (message.outcome, message.outcome_reason) == (Outcome.SUPPRESSED, "spend_cap")
    assert "message.not_sent" in facts_of(message)


def test_what_a_provider_certainly_did_not_take_has_cost_nothing(phone):
    cheap = make_provider("cheap", price_micros=10)
    cheap.failures = [ConnectorError("refused", permanent=True)]
    message = ready_message()
    work()
    message.refresh_from_db()
    spent = Spending.objects.get(provider="cheap")
    assert (spent.messages, spent.micros, message.cost_micros) == (0, 0, 0)


def test_the_cost_of_a_text_is_that_of_its_segments(phone):
    make_provider("cheap", price_micros=10)
    message = ready_message()
    work()
    message.refresh_from_db()
    assert message.cost_micros == Spending.objects.get().micros == 10 * message.segments > 0


# --- pace ------------------------------------------------------------------------------------


def test_no_more_leave_than_the_bucket_holds_and_the_others_keep_their_tries(phone):
    slow = make_provider("slow", per_second=1, burst=2)
    for person in people(5):
        ready_message(customer=person)
    work()
    assert len(slow.texts) == 2
    waiting = Message.objects.filter(state="pending", purpose="ready")
    assert set(waiting.values_list("attempts", flat=True)) == {0}
    Bucket.objects.update(filled_at=F("filled_at") - timedelta(seconds=1.5))
    work()
    assert len(slow.texts) == 3


def test_a_provider_that_gets_too_many_is_left_alone_and_no_try_is_used_up(phone):
    fast = make_provider("fast")
    fast.failures = [ConnectorError("slow down", code="429")]
    message = ready_message()
    work()
    message.refresh_from_db()
    assert (message.outcome, message.attempts) == (Outcome.RETRY_WAIT, 0)
    assert Bucket.objects.get(provider="fast").tokens <= 0
    assert not Breaker.objects.exists()
