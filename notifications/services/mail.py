"""Handing an e-mail to Django's mail backend, with its failures told apart."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from anymail.exceptions import AnymailAPIError, AnymailError
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from requests import ConnectTimeout

from hub.errors import ConnectorError

PROVIDER = "email"
# Orders of test keys reach no real mailbox; what would have been sent is kept with the message.
NOWHERE = "django.core.mail.backends.dummy.EmailBackend"
_PERMANENT = 500
_CLOSED = 503
_REFUSALS = frozenset({400, 404, 406, 413, 422})  # of this mail; others are of the account


def send_mail(
    *,
    to: str,
    title: str,
    body: str,
    reference: str,
    is_test: bool,
    html: str = "",
    headers: Mapping[str, str] | None = None,
) -> str:
    """Hand one e-mail to the mail server or service and return its id there.

    Without an id of the service's own it is the Message-ID, made from the hub's reference, so that
    repeats of one message carry the same. ``html`` is the same words for eyes, ``headers`` are
    more of them, such as List-Unsubscribe. Raises ConnectorError: permanent when the message was
    refused for good, ambiguous when the connection broke so late that it may have been taken.
    """
    message_id = f"<{reference}@{urlsplit(settings.PUBLIC_BASE_URL).hostname}>"
    mail = EmailMultiAlternatives(
        title,
        body,
        to=[to],
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated", **(headers or {})},
        connection=get_connection(NOWHERE if is_test else None),
    )
    if html:
        mail.attach_alternative(html, "text/html")
    # comes back with what a service tells of the mail
    mail.metadata = {"reference": reference}  # type: ignore[attr-defined]
    try:
        mail.send()
    except (smtplib.SMTPException, AnymailError, OSError, ValueError) as error:
        raise _failure(error) from error
    status = getattr(mail, "anymail_status", None)
    return str(getattr(status, "message_id", None) or message_id)


def _failure(error: Exception) -> ConnectorError:
    name = type(error).__name__
    if isinstance(error, smtplib.SMTPException):
        return _of_server(error, name)
    if isinstance(error, AnymailAPIError):
        return _of_service(error, name)
    # a header or an address that cannot be one, or a recipient whom the service has blocked
    if isinstance(error, ValueError | AnymailError):
        return ConnectorError(name, permanent=True)
    unconnected = isinstance(error, ConnectionRefusedError | socket.gaierror)
    return ConnectorError(name, ambiguous=not unconnected)


def _of_server(error: smtplib.SMTPException, name: str) -> ConnectorError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        worst = max((code for code, _ in error.recipients.values()), default=_PERMANENT)
        return ConnectorError(f"{name} {worst}", permanent=worst >= _PERMANENT, code=str(worst))
    if isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPAuthenticationError):
        return ConnectorError(f"{name} {error.smtp_code}", code=str(error.smtp_code))
    if isinstance(error, smtplib.SMTPResponseException):
        refused = error.smtp_code >= _PERMANENT
        code = str(error.smtp_code)
        return ConnectorError(f"{name} {code}", permanent=refused, code=code)
    return ConnectorError(name, ambiguous=True)


def _of_service(error: AnymailAPIError, name: str) -> ConnectorError:
    """Without a status there was no reply: only a connection never made is sure to be undone."""
    status = error.status_code
    if status is None:
        return ConnectorError(name, ambiguous=not isinstance(error, ConnectTimeout))
    return ConnectorError(
        f"{name} {status}",
        permanent=status in _REFUSALS,
        ambiguous=status >= _PERMANENT and status != _CLOSED,
        code=str(status),
    )
