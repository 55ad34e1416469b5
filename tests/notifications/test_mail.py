"""E-mail: what the mail server's refusals mean for another try."""

import smtplib
import socket

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from hub.errors import ConnectorError
from notifications.services.mail import send_mail


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
