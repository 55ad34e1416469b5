"""Whatever is sent to a callback's address gets a coded refusal or is kept; never a fault."""

import base64
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.connectors.signing import sign
from hub.connectors.sms.kannel import callback_key
from hub.inbox.dialects.twilio import signature
from hub.inbox.models import InboundCall
from tests.factories import make_provider
from tests.hub.inbox.calling import BASE, FORM, call

pytestmark = pytest.mark.django_db

MANY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
HEADERS = ["", "alg: none", "eyJhbGciOiJub25lIn0.e30.", "v1,", "é", "0" * 3000, "Basic Og=="]
WORDS = st.text(max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def providers(settings):
    settings.PUBLIC_BASE_URL = BASE
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {"MAILGUN_API_KEY": "k"}
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    made = {name: make_provider(connector=name) for name in ("http", "twilio", "kannel")}
    return made | {"mail": make_provider(channel="email", connector="mail")}


def refused(reply):
    assert reply.status_code in (400, 401, 404, 411, 413), reply.content
    assert reply["Content-Type"] == "application/problem+json"
    assert reply.json()["code"]


@MANY
@given(
    who=st.sampled_from(["http", "twilio", "kannel", "mail"]),
    method=st.sampled_from(["POST", "POST", "GET"]),
    body=st.binary(max_size=200),
    query=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
    content_type=st.sampled_from([FORM, "application/json", "", "multipart/form-data", "x"]),
    header=st.sampled_from(HEADERS),
)
def test_nobody_without_a_secret_gets_anything_in(
    providers, *, who, method, body, query, content_type, header
):
    provider = providers[who]
    path = f"/hooks/{provider.channel}/{provider.name}?{query.replace('#', '')}"
    reply = call(
        method,
        path,
        body,
        content_type,
        x_twilio_signature=header,
        authorization=header,
        webhook_id=header or "1",
        webhook_timestamp=header or "-1",
        webhook_signature=header,
    )
    if (who, method) == ("mail", "GET"):
        assert reply.status_code == 405
    else:
        refused(reply)
    assert InboundCall.objects.count() == 0


@MANY
@given(kind=st.sampled_from(["message.received", "message.delivered", "x"]) | WORDS, data=JSON)
def test_signed_json_is_kept_or_refused(providers, kind, data):
    provider = providers["http"]
    body = json.dumps({"type": kind, "data": data}).encode()
    headers = sign(secrets=[provider.callback_secret], message_id="m-1", body=body)
    path = f"/hooks/sms/{provider.name}"
    reply = call(
        "POST",
        path,
        body,
        "application/json",
        **{name.replace("-", "_"): value for name, value in headers.items()},
    )
    kept_or_refused(reply, 202)


@MANY
@given(
    fields=st.dictionaries(
        st.sampled_from(["MessageSid", "Body", "From", "To", "MessageStatus", "OptOutType", "ж"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
    ),
    reference=WORDS,
)
def test_a_signed_form_is_kept_or_refused(providers, fields, reference):
    from_twilio = providers["twilio"]
    query = "ref=" + base64.urlsafe_b64encode(reference.encode(errors="replace")).decode()
    path = f"/hooks/sms/{from_twilio.name}?{query}"
    listed = {name: [value] for name, value in fields.items()}
    signed = signature(token=from_twilio.callback_secret, url=BASE + path, fields=listed)
    body = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in fields.items())
    kept_or_refused(call("POST", path, body.encode(), FORM, x_twilio_signature=signed), 200)


@MANY
@given(
    values=st.dictionaries(
        st.sampled_from(["from", "to", "text", "charset", "id", "status", "answer"]),
        st.binary(max_size=60),
    ),
    receipt=st.booleans(),
)
def test_an_address_with_the_right_key_is_kept_or_refused(providers, values, receipt):
    kannel = providers["kannel"]
    key = callback_key(kannel.callback_secret, "msg_1" if receipt else "texts")
    query = "&".join(f"{name}={_quoted(value)}" for name, value in values.items())
    start = f"/hooks/sms/{kannel.name}?key={key}" + ("&ref=msg_1" if receipt else "")
    kept_or_refused(call("GET", f"{start}&{query}"), 200)


@MANY
@given(value=JSON)
def test_a_mail_event_with_the_right_secret_is_kept_or_refused(providers, value):
    mail = providers["mail"]
    pair = base64.b64encode(f"hub:{mail.callback_secret}".encode()).decode()
    body = json.dumps({"signature": value, "event-data": value}).encode()
    path = f"/hooks/email/{mail.name}"
    reply = call("POST", path, body, "application/json", authorization=f"Basic {pair}")
    kept_or_refused(reply, 200)


def kept_or_refused(reply, taken):
    if reply.status_code != taken:
        refused(reply)


def _quoted(value):
    raw = value.encode() if isinstance(value, str) else value
    return "".join(f"%{byte:02X}" for byte in raw)
