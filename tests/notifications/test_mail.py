"""E-mail: what the mail server's refusals mean for another try."""

import json
import smtplib
import socket

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from hub.errors import ConnectorError
from notifications.services.mail import send_mail
from tests.contracts.sms_vendors import Vendor, running

ONE_CLICK = {
    "List-Unsubscribe": "<https://hub.example/n/stop/abc>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}


def send(**changed):
    letter = {
        "to": "ann@example.com",
        "title": "Заказ W-1 готов",
        "body": "Ваш PIN-код: 123456\n",
        "reference": "msg_1",
        "is_test": False,
    }
    return send_mail(**(letter | changed))


def test_repeats_of_one_message_carry_one_message_id(settings):
    settings.PUBLIC_BASE_URL = "https://hub.example:8443"
    assert send() == send() == "<msg_1@hub.example>"
    first, again = mail.outbox
    assert first.message()["Message-ID"] == again.message()["Message-ID"]
    assert first.message()["Auto-Submitted"] == "auto-generated"


def test_mail_of_a_test_order_goes_nowhere():
    assert send(is_test=True)
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("error", "permanent", "ambiguous"),
    [
        (smtplib.SMTPRecipientsRefused({"a@b.c": (550, b"no such user")}), True, False),
        (smtplib.SMTPRecipientsRefused({"a@b.c": (450, b"greylisted")}), False, False),
        (smtplib.SMTPDataError(554, b"spam"), True, False),
        (smtplib.SMTPDataError(451, b"later"), False, False),
        (smtplib.SMTPConnectError(421, b"busy"), False, False),
        (smtplib.SMTPServerDisconnected("gone"), False, True),
        (ConnectionRefusedError(), False, False),
        (socket.gaierror(), False, False),
        (TimeoutError(), False, True),
    ],
)
def test_a_failure_says_whether_another_try_can_help(monkeypatch, error, permanent, ambiguous):
    def fail(*_args):
        raise error

    monkeypatch.setattr(EmailBackend, "send_messages", fail)
    with pytest.raises(ConnectorError) as failure:
        send()
    assert (failure.value.permanent, failure.value.ambiguous) == (permanent, ambiguous)


def test_a_title_with_a_line_break_is_refused_for_good():
    with pytest.raises(ConnectorError) as failure:
        send(title="Hello\nBcc: everybody@example.com")
    assert failure.value.permanent
    assert mail.outbox == []


# --- what goes along, and services instead of servers -------------------------------------------


def test_the_same_words_go_along_for_eyes_and_one_click_ends_such_mails():
    send(html="<p>PIN 123456</p>", headers=ONE_CLICK)

    (letter,) = mail.outbox
    whole = letter.message()
    assert letter.alternatives[0].content == "<p>PIN 123456</p>"
    assert {name: whole[name] for name in ONE_CLICK} == ONE_CLICK


@pytest.mark.parametrize("field", ["title", "to"])
def test_a_line_break_makes_no_header_of_its_own(field):
    with pytest.raises(ConnectorError) as failure:
        send(**{field: "x@example.com\nBcc: everybody@example.com"})
    assert failure.value.permanent
    assert mail.outbox == []


@pytest.fixture
def service(settings):
    """Postmark, played by a vendor that answers what it is told to."""
    with running(Service()) as url:
        settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
        settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "t", "POSTMARK_API_URL": f"{url}/"}
        yield Service.made[-1]


class Service(Vendor):
    made: list = []

    def __init__(self):
        super().__init__()
        self.made.append(self)

    def serve(self, method, target, headers, body):
        letter = json.loads(body)
        self.texts.append(letter)
        said = {"ErrorCode": 0, "Message": "OK", "MessageID": "pm-1", "To": letter["To"]}
        return 200, "application/json", json.dumps(said).encode()


def test_a_service_names_its_own_id_and_gets_our_reference_to_give_back(service):
    assert send(html="<p>hi</p>", headers=ONE_CLICK) == "pm-1"
    (letter,) = service.texts
    assert letter["Metadata"] == {"reference": "msg_1"}
    assert letter["HtmlBody"] == "<p>hi</p>"
    names = {header["Name"] for header in letter["Headers"]}
    assert {"List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted"} <= names


@pytest.mark.parametrize(
    ("status", "said", "permanent", "ambiguous"),
    [
        (422, {"ErrorCode": 300, "Message": "Invalid email"}, True, False),
        (401, {"ErrorCode": 10, "Message": "Bad token"}, False, False),
        (429, {}, False, False),
        (500, {}, False, True),
        (503, {}, False, False),
    ],
)
def test_a_services_refusal_says_whether_another_try_can_help(
    service, status, said, permanent, ambiguous
):
    service.refusals = [(status, said)]
    with pytest.raises(ConnectorError) as failure:
        send()
    assert (failure.value.permanent, failure.value.ambiguous) == (permanent, ambiguous)


def test_a_service_that_has_blocked_the_address_refuses_for_good(service):
    words = "Found inactive addresses: ann@example.com. Inactive recipients are ones that bounced."
    service.refusals = [(422, {"ErrorCode": 406, "Message": words})]
    with pytest.raises(ConnectorError) as failure:
        send()
    assert failure.value.permanent


def test_a_service_that_is_not_there_may_have_taken_nothing(settings):
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "t", "POSTMARK_API_URL": "http://127.0.0.1:9/"}
    with pytest.raises(ConnectorError) as failure:
        send()
    assert not failure.value.permanent
