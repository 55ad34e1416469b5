"""Texts and e-mails by carriers of each kind: out, and what the carrier says of them afterwards."""

import base64
import json

import pytest
from django.test import Client

from hub.connectors.signing import sign
from hub.events.models import Fact
from hub.providers.services import account_named
from notifications.models import Message, Outcome
from tests.contracts.sms_vendors import Gateway, Twilio, Vendor, running
from tests.factories import make_provider, make_ready, pin_of
from tests.hub.inbox.calling import by_twilio
from tests.notifications.test_flow import relay_until

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

HUB = "https://hub.example"


@pytest.fixture(autouse=True)
def hub(settings):
    settings.PUBLIC_BASE_URL = HUB
    settings.PRIVATE_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def twilio():
    vendor = Twilio()
    with running(vendor) as url:
        vendor.row = make_provider(
            name="twilio",
            connector="twilio",
            base_url=url,
            account=Twilio.SID,
            secret=Twilio.TOKEN,
            callback_secret="",
        )
        yield vendor


def ready_with(outcome):
    """The ready message once it has come so far."""
    rows = Message.objects.filter(purpose="ready")
    relay_until(lambda: rows.filter(outcome=outcome).exists())
    ready = rows.get()
    assert ready.outcome == outcome
    return ready


def test_a_text_by_twilio_is_accepted_and_then_delivered_by_its_signed_receipt(twilio):
    part = make_ready()
    ready = ready_with(Outcome.ACCEPTED)
    (text,) = twilio.texts
    assert pin_of(part) in text["body"]
    assert ready.provider_reference == text["sid"]

    query = text["fields"]["StatusCallback"].partition("?")[2]
    said = {"MessageSid": text["sid"], "MessageStatus": "delivered", "To": text["to"]}
    assert by_twilio(twilio.row, said, query=query, url=f"{HUB}/hooks/sms/twilio?{query}")
    ready_with(Outcome.DELIVERED)


def test_twilios_word_that_a_number_said_stop_ends_in_another_channel(twilio):
    twilio.refusals = [(400, {"code": 21610, "message": "unsubscribed recipient"})] * 9
    make_ready()
    relay_until(lambda: Message.objects.filter(channel="email", outcome="accepted").exists())
    assert twilio.texts == []
    assert Message.objects.filter(channel="email", outcome=Outcome.ACCEPTED).exists()


def test_what_a_customer_texts_to_twilio_is_heard(twilio, monkeypatch):
    heard = []
    monkeypatch.setattr("notifications.handlers.hear", lambda *, call_id: heard.append(call_id))
    said = {"MessageSid": "SM9", "From": "+48500123456", "To": "+15550001", "Body": "HERE"}
    assert by_twilio(twilio.row, said).status_code == 200
    relay_until(lambda: heard)
    assert len(heard) == 1


def test_a_gateway_tells_of_a_text_by_standard_webhooks():
    vendor = Gateway(form=True)
    options = {
        "format": "form",
        "auth_header": "X-Api-Key",
        "auth_prefix": "Token",
        "to_field": "msisdn",
        "text_field": "message",
        "id_field": "message_id",
    }
    with running(vendor) as url:
        row = make_provider(
            name="gate", base_url=url, secret=Gateway.KEY, options=options, connector="http"
        )
        make_ready()
        ready = ready_with(Outcome.ACCEPTED)

    data = {"reference": vendor.texts[0]["fields"]["reference"]}
    body = json.dumps({"type": "message.delivered", "data": data}).encode()
    headers = sign(secrets=[row.callback_secret], message_id="r-1", body=body)
    client = Client()
    client.post("/hooks/sms/gate", body, content_type="application/json", headers=headers)
    assert ready_with(Outcome.DELIVERED).pk == ready.pk


class Postmark(Vendor):
    def serve(self, method, target, headers, body):
        letter = json.loads(body)
        self.texts.append(letter)
        said = {"ErrorCode": 0, "Message": "OK", "MessageID": "pm-1", "To": letter["To"]}
        return 200, "application/json", json.dumps(said).encode()


def test_an_e_mail_by_a_service_is_delivered_when_the_service_says_so(settings):
    vendor = Postmark()
    customer = {"name": "Ann Lee", "phone": "", "email": "ann@example.com"}
    with running(vendor) as url:
        settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
        settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "t", "POSTMARK_API_URL": f"{url}/"}
        part = make_ready(customer=customer)
        ready = ready_with(Outcome.ACCEPTED)
    (letter,) = vendor.texts
    assert pin_of(part) in letter["TextBody"]
    assert pin_of(part) in letter["HtmlBody"]
    names = {header["Name"] for header in letter["Headers"]}
    assert {"List-Unsubscribe", "List-Unsubscribe-Post"} <= names

    event = {"RecordType": "Delivery", "MessageID": "pm-1", "Recipient": "ann@example.com"}
    event |= {"Metadata": letter["Metadata"]}
    secret = account_named("email", channel="email").callback_secrets[0]
    pair = base64.b64encode(f"hub:{secret}".encode()).decode()
    reply = Client().post(
        "/hooks/email/email",
        json.dumps(event),
        content_type="application/json",
        headers={"authorization": f"Basic {pair}"},
    )
    assert reply.status_code == 200
    assert ready_with(Outcome.DELIVERED).pk == ready.pk
    assert Fact.objects.filter(name="message.delivered").count() == 1
