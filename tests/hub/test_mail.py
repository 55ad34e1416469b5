"""What HUB_EMAIL_URL may say."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from hub.mail import mail_config


def test_a_mail_server_is_named_as_usual():
    config = mail_config("smtp+ssl://me:secret@mail.example:465")
    assert config["EMAIL_HOST"] == "mail.example"
    assert config["EMAIL_USE_SSL"]


@pytest.mark.parametrize(
    ("url", "backend", "name", "value"),
    [
        (
            "anymail+mailgun://?api_key=k%2B1&sender_domain=mg.example.com",
            *("mailgun", "MAILGUN_API_KEY", "k+1"),
        ),
        (
            "anymail+postmark://?server_token=t",
            *("postmark", "POSTMARK_SERVER_TOKEN", "t"),
        ),
        ("anymail+brevo://?api_key=k", "brevo", "BREVO_API_KEY", "k"),
        (
            "anymail+mailjet://?api_key=k&secret_key=s",
            *("mailjet", "MAILJET_SECRET_KEY", "s"),
        ),
    ],
)
def test_a_service_is_named_with_its_settings(url, backend, name, value):
    config = mail_config(url)
    assert config["EMAIL_BACKEND"] == f"anymail.backends.{backend}.EmailBackend"
    assert config["ANYMAIL"][name] == value


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("anymail+nobody://?api_key=k", "nobody"),
        ("anymail+mailjet://?api_key=k", "secret_key"),
        ("anymail+postmark://", "server_token"),
        ("http://mail.example", "HUB_EMAIL_URL"),
        ("", "HUB_EMAIL_URL"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(url, named):
    with pytest.raises(ImproperlyConfigured, match=named):
        mail_config(url)
