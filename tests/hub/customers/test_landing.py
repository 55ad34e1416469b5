"""Source records land once, and each speaks of one profile."""

import pytest
from django.db import connection

from hub.customers.errors import InvalidPhone, UnknownChannel, Unreachable
from hub.customers.models import Contact, IdentityLink, Profile, SourceRecord
from hub.customers.preferences import ranked_channels, set_preferences
from hub.customers.services import land_record, land_words, profile_of, read_word
from hub.errors import Invalid
from tests.racing import at_once

pytestmark = pytest.mark.django_db

ANN = {"name": "Ann Lee", "phone": "+48500123456", "email": "ann@example.com"}


def land(source_id="1001", **said):
    return land_record(**{"source": "channel:web-pl", "source_id": source_id, **ANN, **said})


def test_landing_a_record_again_returns_the_first_unchanged():
    first = land()
    again = land(name="Somebody Else", phone="+48500999888")
    assert again == first
    assert SourceRecord.objects.count() == Contact.objects.count() == Profile.objects.count() == 1


def test_the_same_person_twice_is_one_contact_and_one_profile():
    first, second = land("1"), land("2", name=" ann  LEE ", email="Ann@Example.com")
    assert first.contact == second.contact
    assert profile_of(first) == profile_of(second)


def test_guests_who_share_a_phone_stay_two_profiles():
    ann = land("1", email="")
    ben = land("2", name="Ben Lee", email="")
    assert profile_of(ann) != profile_of(ben)
    assert ann.contact.phone_hash == ben.contact.phone_hash


def test_an_account_keeps_its_profile_when_its_contact_changes():
    first = land("1", account_id="a-7")
    second = land("2", account_id="a-7", phone="+48500999888")
    assert profile_of(first) == profile_of(second)
    assert profile_of(second).contact.phone == "+48500999888"


def test_the_same_account_number_of_another_site_is_another_person():
    here = land("1", account_id="7")
    there = land("2", account_id="7", source="channel:web-fr")
    assert profile_of(here) != profile_of(there)


@pytest.mark.parametrize("account_id", ["0", "-1", "NULL", " guest "])
def test_a_placeholder_account_merges_nobody(account_id):
    ann = land("1", account_id=account_id)
    ben = land("2", account_id=account_id, name="Ben Lee")
    assert profile_of(ann) != profile_of(ben)


def test_nothing_is_stored_when_the_customer_cannot_be_reached():
    with pytest.raises(Unreachable):
        land(phone="", email=" ")
    with pytest.raises(InvalidPhone):
        land(phone="call me")
    assert not Contact.objects.exists()


def test_the_newest_record_that_speaks_of_a_field_wins():
    land("1", locale="pl", timezone="Europe/Warsaw", notify=["email"])
    profile = profile_of(land("2", locale="fr"))
    assert (profile.locale, profile.timezone) == ("fr", "Europe/Warsaw")
    assert ranked_channels(profile) == ["email"]


def test_channels_chosen_with_an_order_are_ranked_as_sent():
    profile = profile_of(land("1", notify=["email", "sms"]))
    assert ranked_channels(profile) == ["email", "sms"]
    land("2", notify=["sms"])
    assert ranked_channels(profile) == ["sms"]


def test_the_customers_own_choice_outranks_what_sites_say():
    profile = profile_of(land("1", notify=["sms"]))
    set_preferences(profile=profile, channels=["email"], source="page")
    land("2", notify=["sms"])
    assert ranked_channels(profile) == ["email"]


@pytest.mark.parametrize("notify", [[], ["fax"], ["sms", "sms"]])
def test_a_choice_of_no_unknown_or_doubled_channels_is_refused(notify):
    with pytest.raises(UnknownChannel):
        land(notify=notify)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"locale": "../../etc"}, "invalid_locale"),
        ({"locale": "x" * 11}, "invalid_locale"),
        ({"timezone": "Mars/Olympus"}, "invalid_timezone"),
        ({"timezone": "\x00"}, "invalid_timezone"),
        ({"account_id": "x" * 121}, "invalid_account"),
        ({"account_id": "a\x00b"}, "invalid_account"),
        ({"account_id": "\ud800"}, "invalid_account"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_code(said, code):
    with pytest.raises(Invalid) as refusal:
        land(**said)
    assert refusal.value.code == code


def test_personal_data_is_sealed_and_found_only_by_hash():
    land("1", payload={"basket": 3})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_jsonb(contact)::text || to_jsonb(record)::text || encode(phone, 'escape') "
            "FROM customers_contact AS contact, customers_sourcerecord AS record"
        )
        everything = cursor.fetchone()[0].lower()
    assert not any(secret in everything for secret in ("lee", "500123456", "ann@"))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_first_orders_of_one_guest_at_once_make_one_contact_and_one_profile():
    at_once(8, lambda number: land(str(number)))
    assert SourceRecord.objects.count() == IdentityLink.objects.filter(active=True).count() == 8
    assert Contact.objects.count() == Profile.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_first_orders_of_one_account_at_once_make_one_profile():
    at_once(8, lambda number: land(str(number), account_id="a-7", name=f"Ann {number}"))
    assert Contact.objects.count() == 8
    assert Profile.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_orders_of_one_account_at_once_the_newest_contact_stands():
    profile = profile_of(land("0", account_id="a-7"))
    at_once(8, lambda number: land(f"1-{number}", account_id="a-7", name=f"Ann {number}"))
    profile.refresh_from_db()
    assert profile.contact == SourceRecord.objects.order_by("pk").last().contact


@pytest.mark.django_db
def test_many_words_land_together_as_one_after_the_other_would():
    words = [
        read_word(source="channel:web-pl", source_id=str(number), **ANN, **said)
        for number, said in enumerate([{"locale": "pl", "notify": ["sms"]}, {"locale": "fr"}])
    ]
    first, second = land_words(words)
    profile = Profile.objects.get()
    assert first.profile_id == second.profile_id == profile.pk
    assert (profile.locale, ranked_channels(profile)) == ("fr", ["sms"])


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_record_landed_many_times_at_once_is_kept_once():
    records = at_once(8, lambda _number: land("1"))
    assert len({record.pk for record in records}) == 1
    assert IdentityLink.objects.count() == 1
