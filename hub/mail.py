"""How e-mail leaves: the mail settings that HUB_EMAIL_URL stands for.

``smtp://``, ``smtps://`` (STARTTLS) and ``smtp+ssl://`` name a mail server; ``filemail://`` and
``consolemail://`` show mails to a developer. ``anymail+<service>://?name=value&…`` names an e-mail
service; each name is one of django-anymail's settings of that service, in small letters and
without the service's name in front: ``anymail+mailgun://?api_key=…&sender_domain=…``,
``anymail+postmark://?server_token=…``, ``anymail+brevo://?api_key=…``,
``anymail+mailjet://?api_key=…&secret_key=…``.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

NEEDED = {
    "brevo": {"api_key"},
    "mailgun": {"api_key"},
    "mailjet": {"api_key", "secret_key"},
    "postmark": {"server_token"},
}
_SCHEME = "anymail+"
_SECONDS = 10


def mail_config(url: str) -> dict[str, Any]:
    """Django's mail settings, and ``ANYMAIL``'s; raises ImproperlyConfigured in one sentence."""
    if url.startswith(_SCHEME):
        return _service(url)
    try:
        config: dict[str, Any] = environ.Env.email_url_config(url)
    except (ValueError, KeyError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"HUB_EMAIL_URL cannot be read: {error}") from error
    if "EMAIL_BACKEND" not in config:
        raise ImproperlyConfigured("HUB_EMAIL_URL must begin with smtp:// or the like")
    return config


def _service(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    service = parts.scheme.removeprefix(_SCHEME)
    if service not in NEEDED:
        known = ", ".join(sorted(NEEDED))
        raise ImproperlyConfigured(f"HUB_EMAIL_URL: {service!r} is none of: {known}")
    given = dict(parse_qsl(parts.query))
    if missing := NEEDED[service] - set(given):
        raise ImproperlyConfigured(f"HUB_EMAIL_URL lacks {', '.join(sorted(missing))}")
    named = {f"{service}_{name}".upper(): value for name, value in given.items()}
    return {
        "EMAIL_BACKEND": f"anymail.backends.{service}.EmailBackend",
        "ANYMAIL": named | {"REQUESTS_TIMEOUT": _SECONDS, "IGNORE_UNSUPPORTED_FEATURES": True},
    }
