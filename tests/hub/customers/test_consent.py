"""The consent log: the newest word counts, and tampering shows."""

import pytest
from django.db import DatabaseError, connection, transaction

from hub.customers.consent import is_refused, record_consent, start, stop, words_of
from hub.customers.models import ConsentEvent, ConsentHead
from hub.customers.proof import line_digest, verify_chain, verify_chains
from hub.customers.purposes import GROUPS
from hub.invariants import shipped
from tests.racing import at_once
from tests.tampering import tampering

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


def violations(name):
    statement = next(one.sql for one in shipped() if one.name == name)
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("%", "%%"))
        return cursor.fetchall()


def sealed_violations():
    return [sequence for _, sequence in violations("consent_sealed")]


def head_violations():
    return [address for address, *_ in violations("consent_head_counts")]


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
    "sql",
    [
        "UPDATE customers_consentevent SET status = 'granted'",
        "UPDATE customers_consentevent SET reference = reference",
        "DELETE FROM customers_consentevent",
    ],
)
def test_the_database_refuses_to_change_what_was_written(sql):
    say("revoked", purpose="all")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert is_refused(ADDRESS, "sms")
    assert verify_chain(ADDRESS) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("status", "granted"), ("wording", "v2"), ("actor", "staff:1"), ("previous_digest", "")],
)
def test_a_changed_line_shows(field, value):
    for status in ("granted", "revoked", "granted"):
        say(status)
    with tampering():
        ConsentEvent.objects.filter(sequence=2).update(**{field: value})
    assert verify_chain(ADDRESS) == [2]
    assert sealed_violations() == [2]


def test_a_removed_line_shows():
    for status in ("granted", "revoked", "granted"):
        say(status)
    with tampering():
        ConsentEvent.objects.filter(sequence=2).delete()
    assert 2 in verify_chain(ADDRESS)
    assert sealed_violations() == [3]


def test_a_line_sealed_anew_after_a_change_breaks_the_next():
    for status in ("granted", "revoked", "granted"):
        say(status)
    forged = ConsentEvent.objects.get(sequence=2)
    forged.status = "granted"
    forged.digest = line_digest(forged)
    with tampering():
        forged.save()
    assert verify_chain(ADDRESS) == [3]
    assert sealed_violations() == [3]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_lines_cut_off_the_end_show(cut):
    for status in ("granted", "granted", "revoked"):
        say(status)
    with tampering():
        ConsentEvent.objects.filter(sequence__gt=3 - cut).delete()
    assert verify_chain(ADDRESS) == [1, 2, 3][3 - cut :]
    assert head_violations() == [ADDRESS]


def test_a_log_that_was_cut_off_does_not_heal_when_it_grows():
    say("revoked", purpose="all")
    with tampering():
        ConsentEvent.objects.all().delete()
    say("granted")
    assert 1 in verify_chain(ADDRESS)
    assert sealed_violations() == [2]


def test_a_line_put_behind_the_end_shows():
    last = say("revoked")
    forged = ConsentEvent(
        address_hash=ADDRESS,
        sequence=2,
        channel="sms",
        purpose="all",
        status="granted",
        method="page",
        actor="customer",
        wording="v1",
        occurred_at=last.occurred_at,
        previous_digest=last.digest,
    )
    forged.digest = line_digest(forged)
    forged.save()
    assert verify_chain(ADDRESS) == [2]
    assert head_violations() == [ADDRESS]
    say("revoked", purpose="all")
    assert verify_chain(ADDRESS) == [3]  # which does not follow the forged one
    assert is_refused(ADDRESS, "sms")


def test_a_head_made_up_in_the_database_shows():
    say("granted")
    last = say("revoked")
    with tampering():
        ConsentEvent.objects.filter(sequence=2).delete()
    ConsentHead.objects.update(count=1, digest=last.previous_digest)
    assert head_violations() == []  # the database alone cannot tell
    assert verify_chain(ADDRESS) == [1]


def test_a_log_without_its_head_shows():
    say("granted")
    ConsentHead.objects.all().delete()
    assert verify_chain(ADDRESS) == [1]
    assert head_violations() == [ADDRESS]


def test_many_logs_are_checked_in_two_queries(django_assert_num_queries):
    other = "b" * 32
    say("granted")
    say("revoked", address_hash=other)
    with tampering():
        ConsentEvent.objects.filter(address_hash=other).update(status="granted")
    with django_assert_num_queries(2):
        assert verify_chains([ADDRESS, other]) == {ADDRESS: [], other: [1]}


def test_stop_ends_every_purpose_of_its_channel_and_start_lifts_it():
    stop(address_hash=ADDRESS, channel="sms", method="sms", reference="msg_1")
    assert all(is_refused(ADDRESS, "sms", group) for group in GROUPS)
    assert not is_refused(ADDRESS, "email")
    start(address_hash=ADDRESS, channel="sms", method="sms", reference="msg_2")
    assert not is_refused(ADDRESS, "sms")


def test_a_yes_to_one_purpose_does_not_lift_a_stop_to_all():
    stop(address_hash=ADDRESS, channel="sms", method="sms")
    say("granted", purpose="pickup")
    assert is_refused(ADDRESS, "sms", "pickup")


def test_a_stop_to_one_purpose_leaves_the_others():
    stop(address_hash=ADDRESS, channel="sms", method="sms", purpose="questions")
    assert is_refused(ADDRESS, "sms", "questions")
    assert not is_refused(ADDRESS, "sms", "pickup")
    start(address_hash=ADDRESS, channel="sms", method="sms")
    assert not is_refused(ADDRESS, "sms", "questions")


def test_a_purpose_never_spoken_of_follows_the_order_updates():
    stop(address_hash=ADDRESS, channel="sms", method="sms", purpose="order_updates")
    say("granted", purpose="pickup")
    assert is_refused(ADDRESS, "sms", "arrival")
    assert not is_refused(ADDRESS, "sms", "pickup")


def test_the_same_stop_heard_twice_is_one_line():
    first = stop(address_hash=ADDRESS, channel="sms", method="sms", reference="call:1")
    assert stop(address_hash=ADDRESS, channel="sms", method="sms", reference="call:1") == first
    stop(address_hash=ADDRESS, channel="sms", method="sms", reference="call:2")
    assert ConsentEvent.objects.count() == 2
    assert verify_chain(ADDRESS) == []


def test_the_words_of_many_addresses_are_read_in_one_query(django_assert_num_queries):
    say("revoked", purpose="all")
    say("granted", address_hash="b" * 32, channel="email")
    with django_assert_num_queries(1):
        words = words_of([ADDRESS, "b" * 32, "c" * 32, ""])
    assert words[ADDRESS, "sms"]["all"].status == "revoked"
    assert words["b" * 32, "email"]["order_updates"].status == "granted"
    assert len(words) == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_writers_to_one_log_leave_one_unbroken_chain():
    at_once(8, lambda _number: say("granted"))
    assert ConsentEvent.objects.count() == 8
    assert verify_chain(ADDRESS) == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_same_stop_heard_at_once_is_one_line():
    at_once(6, lambda _: stop(address_hash=ADDRESS, channel="sms", method="sms", reference="c1"))
    assert ConsentEvent.objects.count() == 1
    assert verify_chain(ADDRESS) == []
