"""What e-mail services tell of mails, in the shapes of those that django-anymail understands."""

import base64
import json

import pytest

from hub.inbox.models import InboundCall
from hub.providers.services import account_named
from tests.factories import make_provider
from tests.hub.inbox.calling import call, kept, kinds

pytestmark = pytest.mark.django_db

DELIVERED = {
    "RecordType": "Delivery",
    "MessageID": "pm-1",
    "Recipient": "ann@example.com",
    "DeliveredAt": "2026-11-22T10:00:00Z",
    "Details": "250 ok",
    "Metadata": {"reference": "msg_1"},
}
BOUNCED = {
    "RecordType": "Bounce",
    "Type": "HardBounce",
    "ID": 42,
    "MessageID": "pm-1",
    "Email": "ann@example.com",
    "BouncedAt": "2026-11-22T10:00:00Z",
    "Description": "no such user",
    "Metadata": {"reference": "msg_1"},
}


@pytest.fixture(autouse=True)
def postmark(settings):
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "t"}


def post(value, *, secret=None, name="email", content_type="application/json"):
    secret = secret or account_named("email", channel="email").callback_secrets[0]
    pair = base64.b64encode(f"hub:{secret}".encode()).decode()
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    path = f"/hooks/email/{name}"
    return call("POST", path, body, content_type, authorization=f"Basic {pair}")


@pytest.mark.parametrize(
    ("event", "kind", "code"),
    [
        (DELIVERED, "message.delivered", "delivered"),
        (BOUNCED, "message.undelivered", "bounced"),
        (DELIVERED | {"RecordType": "Open"}, "message.opened", "opened"),
        (BOUNCED | {"RecordType": "SpamComplaint"}, "message.undelivered", "bounced"),
        (
            BOUNCED | {"RecordType": "SpamComplaint", "Type": "SpamComplaint"},
            "message.complained",
            "spam",
        ),
    ],
)
def test_an_event_is_kept_in_the_canonical_form(event, kind, code):
    assert post(event).status_code == 200
    assert kept()[0]["type"] == kind
    data = kept()[0]["data"]
    assert (data["reference"], data["provider_reference"], data["code"]) == ("msg_1", "pm-1", code)
    assert InboundCall.objects.get().source == "email:email"


def test_a_repeat_is_kept_once_and_clicks_not_at_all():
    for event in (DELIVERED, DELIVERED, DELIVERED | {"RecordType": "Click"}):
        assert post(event).status_code == 200
    assert kinds() == ["message.delivered"]


def test_two_secrets_are_good_while_one_is_replaced():
    make_provider(
        name="mail", channel="email", callback_secret="new", previous_callback_secret="old"
    )
    codes = [post(DELIVERED, secret=one, name="mail").status_code for one in ("new", "old", "x")]
    assert codes == [200, 200, 401]


@pytest.mark.parametrize("header", ["", "Basic", "Basic é", "Bearer x", "Basic " + "A" * 5000])
def test_without_the_secret_nothing_is_believed(header):
    body = json.dumps(DELIVERED).encode()
    reply = call("POST", "/hooks/email/email", body, "application/json", authorization=header)
    assert (reply.status_code, reply.json()["code"]) == (401, "bad_signature")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\xff", 400),
        (b"[]", 400),
        (b"{}", 200),
        (b'{"RecordType": "Inbound"}', 400),
        (b'{"RecordType": {}}', 400),
        (b'{"RecordType": "Delivery", "DeliveredAt": 7}', 400),
        (b'{"a": "\\u0000"}', 400),
        (b"[" * 100_000, 400),
    ],
)
def test_an_authentic_body_that_makes_no_sense_is_no_fault(body, status):
    assert post(body).status_code == status
    assert InboundCall.objects.count() == 0


def test_a_service_that_tells_nothing_has_nothing_to_say(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert post(DELIVERED).status_code == 401
