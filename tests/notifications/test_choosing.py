"""The choice of a channel: a table of cases, and what never happens in any case."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.choosing import ChoiceInput, Reach, choose, quiet_until

WARSAW = ZoneInfo("Europe/Warsaw")
HERE = Reach(has_address=True)
NOWHERE = Reach(has_address=False)
LANDLINE = Reach(has_address=True, usable=False)
STOPPED = Reach(has_address=True, refused=True)


def pick(preferred=(), sms=HERE, email=HERE, *, still_true=True, expired=False):
    return choose(
        ChoiceInput(
            still_true=still_true,
            expired=expired,
            preferred=tuple(preferred),
            reaches={"sms": sms, "email": email},
        )
    )


@pytest.mark.parametrize(
    ("asked", "channel", "reason"),
    [
        ({}, "sms", "usual"),
        ({"sms": NOWHERE}, "email", "usual"),
        ({"preferred": ["email"]}, "email", "chosen"),
        ({"preferred": ["email", "sms"]}, "email", "chosen"),
        ({"preferred": ["email", "sms"], "email": NOWHERE}, "sms", "chosen"),
        ({"preferred": ["sms"], "sms": STOPPED}, "email", "usual"),
        ({"preferred": ["sms"], "sms": LANDLINE}, "email", "usual"),
        ({"sms": STOPPED, "email": STOPPED}, "", "no_channel"),
        ({"sms": NOWHERE, "email": NOWHERE}, "", "no_channel"),
        ({"still_true": False}, "", "no_longer_true"),
        ({"expired": True}, "", "expired"),
        ({"still_true": False, "expired": True}, "", "no_longer_true"),
    ],
)
def test_the_first_channel_whose_gates_all_pass_is_taken(asked, channel, reason):
    decision = pick(**asked)
    assert (decision.channel, decision.reason) == (channel, reason)


def test_every_gate_that_was_asked_is_kept_with_its_answer():
    decision = pick(sms=STOPPED)
    asked = [
        (gate["channel"], gate["question"], gate["passed"]) for gate in decision.as_json()["gates"]
    ]
    assert asked == [
        ("", "still_true", True),
        ("", "not_expired", True),
        ("sms", "has_address", True),
        ("sms", "address_usable", True),
        ("sms", "not_refused", False),
        ("email", "has_address", True),
        ("email", "address_usable", True),
        ("email", "not_refused", True),
    ]


reaches = st.builds(Reach, has_address=st.booleans(), usable=st.booleans(), refused=st.booleans())


@given(
    st.lists(st.sampled_from(["sms", "email"]), unique=True),
    reaches,
    reaches,
    st.booleans(),
    st.booleans(),
)
def test_a_refused_or_missing_address_is_never_used_and_a_good_one_never_left_out(
    preferred, sms, email, still_true, expired
):
    decision = pick(preferred, sms, email, still_true=still_true, expired=expired)
    good = {
        name
        for name, reach in {"sms": sms, "email": email}.items()
        if reach.has_address and reach.usable and not reach.refused
    }
    if not still_true or expired:
        assert decision.channel == ""
    else:
        assert bool(decision.channel) == bool(good)
        assert not decision.channel or decision.channel in good


def warsaw(*parts):
    return datetime(*parts, tzinfo=WARSAW)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (warsaw(2026, 11, 18, 20, 59, 59), None),
        (warsaw(2026, 11, 18, 21, 0), warsaw(2026, 11, 19, 8)),
        (warsaw(2026, 11, 19, 0, 0), warsaw(2026, 11, 19, 8)),
        (warsaw(2026, 11, 19, 7, 59, 59), warsaw(2026, 11, 19, 8)),
        (warsaw(2026, 11, 19, 8, 0), None),
        (warsaw(2026, 12, 31, 23, 0), warsaw(2027, 1, 1, 8)),
        (warsaw(2026, 3, 28, 22, 0), warsaw(2026, 3, 29, 8)),  # an hour less to sleep
        (warsaw(2026, 10, 24, 22, 0), warsaw(2026, 10, 25, 8)),  # and one more
    ],
)
def test_nights_last_from_nine_to_eight_on_the_clocks_of_the_store(at, until):
    found = quiet_until(at.astimezone(UTC), WARSAW)
    assert found == until
    if at.date() in (date(2026, 3, 28), date(2026, 10, 24)):
        assert found - at.astimezone(UTC) == timedelta(hours=9 if at.month == 3 else 11)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(
        lambda at: at.replace(tzinfo=UTC)
    )
)
def test_the_morning_is_never_far_nor_itself_at_night(at):
    for zone in (WARSAW, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")):
        until = quiet_until(at, zone)
        if until is not None:
            assert at < until <= at + timedelta(hours=12)
            assert quiet_until(until, zone) is None
