"""The choice of a channel: a table of cases, and what never happens in any case."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.choosing import RULES, ChoiceInput, Reach, choose, quiet_until

WARSAW = ZoneInfo("Europe/Warsaw")
NOON = datetime(2026, 11, 18, 11, tzinfo=UTC)
NIGHT = datetime(2026, 11, 18, 22, tzinfo=UTC)
HERE = Reach(has_address=True)
NOWHERE = Reach(has_address=False)
LANDLINE = Reach(has_address=True, takes_texts=False)
STOPPED = Reach(has_address=True, refused=True)
BOUNCED = Reach(has_address=True, works=False)
ABROAD = Reach(has_address=True, region_allowed=False)
FLOODED = Reach(has_address=True, within_limits=False)
DOWN = Reach(has_address=True, provider_available=False)
DEAR = Reach(has_address=True, affordable=False)


def pick(preferred=(), sms=HERE, email=HERE, **more):
    said = {
        "still_true": True,
        "expired": False,
        "now": NOON,
        "preferred": tuple(preferred),
        "reaches": {"sms": sms, "email": email},
        "zone": "Europe/Warsaw",
    }
    return choose(ChoiceInput(**(said | more)))


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
        ({"sms": BOUNCED}, "email", "usual"),
        ({"sms": ABROAD}, "email", "usual"),
        ({"sms": FLOODED}, "email", "usual"),
        ({"sms": DOWN}, "email", "usual"),
        ({"sms": DEAR}, "email", "usual"),
        ({"unwanted": {"sms"}}, "email", "usual"),
        ({"excluded": {"sms"}}, "email", "usual"),
        ({"preferred": ["sms"], "excluded": {"sms"}}, "email", "usual"),
        ({"sms": STOPPED, "email": STOPPED}, "", "no_channel"),
        ({"sms": NOWHERE, "email": NOWHERE}, "", "no_channel"),
        ({"sms": STOPPED, "email": BOUNCED}, "", "no_channel"),
        ({"excluded": {"sms", "email"}}, "", "no_channel"),
        ({"unwanted": {"sms", "email"}}, "", "unwanted"),
        ({"unwanted": {"sms"}, "email": NOWHERE}, "", "unwanted"),
        ({"sms": DEAR, "email": NOWHERE}, "", "spend_cap"),
        ({"sms": FLOODED, "email": NOWHERE}, "", "number_limit"),
        ({"sms": DOWN, "email": DOWN}, "", "no_provider"),
        ({"paused_until": NOON + timedelta(days=1)}, "", "paused"),
        ({"paused_until": NOON}, "sms", "usual"),
        ({"still_true": False}, "", "no_longer_true"),
        ({"expired": True}, "", "expired"),
        ({"still_true": False, "expired": True}, "", "no_longer_true"),
    ],
)
def test_the_first_channel_whose_gates_all_pass_is_taken(asked, channel, reason):
    decision = pick(**asked)
    assert (decision.channel, decision.reason) == (channel, reason)


@pytest.mark.parametrize(
    ("asked", "channel"),
    [
        ({"unwanted": {"sms", "email"}}, "sms"),
        ({"paused_until": NOON + timedelta(days=1)}, "sms"),
        ({"preferred": ["email"], "unwanted": {"sms"}}, "email"),
        ({"sms": STOPPED, "unwanted": {"email"}}, "email"),
        ({"sms": STOPPED, "email": STOPPED}, ""),
        ({"sms": STOPPED, "email": NOWHERE}, ""),
        ({"still_true": False}, ""),
    ],
)
def test_what_is_critical_asks_no_wish_and_no_pause_but_never_overrides_a_stop(asked, channel):
    assert pick(critical=True, **asked).channel == channel


def test_every_gate_that_was_asked_is_kept_with_its_answer_and_what_it_rests_on():
    dead = Reach(has_address=True, works=False, inputs={"address_works": {"reason": "hard_bounce"}})
    kept = pick(["email"], email=dead, sms=STOPPED, group="pickup").as_json()
    assert json.loads(json.dumps(kept)) == kept
    assert kept["rules"] == RULES
    assert (kept["channel"], kept["reason"], kept["group"]) == ("", "no_channel", "pickup")
    assert kept["order"] == ["email", "sms"]
    asked = [(gate["channel"], gate["question"], gate["passed"]) for gate in kept["gates"]]
    assert asked == [
        ("", "still_true", True),
        ("", "not_expired", True),
        ("email", "not_tried", True),
        ("email", "has_address", True),
        ("email", "takes_texts", True),
        ("email", "region_allowed", True),
        ("email", "address_works", False),
        ("sms", "not_tried", True),
        ("sms", "has_address", True),
        ("sms", "takes_texts", True),
        ("sms", "region_allowed", True),
        ("sms", "address_works", True),
        ("sms", "not_refused", False),
    ]
    assert kept["gates"][6]["inputs"] == {"reason": "hard_bounce"}


def test_the_wish_that_ruled_a_channel_out_is_kept():
    gates = pick(unwanted={"sms"}, paused_until=None).as_json()["gates"]
    assert next(one for one in gates if not one["passed"])["inputs"] == {"rank": 0}
    later = NOON + timedelta(hours=1)
    gates = pick(["sms"], paused_until=later).as_json()["gates"]
    said = next(one for one in gates if not one["passed"])["inputs"]
    assert said == {"rank": 1, "paused_until": later.isoformat()}


def test_what_can_wait_is_put_off_to_the_morning_where_the_customer_lives():
    asked = {"waits_at_night": True, "now": NIGHT, "zone_source": "page"}
    decision = pick(**asked)
    assert decision.channel == "sms"
    assert decision.defer_until == datetime(2026, 11, 19, 7, tzinfo=UTC)
    last = decision.as_json()["gates"][-1]
    assert (last["question"], last["passed"]) == ("awake", False)
    assert (last["inputs"]["zone"], last["inputs"]["zone_source"]) == ("Europe/Warsaw", "page")
    assert pick(**asked | {"zone": "America/New_York"}).defer_until is None


@pytest.mark.parametrize("more", [{"waits_at_night": False}, {"critical": True}, {"now": NOON}])
def test_nothing_else_is_put_off(more):
    assert pick(**({"waits_at_night": True, "now": NIGHT} | more)).defer_until is None


CHANNELS = st.sampled_from(["sms", "email"])
ANSWERS = [
    *("has_address", "takes_texts", "region_allowed", "works", "refused"),
    *("within_limits", "provider_available", "affordable"),
]
reaches = st.builds(Reach, **{name: st.booleans() for name in ANSWERS})
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(
    lambda at: at.replace(tzinfo=UTC)
)
zones = st.sampled_from(
    [
        *("Europe/Warsaw", "Europe/Paris", "America/New_York", "America/Santiago"),
        *("Asia/Kolkata", "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Chatham"),
        *("Africa/Cairo", "Africa/Casablanca", "Pacific/Kiritimati", "America/St_Johns", "UTC"),
    ]
)
inputs = st.builds(
    ChoiceInput,
    still_true=st.booleans(),
    expired=st.booleans(),
    now=moments,
    preferred=st.lists(CHANNELS, unique=True).map(tuple),
    reaches=st.fixed_dictionaries({"sms": reaches, "email": reaches}),
    unwanted=st.frozensets(CHANNELS),
    excluded=st.frozensets(CHANNELS),
    critical=st.booleans(),
    paused_until=st.none() | moments,
    waits_at_night=st.booleans(),
    zone=zones,
)


def may_take(asked, channel):
    reach = asked.reaches[channel]
    works = all(getattr(reach, name) for name in ANSWERS if name != "refused")
    paused = asked.paused_until is not None and asked.paused_until > asked.now
    wanted = asked.critical or not (paused or channel in asked.unwanted)
    return works and not reach.refused and wanted and channel not in asked.excluded


@given(inputs)
def test_a_channel_that_may_not_be_used_never_is_and_one_that_may_is_never_left_out(asked):
    decision = choose(asked)
    good = {channel for channel in ("sms", "email") if may_take(asked, channel)}
    if not asked.still_true or asked.expired:
        assert decision.channel == ""
    else:
        assert bool(decision.channel) == bool(good)
        assert not decision.channel or decision.channel in good
    first = next((channel for channel in asked.preferred if channel in good), None)
    if first and decision.channel:
        assert decision.channel == first


@given(inputs)
def test_a_refused_channel_is_never_chosen_not_even_by_what_is_critical(asked):
    decision = choose(asked)
    assert not decision.channel or not asked.reaches[decision.channel].refused


@given(inputs)
def test_the_same_facts_lead_to_the_same_decision_and_it_explains_itself(asked):
    decision = choose(asked)
    assert decision == choose(asked)
    kept = decision.as_json()
    assert json.loads(json.dumps(kept)) == kept
    of_message = [gate for gate in kept["gates"] if gate["question"] != "awake"]
    if decision.channel:
        taken = [gate for gate in of_message if gate["channel"] == decision.channel]
        assert all(gate["passed"] for gate in taken)
    else:
        assert not of_message[-1]["passed"]


@given(inputs)
def test_what_waits_at_night_leaves_between_eight_and_nine_where_the_customer_lives(asked):
    decision = choose(asked)
    leaves = (decision.defer_until or asked.now).astimezone(ZoneInfo(asked.zone))
    if decision.channel and asked.waits_at_night and not asked.critical:
        assert 8 <= leaves.hour < 21
    else:
        assert decision.defer_until is None


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


@pytest.mark.parametrize(
    ("zone", "evening", "hours"),
    [
        ("America/New_York", (2026, 3, 7, 21), 10),  # spring forward at 2:00
        ("America/New_York", (2026, 10, 31, 21), 12),  # and back
        ("Africa/Cairo", (2026, 4, 23, 21), 10),  # the hour after midnight is missing
        ("America/Santiago", (2026, 4, 4, 21), 12),  # the hour before midnight comes twice
        ("Australia/Lord_Howe", (2026, 10, 3, 21), 10.5),  # half an hour is enough there
        ("Asia/Kolkata", (2026, 3, 28, 21), 11),  # clocks never change
    ],
)
def test_a_night_is_as_long_as_the_clocks_of_the_place_make_it(zone, evening, hours):
    at = datetime(*evening, tzinfo=ZoneInfo(zone))
    until = quiet_until(at.astimezone(UTC), ZoneInfo(zone))
    assert until - at.astimezone(UTC) == timedelta(hours=hours)
    assert until.astimezone(ZoneInfo(zone)).hour == 8


@given(moments, zones)
def test_the_morning_is_never_far_nor_itself_at_night(at, zone):
    until = quiet_until(at, ZoneInfo(zone))
    if until is not None:
        assert at < until <= at + timedelta(hours=12)
        assert quiet_until(until, ZoneInfo(zone)) is None
