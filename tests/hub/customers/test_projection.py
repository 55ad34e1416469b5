"""A profile is what its records say: links moved away and back leave no trace."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.customers.models import IdentityLink, Profile
from hub.customers.preferences import ranked_channels
from hub.customers.services import land_record, rebuild
from hub.customers.services.projection import portray
from hub.ids import new_id

PHONES = ["+48500123456", "+33639981234"]


def test_records_are_folded_field_by_field():
    portrait = portray([(2, {"locale": ""}), (1, {"locale": "fr", "notify": ["sms"]})])
    assert (portrait.contact_id, portrait.locale, portrait.notify) == (2, "fr", ["sms"])


def test_a_profile_without_records_says_nothing():
    portrait = portray([])
    assert (portrait.contact_id, portrait.locale, portrait.notify) == (None, "", None)


records = st.lists(
    st.fixed_dictionaries(
        {
            "account_id": st.sampled_from(["a", "b"]),
            "phone": st.sampled_from(PHONES),
            "locale": st.sampled_from(["", "pl", "fr"]),
            "timezone": st.sampled_from(["", "Europe/Paris"]),
            "notify": st.sampled_from([None, ["sms"], ["email", "sms"]]),
        }
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(said=records, moves=st.lists(st.integers(0, 5), max_size=4))
def test_moving_links_and_moving_them_back_equals_the_start(said, moves):
    source = new_id("test")
    landed = [
        land_record(source=source, source_id=str(n), name="Ann", email="", **one)
        for n, one in enumerate(said)
    ]
    profiles = list(Profile.objects.filter(links__record__in=landed).distinct())
    before = [state(profile) for profile in profiles]
    target = Profile.objects.create()
    moved = {landed[index % len(landed)] for index in moves}
    homes = {record: move(record, target) for record in moved}
    for record, home in homes.items():
        move(record, home)
    assert [state(profile) for profile in profiles] == before
    assert state(target) == (None, "", "", [])


def state(profile):
    profile.refresh_from_db()
    return profile.contact_id, profile.locale, profile.timezone, ranked_channels(profile)


def move(record, target):
    old = IdentityLink.objects.select_related("profile").get(record=record, active=True)
    IdentityLink.objects.filter(pk=old.pk).update(active=False)
    IdentityLink.objects.create(record=record, profile=target, rule="manual")
    rebuild(old.profile)
    rebuild(target)
    return old.profile


@pytest.mark.django_db
def test_rebuilding_an_unchanged_profile_keeps_its_version():
    record = land_record(source="s", source_id="1", name="Ann", phone=PHONES[0], email="")
    profile = record.links.get().profile
    version = profile.version
    assert rebuild(profile).version == version
