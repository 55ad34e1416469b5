"""How fast and how dear: buckets and spending hold whoever asks, and however many at once."""

from datetime import timedelta

import pytest
from django.db.models import F

from hub import clock
from hub.providers.buckets import drain, give_back, take_tokens
from hub.providers.models import Bucket, Spending
from hub.providers.spending import charge, refund, spent_today
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def take(most=100, *, burst=10, per_second=0.001):
    return take_tokens(provider="one", most=most, per_second=per_second, burst=burst)


def test_a_bucket_holds_its_burst_and_fills_with_time():
    assert (take(4), take(), take()) == (4, 6, 0)
    Bucket.objects.update(filled_at=F("filled_at") - timedelta(seconds=3))
    assert take(per_second=2) == 6
    give_back(provider="one", tokens=2)
    assert take() == 2


def test_a_drained_bucket_gives_nothing():
    take(1)
    drain("one")
    assert take() == 0


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_at_once_never_take_more_than_there_is():
    taken = []
    at_once(6, lambda _number: taken.append(take(4)))
    assert sum(taken) == 10


def spend(micros, cap=100):
    return charge(provider="one", messages=1, segments=1, micros=micros, cap=cap)


def test_a_cap_is_never_passed_and_a_new_day_begins_at_nothing():
    assert spend(60)
    assert not spend(50)
    assert spend(40)
    assert not spend(101)
    with clock.turned_to(clock.now() + timedelta(days=1)):
        assert spend(100)
        assert spent_today(["one", "two"]) == {"one": 100, "two": 0}


def test_what_is_taken_back_may_be_spent_again():
    assert spend(100)
    refund(provider="one", messages=1, segments=1, micros=100, at=clock.now())
    assert Spending.objects.get().messages == 0
    assert spend(100)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_at_once_never_pass_the_cap_together():
    said = []
    at_once(6, lambda _number: said.append(spend(30)))
    assert said.count(True) == 3
    assert Spending.objects.get().micros == 90
