"""Standard Webhooks: the published vector, the public library as judge, odd input."""

import base64
import time

import pytest
from standardwebhooks.webhooks import Webhook

from hub.connectors.signing import (
    SignatureError,
    derived_secret,
    key_of,
    new_secret,
    sign,
    verify,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def signed(secret=SECRET, body=BODY, **changes):
    return sign(secrets=[secret], message_id="msg_1", body=body) | changes


def test_the_published_vector_gives_the_published_signature():
    headers = sign(
        secrets=[SECRET], message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", body=BODY, at=1614265330
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_public_library_accepts_what_the_hub_signs():
    secret, body = new_secret(), '{"name": "Zażółć"}'.encode()
    assert Webhook(secret).verify(body, signed(secret, body)) == {"name": "Zażółć"}


def test_the_hub_accepts_its_own_signature_and_tells_the_message_id():
    assert verify(secrets=[SECRET], headers=signed(), body=BODY) == "msg_1"


def test_while_a_secret_is_replaced_both_are_good():
    old, new = new_secret(), new_secret()
    headers = sign(secrets=[new, old], message_id="msg_1", body=BODY)
    for secret in (old, new):
        assert verify(secrets=[secret], headers=headers, body=BODY) == "msg_1"
        Webhook(secret).verify(BODY, headers)
    assert verify(secrets=[new, old], headers=signed(old), body=BODY) == "msg_1"


@pytest.mark.parametrize("seconds", [-299, 299])
def test_a_timestamp_within_five_minutes_is_accepted(seconds):
    headers = sign(secrets=[SECRET], message_id="msg_1", body=BODY, at=time.time() + seconds)
    assert verify(secrets=[SECRET], headers=headers, body=BODY)


@pytest.mark.parametrize("seconds", [-302, 302, -(10**9)])
def test_a_replayed_or_future_call_is_refused(seconds):
    headers = sign(secrets=[SECRET], message_id="msg_1", body=BODY, at=time.time() + seconds)
    with pytest.raises(SignatureError):
        verify(secrets=[SECRET], headers=headers, body=BODY)


NOW = str(int(time.time()))
ODD = [
    {"webhook-id": ""},
    {"webhook-id": "msg_2"},
    {"webhook-id": "a b"},
    {"webhook-id": "é"},
    {"webhook-id": "m" * 121},
    {"webhook-id": "msg_1\n"},
    {"webhook-timestamp": ""},
    {"webhook-timestamp": "now"},
    {"webhook-timestamp": "+" + NOW},
    {"webhook-timestamp": NOW + ".9"},
    {"webhook-timestamp": NOW + "\n"},
    {"webhook-timestamp": "1e9"},
    {"webhook-timestamp": "١٧٠٠٠٠٠٠٠٠"},
    {"webhook-timestamp": "9" * 400},
    {"webhook-timestamp": "-1"},
    {"webhook-timestamp": "nan"},
    {"webhook-signature": ""},
    {"webhook-signature": "v1"},
    {"webhook-signature": "v1,"},
    {"webhook-signature": "v1,not base64"},
    {"webhook-signature": "v1,%%%"},
    {"webhook-signature": "v1,YQ"},
    {"webhook-signature": "v1,YQ=="},
    {"webhook-signature": "v1,ü"},
    {"webhook-signature": "v2," + base64.b64encode(b"a" * 32).decode()},
    {"webhook-signature": ",,, ,"},
    {"webhook-signature": "v1," + base64.b64encode(b"a" * 32).decode()},
]


@pytest.mark.parametrize("change", ODD)
def test_odd_headers_are_refused_and_nothing_else_is_raised(change):
    with pytest.raises(SignatureError):
        verify(secrets=[SECRET], headers=signed(**change), body=BODY)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_refused(missing):
    headers = signed()
    del headers[missing]
    with pytest.raises(SignatureError):
        verify(secrets=[SECRET], headers=headers, body=BODY)


def test_another_body_or_secret_is_refused():
    for secret, body in ((SECRET, BODY + b" "), (new_secret(), BODY)):
        with pytest.raises(SignatureError):
            verify(secrets=[secret], headers=signed(), body=body)


def test_bytes_that_are_no_text_are_signed_and_verified_as_they_are():
    body = b"\xff\x00\xfe"
    assert verify(secrets=[SECRET], headers=signed(body=body), body=body) == "msg_1"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_YQ==", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_a_malformed_secret_of_ours_accepts_nothing(secret):
    with pytest.raises(ValueError, match="whsec_"):
        key_of(secret)
    with pytest.raises(SignatureError):
        verify(secrets=[secret], headers=signed(), body=BODY)


def test_derived_secrets_are_stable_valid_and_differ_by_purpose():
    assert derived_secret("sms:a") == derived_secret("sms:a") != derived_secret("sms:b")
    assert len(key_of(derived_secret("sms:a"))) == 32
