"""A kept connection is judged without asking the server, and never wrongly."""

from contextlib import suppress

import psycopg
import pytest
from django.db import DatabaseError, connection, connections
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other():
    """A connection that can be cut off without hurting the test's own."""
    one = connections.create_connection("default")
    one.ensure_connection()
    yield one
    one.close()


def pid(one):
    return one.connection.info.backend_pid


def cut_off(one):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid(one)])


def test_an_idle_connection_is_usable_and_the_server_hears_nothing_of_it(other, monkeypatch):
    monkeypatch.setattr(psycopg.Connection, "cursor", None)

    assert other.is_usable()


def test_a_connection_whose_server_process_has_gone_is_not_usable(other):
    cut_off(other)

    assert not other.is_usable()


def test_a_connection_that_only_got_a_notice_is_usable(other):
    with other.cursor() as cursor:
        cursor.execute("LISTEN news")
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY news")

    assert other.is_usable()


def test_a_request_after_the_server_went_connects_anew(other):
    other.settings_dict["CONN_HEALTH_CHECKS"] = True
    other.health_check_enabled, other.health_check_done = True, False
    cut_off(other)

    with CaptureQueriesContext(other), other.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_a_connection_in_a_failed_transaction_is_not_usable(other):
    other.set_autocommit(False)
    with suppress(DatabaseError), other.cursor() as cursor:
        cursor.execute("SELECT nonsense")

    assert not other.is_usable()


def test_no_connection_is_not_usable(other):
    other.close()

    assert not other.is_usable()
