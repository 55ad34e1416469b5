"""The consent log: the newest word counts, and tampering shows."""

import pytest
from django.db import connection

from hub.customers.consent import is_refused, record_consent, verify_chain
from hub.customers.models import ConsentEvent
from hub.invariants import shipped
from tests.racing import at_once

pytestmark = pytest.mark.django_db

ADDRESS = "a" * 32


def say(status, purpose="order_updates", **more):
    said = {
        "address_hash": ADDRESS,
        "channel": "sms",
        "purpose": purpose,
        "status": status,
        "method": "page",
        "actor": "customer",
        "wording": "v1",
        "locale": "pl",
        "reference": "ord_ż1",
    }
    return record_consent(**(said | more))


def sealed_violations():
    statement = next(one.sql for one in shipped() if one.name == "consent_sealed")
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("%", "%%"))
        return [sequence for _, sequence in cursor.fetchall()]


def test_an_address_that_never_spoke_is_not_refused():
    assert not is_refused(ADDRESS, "sms")


def test_the_newest_word_counts():
    say("granted")
    say("revoked")
    assert is_refused(ADDRESS, "sms")
    say("granted")
    assert not is_refused(ADDRESS, "sms")


def test_a_stop_to_everything_covers_each_purpose_of_the_programme():
    say("granted")
    say("revoked", purpose="all")
    assert is_refused(ADDRESS, "sms")
    assert not is_refused(ADDRESS, "email")
    assert not is_refused(ADDRESS, "sms", programme="promotions")


def test_an_untouched_log_verifies():
    for status in ("granted", "revoked", "granted"):
        say(status)
    assert verify_chain(ADDRESS) == []
    assert sealed_violations() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("status", "granted"), ("wording", "v2"), ("actor", "staff:1"), ("previous_digest", "")],
)
def test_a_changed_line_shows(field, value):
    for status in ("granted", "revoked", "granted"):
        say(status)
    ConsentEvent.objects.filter(sequence=2).update(**{field: value})
    assert verify_chain(ADDRESS) == [2]
    assert sealed_violations() == [2]


def test_a_removed_line_shows():
    for status in ("granted", "revoked", "granted"):
        say(status)
    ConsentEvent.objects.filter(sequence=2).delete()
    assert 2 in verify_chain(ADDRESS)
    assert sealed_violations() == [3]


def test_a_line_sealed_anew_after_a_change_breaks_the_next():
    for status in ("granted", "revoked", "granted"):
        say(status)
    ConsentEvent.objects.filter(sequence=2).delete()
    last = ConsentEvent.objects.get(sequence=3)
    last.delete()
    ConsentEvent.objects.filter(sequence=1).update(digest="0" * 64)
    say("granted")
    assert verify_chain(ADDRESS) == [1]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_writers_to_one_log_leave_one_unbroken_chain():
    at_once(8, lambda _number: say("granted"))
    assert ConsentEvent.objects.count() == 8
    assert verify_chain(ADDRESS) == []
