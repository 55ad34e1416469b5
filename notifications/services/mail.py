"""Handing an e-mail to Django's mail backend, with its failures told apart."""

from __future__ import annotations

import smtplib
import socket
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from hub.errors import ConnectorError

PROVIDER = "email"
# Orders of test keys reach no real mailbox; what would have been sent is kept with the message.
NOWHERE = "django.core.mail.backends.dummy.EmailBackend"
_PERMANENT = 500


def send_mail(*, to: str, title: str, body: str, reference: str, is_test: bool) -> str:
    """Hand one e-mail to the mail server and return its Message-ID.

    The id is made from the hub's reference, so repeats of one message carry the same. Raises
    ConnectorError: permanent when the server refused it for good, ambiguous when the connection
    broke so late that it may have been taken.
    """
    message_id = f"<{reference}@{urlsplit(settings.PUBLIC_BASE_URL).hostname}>"
    mail = EmailMessage(
        title,
        body,
        to=[to],
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
        connection=get_connection(NOWHERE if is_test else None),
    )
    try:
        mail.send()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise _failure(error) from error
    return message_id


def _failure(error: Exception) -> ConnectorError:
    name = type(error).__name__
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        worst = max((code for code, _ in error.recipients.values()), default=_PERMANENT)
        return ConnectorError(f"{name} {worst}", permanent=worst >= _PERMANENT)
    if isinstance(error, smtplib.SMTPConnectError):
        return ConnectorError(f"{name} {error.smtp_code}")
    if isinstance(error, smtplib.SMTPResponseException):
        refused = error.smtp_code >= _PERMANENT
        return ConnectorError(f"{name} {error.smtp_code}", permanent=refused)
    if isinstance(error, ValueError):  # a header that cannot be one
        return ConnectorError(name, permanent=True)
    unconnected = isinstance(error, ConnectionRefusedError | socket.gaierror)
    return ConnectorError(name, ambiguous=not unconnected)
