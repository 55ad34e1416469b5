"""API keys: who gets in, what they may do, and how soon a revoked one stays out."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.api import auth
from hub.api.keys import UnknownScope, create_key, revoke_key
from hub.api.models import ApiKey
from tests.hub.api.conftest import Api

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("probes")]


def test_only_the_hash_of_a_key_is_kept(key_and_secret):
    key, secret = key_and_secret

    kept = " ".join(str(value) for value in ApiKey.objects.filter(pk=key.pk).values()[0].values())

    assert secret.startswith("cbk_live_")
    assert len(secret) >= 50
    assert secret not in kept
    assert secret[9:30] not in kept


def test_a_test_key_is_told_by_its_prefix(channel):
    _, secret = create_key(channel=channel, name="t", scopes=["orders:read"], is_test=True)

    caller = auth.caller_of(secret)

    assert secret.startswith("cbk_test_")
    assert caller is not None
    assert caller.is_test
    assert caller.channel == channel


def test_a_scope_that_does_not_exist_makes_no_key(channel):
    with pytest.raises(UnknownScope):
        create_key(channel=channel, name="t", scopes=["orders:everything"])

    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer cbk_live_short",
        "Bearer cbk_live_" + "x" * 43,
        "Bearer cbk_live_" + "x" * 5000,
        "Bearer cbk_live_é" + "x" * 43,
        "Token cbk_live_" + "x" * 43,
    ],
)
def test_a_wrong_key_is_refused_with_a_challenge(api, header):
    answer = api.get("/v1/probe", Authorization=header)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"


def test_a_known_key_costs_no_query(api):
    api.get("/v1/probe")

    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = api.get("/v1/probe")

    assert answer.status_code == 200
    assert len(queries) == 0


def test_a_wrong_key_is_looked_up_once_and_then_remembered():
    stranger = Api("cbk_live_" + "y" * 43)
    stranger.get("/v1/probe")

    with CaptureQueriesContext(connection) as queries:
        stranger.get("/v1/probe")

    assert len(queries) == 0


def test_a_revoked_key_is_refused_within_five_seconds(api, key, monkeypatch):
    assert api.get("/v1/probe").status_code == 200
    revoke_key(key=key)
    now = time.monotonic()

    monkeypatch.setattr(time, "monotonic", lambda: now + 4.9)

    assert api.get("/v1/probe").status_code == 401


def test_a_key_of_a_closed_channel_is_refused(api, key, channel):
    channel.active = False
    channel.save(update_fields=["active"])

    assert api.get("/v1/probe").status_code == 401


def test_a_flood_of_wrong_keys_pushes_out_no_right_one(key_and_secret, monkeypatch):
    monkeypatch.setattr(auth, "REMEMBERED_KEYS", 5)
    auth.caller_of(key_and_secret[1])

    for number in range(20):
        auth.caller_of(f"cbk_live_{number:043}")

    assert len(auth._wrong._answers) <= 6
    with CaptureQueriesContext(connection) as queries:
        assert auth.caller_of(key_and_secret[1])
    assert len(queries) == 0


def test_use_is_recorded_once_a_minute_at_most(key_and_secret, monkeypatch):
    key, secret = key_and_secret
    auth.caller_of(secret)
    key.refresh_from_db()
    first, now = key.last_used_at, time.monotonic()

    monkeypatch.setattr(time, "monotonic", lambda: now + 10)
    auth.caller_of(secret)

    key.refresh_from_db()
    assert first is not None
    assert key.last_used_at == first


def test_a_key_without_the_scope_is_told_which_one_it_lacks(channel):
    _, secret = create_key(channel=channel, name="reader", scopes=["orders:read"])

    answer = Api(secret).post("/v1/probe", {"bucket": "b"})

    assert answer.status_code == 403
    assert answer.json()["code"] == "missing_scope"
    assert answer.json()["scope"] == "orders:write"


def test_a_method_whose_scope_was_forgotten_is_closed(api):
    assert api.get("/v1/forgotten").status_code == 403


def test_a_caller_bound_to_stores_may_use_only_those(channel):
    caller = auth.Caller(1, "key_1", channel, frozenset(), frozenset({7}), is_test=False)

    assert caller.may_use(7)
    assert not caller.may_use(8)
