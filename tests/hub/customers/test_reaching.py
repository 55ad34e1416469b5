"""How customers want to be reached and may be, read together."""

from datetime import timedelta

import pytest

from hub import clock
from hub.customers.consent import stop
from hub.customers.health import note_failure
from hub.customers.models import Preference, Profile
from hub.customers.preferences import set_preferences
from hub.customers.reaching import addresses_of, standing_of
from hub.customers.services import land_record, profile_of

pytestmark = pytest.mark.django_db


def customer(number=1, **said):
    values = {"name": "Ann", "phone": f"+4850012345{number}", "email": f"ann{number}@example.com"}
    record = land_record(source="channel:web", source_id=f"W-{number}", **(values | said))
    profile = profile_of(record)
    return profile, record.contact


def standing(profile, contact):
    pair = (profile.pk, contact.pk)
    return standing_of(pairs=[pair])[pair]


def test_a_group_without_a_choice_of_its_own_follows_the_order_updates():
    profile, contact = customer(notify=["email", "sms"])
    Preference.objects.create(profile=profile, purpose="arrival", channel="sms", rank=1)
    Preference.objects.create(profile=profile, purpose="arrival", channel="email", rank=0)
    found = standing(profile, contact)
    assert found.preferred("pickup") == ("email", "sms")
    assert found.unwanted("pickup") == frozenset()
    assert found.preferred("arrival") == ("sms",)
    assert found.unwanted("arrival") == {"email"}


def test_who_chose_nothing_prefers_nothing_and_rules_nothing_out():
    found = standing(*customer())
    assert (found.preferred("pickup"), found.unwanted("pickup")) == ((), frozenset())
    assert found.zone("Europe/Warsaw") == ("Europe/Warsaw", "store")
    assert not found.refused("sms", "pickup")


def test_what_the_customer_said_of_himself_is_read_with_its_source():
    profile, contact = customer(locale="pl")
    later = clock.now() + timedelta(days=1)
    Profile.objects.update(
        chosen_locale="fr",
        locale_source="sms",
        chosen_timezone="Europe/Paris",
        timezone_source="page",
        paused_until=later,
    )
    found = standing(profile, contact)
    assert (found.chosen_locale, found.locale_source, found.records_locale) == ("fr", "sms", "pl")
    assert found.zone("Europe/Warsaw") == ("Europe/Paris", "page")
    assert found.paused_until == later


def test_a_stop_and_a_dead_address_are_read_with_it():
    profile, contact = customer()
    stop(address_hash=contact.phone_hash, channel="sms", method="sms")
    note_failure(
        address_hash=contact.email_hash, channel="email", reason="hard_bounce", permanent=True
    )
    found = standing(profile, contact)
    assert found.refused("sms", "pickup")
    assert not found.refused("email", "pickup")
    email = found.addresses["email"]
    assert (email.works, email.state, email.reason) == (False, "dead", "hard_bounce")
    assert found.addresses["sms"].works


def test_the_contact_of_the_order_counts_not_the_newest_of_the_profile():
    profile, first = customer(account_id="A1")
    _, second = customer(2, account_id="A1")
    stop(address_hash=first.phone_hash, channel="sms", method="sms")
    assert standing(profile, first).refused("sms", "pickup")
    assert not standing(profile, second).refused("sms", "pickup")


def test_any_number_of_customers_takes_five_queries(django_assert_num_queries):
    people = [customer(number) for number in range(1, 9)]
    for profile, _ in people:
        set_preferences(profile=profile, channels=["email"], source="page")
    pairs = [(profile.pk, contact.pk) for profile, contact in people]
    with django_assert_num_queries(5):
        found = standing_of(pairs=pairs * 3)
    assert all(found[pair].preferred("pickup") == ("email",) for pair in pairs)


def test_nobody_in_particular_has_chosen_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        found = standing_of(pairs=[(None, None)])[None, None]
    assert found.preferred("pickup") == ()
    assert not found.refused("sms", "pickup")


def test_an_address_without_a_contact_can_be_asked_about():
    address = "d" * 32
    stop(address_hash=address, channel="sms", method="sms")
    found = addresses_of([address, ""])
    assert found[address, "sms"].refuses("order_updates")
    assert not found[address, "email"].refuses("order_updates")
