"""What a customer chose on his page outranks what sites say of him."""

import pytest

from hub.customers.errors import InvalidLocale, UnknownChannel
from hub.customers.models import Preference
from hub.customers.preferences import (
    choose_channels,
    choose_language,
    locale_for,
    ranked_channels,
)
from hub.customers.services import land_record, profile_of, rebuild

pytestmark = pytest.mark.django_db
SAID = {"source": "site", "account_id": "a-1", "name": "Ann", "phone": "+48500123456", "email": ""}


def customer(number=1, **values):
    return profile_of(land_record(source_id=f"order-{number}", **SAID | values))


def test_the_language_of_the_page_outlives_every_later_order():
    profile = customer(locale="fr")
    choose_language(profile=profile, locale="pl_PL")
    again = customer(2, locale="ru")
    rebuild(again)
    assert (again.chosen_locale, again.locale_source, again.locale) == ("pl-PL", "page", "ru")
    assert locale_for(again, said="fr", usual="en") == "pl-PL"


def test_without_a_choice_the_order_speaks_then_the_records_then_the_store():
    profile = customer(locale="fr")
    assert locale_for(profile, said="ru", usual="en") == "ru"
    assert locale_for(profile, usual="en") == "fr"
    profile.locale = ""
    assert locale_for(profile, usual="en") == "en"


def test_choosing_the_same_language_again_changes_nothing():
    profile = customer()
    first = choose_language(profile=profile, locale="es").version
    assert choose_language(profile=profile, locale="es").version == first


@pytest.mark.parametrize("locale", ["", "  ", "<b>", "x" * 40, "p\x00l"])
def test_an_odd_language_is_refused(locale):
    profile = customer()
    with pytest.raises(InvalidLocale):
        choose_language(profile=profile, locale=locale)
    profile.refresh_from_db()
    assert profile.chosen_locale == ""


def test_the_channels_of_the_page_outlive_every_later_order():
    profile = customer(notify=["sms"])
    choose_channels(profile=profile, channels=["email", "sms"])
    customer(2, notify=["sms"])
    assert ranked_channels(profile) == ["email", "sms"]
    assert {row.source for row in Preference.objects.filter(profile=profile)} == {"page"}
    for odd in ([], ["pigeon"], ["sms", "sms"]):
        with pytest.raises(UnknownChannel):
            choose_channels(profile=profile, channels=odd)
