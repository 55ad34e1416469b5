"""The choice of a channel: a table of cases, and what never happens in any case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.choosing import ChoiceInput, Reach, choose

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
