"""Breakers of those who make many calls at a time, and say afterwards what came of them."""

import pytest

from hub.errors import ConnectorError
from hub.events import breakers
from hub.events.breakers import FAILURES, may_try, note, waits
from hub.events.models import Breaker
from tests.racing import at_once

pytestmark = pytest.mark.django_db

KEY = "sms:one"
DOWN = ConnectorError("HTTP 503")


def test_as_many_failures_side_by_side_open_it_at_once():
    note(KEY, lane=KEY, calls=[DOWN] * FAILURES)
    assert Breaker.objects.get().state == "open"
    assert waits([KEY, "sms:two"])[KEY] > 0


def test_only_failures_after_the_last_answer_count():
    note(KEY, lane=KEY, calls=[DOWN] * FAILURES + [None] + [DOWN] * 2)
    assert Breaker.objects.get().failures == 2
    assert waits([KEY]) == {}
    note(KEY, lane=KEY, calls=[ConnectorError("HTTP 422", permanent=True)])
    assert Breaker.objects.get().failures == 0


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_one_may_try_a_breaker_that_is_due():
    note(KEY, lane=KEY, calls=[DOWN] * FAILURES)
    assert not may_try(KEY)
    Breaker.objects.update(due_at="2020-01-01T00:00:00Z")
    assert waits([KEY]) == {KEY: 0.0}
    said = []
    at_once(5, lambda _number: said.append(breakers.may_try(KEY)))
    assert said.count(True) == 1
