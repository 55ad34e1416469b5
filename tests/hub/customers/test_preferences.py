"""What a customer chose on his page outranks what sites say of him."""

from datetime import timedelta

import pytest
from django.db import connection

from hub import clock
from hub.customers.errors import (
    InvalidLocale,
    InvalidTimezone,
    PauseInvalid,
    UnknownChannel,
    UnknownGroup,
)
from hub.customers.models import Preference
from hub.customers.preferences import (
    LONGEST_PAUSE,
    choices_of,
    choose_channels,
    choose_grid,
    choose_language,
    choose_timezone,
    locale_for,
    pause,
    ranked_channels,
    resume,
    unwanted_channels,
)
from hub.customers.purposes import GROUPS
from hub.customers.services import land_record, profile_of, rebuild
from hub.invariants import shipped
from tests.racing import at_once

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


def gaps():
    statement = next(one.sql for one in shipped() if one.name == "preference_ranks_gapless")
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("%", "%%"))
        return cursor.fetchall()


def test_a_grid_ranks_what_is_listed_and_rules_the_rest_out():
    profile = customer()
    choices = {"order_updates": ["email", "sms"], "pickup": ["sms"], "afterwards": []}
    choose_grid(profile=profile, choices=choices)
    assert choices_of(profile) == dict.fromkeys(GROUPS) | choices
    assert ranked_channels(profile) == ["email", "sms"]
    assert unwanted_channels(profile, "pickup") == ["email"]
    assert unwanted_channels(profile, "afterwards") == ["email", "sms"]
    assert unwanted_channels(profile, "arrival") == []
    assert gaps() == []


def test_a_group_gives_its_own_choice_up_and_the_others_stay():
    profile = customer()
    choose_grid(profile=profile, choices={"pickup": ["sms"], "arrival": ["email"]})
    choose_grid(profile=profile, choices={"pickup": None})
    assert choices_of(profile)["pickup"] is None
    assert choices_of(profile)["arrival"] == ["email"]


@pytest.mark.parametrize(
    ("choices", "error"),
    [
        ({"marketing": ["sms"]}, UnknownGroup),
        ({"pickup": ["sms"], "arrival": ["pigeon"]}, UnknownChannel),
        ({"pickup": ["sms", "sms"]}, UnknownChannel),
    ],
)
def test_an_odd_grid_is_refused_whole(choices, error):
    profile = customer()
    with pytest.raises(error):
        choose_grid(profile=profile, choices=choices)
    assert not Preference.objects.exists()


def test_silence_chosen_on_the_page_outlives_every_later_order():
    profile = customer(notify=["sms"])
    choose_grid(profile=profile, choices={"order_updates": []})
    customer(2, notify=["sms", "email"])
    assert choices_of(profile)["order_updates"] == []


def test_who_gives_his_choice_up_is_followed_by_the_next_order_again():
    profile = customer(notify=["sms"])
    choose_grid(profile=profile, choices={"order_updates": ["email"]})
    choose_grid(profile=profile, choices={"order_updates": None})
    customer(2, notify=["sms"])
    assert choices_of(profile)["order_updates"] == ["sms"]


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_pause_lies_ahead_and_within_a_year(days):
    profile = customer()
    with pytest.raises(PauseInvalid):
        pause(profile=profile, until=clock.now() + timedelta(days=days))
    assert profile.paused_until is None


def test_a_pause_is_made_and_ended():
    profile = customer()
    until = clock.now() + LONGEST_PAUSE - timedelta(minutes=1)
    assert pause(profile=profile, until=until).paused_until == until
    assert resume(profile=profile).paused_until is None


def test_a_zone_is_chosen_with_its_source_and_outlives_every_later_order():
    profile = customer(timezone="Europe/Warsaw")
    choose_timezone(profile=profile, timezone="Asia/Tokyo")
    again = customer(2, timezone="Europe/Paris")
    assert (again.chosen_timezone, again.timezone_source) == ("Asia/Tokyo", "page")
    with pytest.raises(InvalidTimezone):
        choose_timezone(profile=profile, timezone="Moon/Base")
    assert choose_timezone(profile=profile, timezone="").timezone_source == ""


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_grids_chosen_at_once_end_as_one_of_them():
    profile = customer()
    grids = [
        {group: ["sms", "email"] for group in GROUPS},
        {group: ["email"] for group in reversed(GROUPS)},
        {group: ["email", "sms"] for group in GROUPS},
    ]

    def choose_often(number):
        for turn in range(8):
            choose_grid(profile=profile, choices=grids[(number + turn) % 3])

    at_once(6, choose_often)
    chosen = choices_of(profile)
    assert chosen in [{group: grid[group] for group in chosen} for grid in grids]
    assert Preference.objects.count() == 2 * len(GROUPS)
    assert gaps() == []
