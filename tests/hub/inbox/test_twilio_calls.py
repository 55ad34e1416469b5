"""Twilio's callbacks: forms, signed over the public address whatever a proxy made of it."""

import hashlib

import pytest

from hub.inbox.dialects.twilio import signature
from hub.inbox.models import InboundCall
from tests.factories import make_provider
from tests.hub.inbox.calling import BASE, by_twilio, call, kept, kinds

pytestmark = pytest.mark.django_db

TOKEN = "0123456789abcdef" * 2
TEXT = {
    "MessageSid": "SM1",
    "From": "+48600700800",
    "To": "+15550001",
    "Body": "Я здесь, miejsce 4 😀",
    "SmsStatus": "received",
    "NumMedia": "0",
}
RECEIPT = {"MessageSid": "SM2", "MessageStatus": "delivered", "To": "+48600700800"}


@pytest.fixture
def twilio(settings):
    settings.PUBLIC_BASE_URL = BASE
    settings.ALLOWED_HOSTS = ["*"]
    return make_provider(connector="twilio", secret=TOKEN, callback_secret="")


def test_the_signature_is_that_of_the_published_example():
    fields = {
        "CallSid": ["CA1234567890ABCDE"],
        "Caller": ["+12349013030"],
        "Digits": ["1234"],
        "From": ["+12349013030"],
        "To": ["+18005551212"],
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    found = signature(token="12345", url=url, fields=fields)
    assert found == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def test_a_text_is_kept_in_the_canonical_form_and_answered_with_nothing_to_say(twilio):
    reply = by_twilio(twilio, TEXT)

    assert (reply.status_code, reply.content) == (200, b"<Response/>")
    assert reply["Content-Type"].startswith("text/xml")
    assert kept()[0]["type"] == "message.received"
    assert kept()[0]["data"] == {
        "from": "+48600700800",
        "to": "+15550001",
        "text": "Я здесь, miejsce 4 😀",
        "id": "SM1",
        "opt_out": "",
    }
    assert InboundCall.objects.get().source == f"sms:{twilio.name}"
    assert kinds() == ["message.received"]


@pytest.mark.parametrize("word", ["STOP", "START", "HELP"])
def test_an_opt_out_that_twilio_has_dealt_with_is_passed_on(twilio, word):
    by_twilio(twilio, TEXT | {"OptOutType": word})
    assert kept()[0]["data"]["opt_out"] == word


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("queued", "message.accepted"),
        ("sending", "message.accepted"),
        ("sent", "message.sent"),
        ("delivered", "message.delivered"),
        ("undelivered", "message.undelivered"),
        ("failed", "message.failed"),
    ],
)
def test_a_receipt_names_our_reference_and_the_code(twilio, status, kind):
    fields = RECEIPT | {"MessageStatus": status, "ErrorCode": "30003"}
    assert by_twilio(twilio, fields, query="ref=msg_1").status_code == 200
    assert kept()[0]["type"] == kind
    assert kept()[0]["data"] | {"detail": ""} == {
        "reference": "msg_1",
        "provider_reference": "SM2",
        "code": "30003",
        "detail": "",
    }


def test_repeats_are_kept_once_and_each_status_once(twilio):
    for fields in (TEXT, TEXT, RECEIPT, RECEIPT, RECEIPT | {"MessageStatus": "sent"}):
        assert by_twilio(twilio, fields).status_code == 200
    assert kinds() == ["message.received", "message.delivered", "message.sent"]


def test_fields_that_come_twice_are_signed_once_each_and_sorted(twilio):
    reply = by_twilio(twilio, TEXT | {"Tag": ["b", "a", "b"]})
    assert reply.status_code == 200


@pytest.mark.parametrize(
    "public",
    ["https://hub.example", "https://hub.example:443", "https://hub.example:8443"],
)
@pytest.mark.parametrize("signed", ["https://hub.example", "https://hub.example:443"])
def test_the_port_may_or_may_not_be_signed(twilio, settings, public, signed):
    settings.PUBLIC_BASE_URL = public
    url = f"{signed}/hooks/sms/{twilio.name}"
    known = public != "https://hub.example:8443" or not signed.endswith("443")
    assert (by_twilio(twilio, TEXT, url=url).status_code == 200) == known


def test_the_host_that_a_caller_names_is_of_no_account(twilio):
    path = f"/hooks/sms/{twilio.name}"
    forged = signature(token=TOKEN, url=f"http://testserver{path}", fields={"MessageSid": ["SM1"]})
    assert call("POST", path, b"MessageSid=SM1", x_twilio_signature=forged).status_code == 401


def test_while_the_token_is_replaced_both_are_good(twilio):
    twilio.callback_secret, twilio.previous_callback_secret = "new", "old"
    twilio.save()
    replies = [by_twilio(twilio, TEXT, token=token) for token in ("new", "old", TOKEN)]
    assert [reply.status_code for reply in replies] == [200, 200, 401]


def test_json_is_believed_by_its_hash_in_the_signed_address(twilio):
    body = b'{"MessageSid": "SM1"}'
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    path = f"/hooks/sms/{twilio.name}?{query}"
    signed = signature(token=TOKEN, url=BASE + path, fields={})

    def sent(content):
        reply = call("POST", path, content, "application/json", x_twilio_signature=signed)
        return reply.status_code, reply.json()["code"]

    assert sent(body) == (400, "odd_call")  # authentic, but not a message
    assert sent(body + b" ") == (401, "bad_signature")


def test_json_without_a_hash_is_refused_even_when_the_address_is_signed(twilio):
    path = f"/hooks/sms/{twilio.name}"
    signed = signature(token=TOKEN, url=BASE + path, fields={})
    reply = call("POST", path, b"{}", "application/json", x_twilio_signature=signed)
    assert reply.status_code == 401


@pytest.mark.parametrize("given", ["", "none", "é", "A" * 5000, "0/KCTR6DLpKmkAf8muzZqo1nDgQ="])
def test_a_wrong_signature_is_refused_whatever_it_is(twilio, given):
    path = f"/hooks/sms/{twilio.name}"
    reply = call("POST", path, b"MessageSid=SM1&Body=x", x_twilio_signature=given)
    assert (reply.status_code, reply.json()["code"]) == (401, "bad_signature")
    assert InboundCall.objects.count() == 0


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"Body=%FF", b"&".join(b"a=1" for _ in range(500)), b"\x00"]
)
def test_bytes_that_no_signature_can_be_made_over_are_refused(twilio, body):
    assert by_twilio(twilio, TEXT, body=body).status_code == 401


@pytest.mark.parametrize(
    "fields",
    [
        {"Body": "x"},
        {"MessageSid": "SM1", "MessageStatus": "odd"},
        {"MessageSid": "S" * 200, "Body": "x"},
        {"MessageSid": "S\n1", "Body": "x"},
        {"MessageSid": "SM1"},
    ],
)
def test_what_is_authentic_but_odd_is_a_coded_refusal(twilio, fields):
    reply = by_twilio(twilio, fields)
    assert (reply.status_code, reply.json()["code"]) == (400, "odd_call")


def test_a_text_of_five_kilobytes_with_a_nul_in_it_is_kept_without_the_nul(twilio):
    assert by_twilio(twilio, TEXT | {"Body": "a\x00b" * 2_500}).status_code == 200
    assert kept()[0]["data"]["text"] == "ab" * 2_500


def test_a_provider_that_is_switched_off_is_still_heard(twilio):
    twilio.active = False
    twilio.save()
    assert by_twilio(twilio, TEXT).status_code == 200
