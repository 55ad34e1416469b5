"""What ``manage.py check`` says of wrong settings: one sentence each."""

import pytest
from django.conf import settings as configured
from django.db import connection

from hub.checks import (
    check_addresses,
    check_connectors,
    check_jobs,
    check_pos_connections,
    check_providers,
    check_simulators,
)
from tests.factories import make_pos, make_provider

ALL = (check_connectors, check_addresses, check_jobs, check_simulators)


def said(settings, **changes):
    for name, value in changes.items():
        setattr(settings, name, value)
    return [message.id for check in ALL for message in check(None)]


GOOD = {"timeout": 600, "retry": 1300, "max_attempts": 3}
PRODUCTION = {"DEBUG": False, "SIMULATORS": False}


def test_good_settings_are_passed_in_silence(settings):
    assert said(settings, DEBUG=True, Q_CLUSTER=GOOD) == []


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({"SMS_CONNECTOR": "twillio"}, ["hub.E002"]),
        ({"SMS_CONNECTOR": "twilio"}, ["hub.E011"]),
        ({"PUBLIC_BASE_URL": "hub.example"}, ["hub.E003"]),
        ({"PUBLIC_BASE_URL": "https://u@hub.example"}, ["hub.E003"]),
        ({"PUBLIC_BASE_URL": "https://hub.example?x"}, ["hub.E003"]),
        ({"PUBLIC_BASE_URL": "https://hub.example", "ALLOWED_HOSTS": ["other"]}, ["hub.E010"]),
        ({"PUBLIC_BASE_URL": "https://hub.example", "ALLOWED_HOSTS": [".example"]}, []),
        ({"PRIVATE_NETWORKS": ["10.0.0.0/8", "10.0.0.1/8"]}, ["hub.E004"]),
        ({"PRIVATE_NETWORKS": ["anywhere"]}, ["hub.E004"]),
        ({"Q_CLUSTER": GOOD | {"timeout": 1300}}, ["hub.E005"]),
        ({"Q_CLUSTER": GOOD | {"timeout": None}}, ["hub.E005"]),
        ({"Q_CLUSTER": GOOD | {"max_attempts": 0}}, ["hub.E006"]),
        ({"DEBUG": False, "SIMULATORS": True}, ["hub.I001", "hub.W001"]),
        (PRODUCTION, ["hub.I001"]),
    ],
)
def test_each_mistake_is_named(settings, changes, ids):
    assert said(settings, DEBUG=True, Q_CLUSTER=GOOD) == []
    assert said(settings, **changes) == ids


def test_a_connector_that_cannot_be_loaded_is_named(settings):
    settings.DEBUG = True
    settings.CONNECTORS = {
        "pos": {"acme": "hub.connectors.pos.acme.AcmePos"},
        "sms": configured.CONNECTORS["sms"],
    }

    (message,) = check_connectors(None)

    assert message.id == "hub.E001"
    assert "acme" in message.msg


@pytest.mark.django_db
def test_pos_connections_that_could_not_work_are_named():
    make_pos()
    make_pos(connector="acme", active=False)
    assert check_pos_connections(None, databases=["default"]) == []

    odd = make_pos(connector="acme", secret="secret")
    messages = check_pos_connections(None, databases=["default"])

    assert [message.id for message in messages] == ["hub.E007", "hub.E008"]
    assert all(odd.public_id in message.msg for message in messages)


@pytest.mark.django_db
def test_a_provider_whose_connector_nobody_knows_is_named():
    make_provider(connector="acme", active=False)
    make_provider(connector="kannel")
    assert check_providers(None, databases=["default"]) == []

    odd = make_provider(connector="acme")
    (message,) = check_providers(None, databases=["default"])
    assert (message.id, odd.name in message.msg) == ("hub.E012", True)
    assert check_providers(None) == []


@pytest.mark.django_db
def test_a_data_key_that_opens_nothing_is_named():
    make_pos()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE stores_posconnection SET secret = 'gAAAAA'")
    assert [one.id for one in check_pos_connections(None, databases=["default"])] == ["hub.E009"]


def test_the_database_is_only_asked_when_the_check_names_it():
    assert check_pos_connections(None) == []


@pytest.mark.django_db
def test_a_database_without_tables_has_no_wrong_connections():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE stores_posconnection RENAME TO elsewhere")
    assert check_pos_connections(None, databases=["default"]) == []


def test_the_shipped_settings_name_only_connectors_that_load():
    assert configured.CONNECTORS
    assert not [one for one in check_connectors(None) if one.id == "hub.E001"]
