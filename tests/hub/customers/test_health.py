"""Which addresses work: what is remembered of those that did not."""

from datetime import timedelta

import pytest

from hub import clock
from hub.customers.health import (
    TRIED_ANEW_AFTER,
    health_of,
    note_failure,
    note_success,
    works,
)
from hub.customers.models import AddressHealth
from tests.racing import at_once

pytestmark = pytest.mark.django_db

ADDRESS = "a" * 32


def fail(reason="30003", *, permanent=False, channel="sms"):
    note_failure(address_hash=ADDRESS, channel=channel, reason=reason, permanent=permanent)


def test_an_address_nothing_is_known_of_works():
    assert works(ADDRESS, "sms")


def test_a_failure_that_passes_leaves_it_shaky_but_in_use():
    fail()
    fail()
    known = AddressHealth.objects.get()
    assert (known.state, known.failures, known.reason) == ("shaky", 2, "30003")
    assert works(ADDRESS, "sms")


def test_a_permanent_failure_ends_its_use_on_that_channel():
    fail()
    fail("landline", permanent=True)
    assert not works(ADDRESS, "sms")
    assert works(ADDRESS, "email")


def test_a_dead_address_stays_dead_whatever_else_is_said():
    fail("landline", permanent=True)
    fail("30003")
    known = AddressHealth.objects.get()
    assert (known.state, known.reason) == ("dead", "landline")


def test_what_reached_it_makes_all_forgotten():
    fail("hard_bounce", permanent=True)
    note_success(address_hash=ADDRESS, channel="sms")
    assert works(ADDRESS, "sms")
    assert not AddressHealth.objects.exists()


def test_a_dead_address_is_tried_anew_after_half_a_year():
    fail("landline", permanent=True)
    long_ago = clock.now() - TRIED_ANEW_AFTER - timedelta(minutes=1)
    AddressHealth.objects.update(changed_at=long_ago)
    assert works(ADDRESS, "sms")


def test_a_reason_of_any_length_is_kept_short():
    fail("x" * 500)
    assert len(AddressHealth.objects.get().reason) == 60


def test_many_addresses_are_looked_up_in_one_query(django_assert_num_queries):
    fail()
    fail(channel="email")
    with django_assert_num_queries(1):
        found = health_of([ADDRESS, "b" * 32])
    assert set(found) == {(ADDRESS, "sms"), (ADDRESS, "email")}
    with django_assert_num_queries(0):
        assert health_of([]) == {}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_failures_told_at_once_are_all_counted():
    at_once(6, lambda number: fail(permanent=number == 3))
    known = AddressHealth.objects.get()
    assert (known.state, known.failures) == ("dead", 6)
