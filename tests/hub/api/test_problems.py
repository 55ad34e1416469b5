"""Every refusal is a problem document, wherever it arises."""

import logging

import psycopg
import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection
from django.http import Http404
from django.test import Client, RequestFactory
from rest_framework import exceptions

from hub.api import fallbacks, problems
from hub.errors import Conflict, Invalid
from tests.hub.api.conftest import ProbeView

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("probes")]
MEMBERS = {"type", "title", "status", "detail", "code", "trace_id"}


class Sold(Conflict):
    code = "sold"
    title = "Sold"


def caused(error, cause):
    error.__cause__ = cause
    return error


RAISED = [
    (Sold("to somebody else", left=3), 409, "sold"),
    (Invalid(), 422, "invalid"),
    (Http404("secret detail"), 404, "not_found"),
    (PermissionDenied(), 403, "forbidden"),
    (SuspiciousOperation(), 400, "bad_request"),
    (exceptions.NotFound(), 404, "not_found"),
    (exceptions.ParseError(), 400, "bad_request"),
    (exceptions.APIException(), 500, "internal_error"),
    (ZeroDivisionError("secret detail"), 500, "internal_error"),
    (RecursionError(), 500, "internal_error"),
    (OperationalError("the connection is closed"), 503, "busy"),
    (InterfaceError("connection already closed"), 503, "busy"),
    (caused(OperationalError(), psycopg.errors.LockNotAvailable()), 503, "busy"),
    (caused(OperationalError(), psycopg.errors.QueryCanceled()), 503, "busy"),
    (caused(OperationalError(), psycopg.errors.DeadlockDetected()), 503, "busy"),
    (caused(OperationalError(), psycopg.errors.AdminShutdown()), 503, "busy"),
    (caused(OperationalError(), psycopg.errors.DiskFull()), 500, "internal_error"),
    (caused(IntegrityError(), psycopg.errors.UniqueViolation()), 409, "conflict"),
    (caused(DataError(), psycopg.errors.NumericValueOutOfRange()), 422, "invalid"),
]


@pytest.mark.parametrize(("error", "status", "code"), RAISED)
def test_whatever_a_view_raises_becomes_a_problem(api, error, status, code):
    ProbeView.raises = error

    answer = api.get("/v1/probe")

    body = answer.json()
    assert answer.status_code == body["status"] == status
    assert answer["Content-Type"] == "application/problem+json"
    assert body["code"] == code
    assert set(body) >= MEMBERS
    assert "secret" not in answer.content.decode()
    assert len(body["trace_id"]) == 32
    if status == 503:
        assert int(answer["Retry-After"]) >= 1


def test_an_error_tells_its_further_members(api):
    ProbeView.raises = Sold("to somebody else", left=3)

    assert api.get("/v1/probe").json()["left"] == 3


def test_a_fault_is_logged_with_its_traceback_under_the_trace_id_of_the_reply(api, caplog):
    ProbeView.raises = ZeroDivisionError("inside")

    with caplog.at_level(logging.ERROR):
        answer = api.get("/v1/probe")

    record = next(record for record in caplog.records if record.name == "hub.api")
    assert record.exc_info[0] is ZeroDivisionError
    assert answer.json()["trace_id"] in answer["traceparent"]


def test_a_statement_that_is_canceled_is_told_as_503(api, monkeypatch):
    def fail():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 1")
            cursor.execute("SELECT pg_sleep(1)")

    monkeypatch.setattr(ProbeView, "get", lambda self, request: fail())

    answer = api.get("/v1/probe")

    assert answer.status_code == 503


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("address", ["/v1", "/v1/", "/v1/nothing", "/v1/stores/", "/hooks/x/y/z"])
def test_an_unknown_api_address_is_a_problem_in_debug_too(settings, debug, address):
    settings.DEBUG = debug

    answer = Client().get(address)

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("address", ["/v1/nothing", "/v1/openapi.json", "/v1/docs", "/hooks/a/b/c"])
def test_a_post_to_an_address_without_a_view_is_a_problem_not_a_form_error(address):
    answer = Client(enforce_csrf_checks=True).post(address, "{}", content_type="application/json")

    assert answer.status_code in (404, 405)
    assert answer["Content-Type"] == "application/problem+json"


def test_an_unknown_page_is_html(settings):
    settings.DEBUG = False

    assert Client().get("/nothing")["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_a_method_that_is_not_there_is_405_with_allow(api, method):
    answer = getattr(api.client, method)(
        "/v1/probe", headers={"Authorization": f"Bearer {api.secret}"}
    )

    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
    assert "POST" in answer["Allow"]


@pytest.mark.parametrize("accept", ["text/html", "application/xml;q=1", "application/json;q=0"])
def test_a_caller_that_takes_no_json_gets_406(api, accept):
    answer = api.get("/v1/probe", Accept=accept)

    assert answer.status_code == 406
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("accept", ["*/*", "", "text/html, */*;q=0.1", "application/json;q=0.5"])
def test_a_caller_that_takes_json_among_others_gets_it(api, accept):
    assert api.get("/v1/probe", Accept=accept).status_code == 200


def test_each_refused_field_has_a_pointer_and_a_code(api):
    lines = [{"sku": "A", "quantity": 0}, {"sku": "B", "quantity": 1, "price/x": 2}, 7]

    answer = api.post("/v1/probe", {"lines": lines, "status": "done"})

    assert answer.status_code == 400
    assert {(error["pointer"], error["code"]) for error in answer.json()["errors"]} == {
        ("/bucket", "required"),
        ("/status", "unknown_field"),
        ("/lines/0/quantity", "min_value"),
        ("/lines/1/price~1x", "unknown_field"),
        ("/lines/2", "invalid"),
    }


def test_a_wrong_host_is_a_problem(settings):
    settings.DEBUG = False

    answer = Client(raise_request_exception=False).get("/v1/probe", headers={"Host": "evil.test"})

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("error", "status"),
    [(OperationalError("gone"), 503), (ZeroDivisionError(), 500)],
)
def test_a_page_says_503_while_the_database_is_away_and_500_for_a_fault(error, status):
    request = RequestFactory().get("/admin/")
    try:
        raise error
    except (OperationalError, ZeroDivisionError):
        answer = fallbacks.failed(request)

    assert answer.status_code == status


def test_a_failure_outside_of_a_view_is_a_problem_for_api_addresses():
    request = RequestFactory().get("/v1/probe")
    try:
        raise OperationalError("gone")
    except OperationalError:
        answer = fallbacks.failed(request)

    assert answer.status_code == 503
    assert answer["Content-Type"] == problems.CONTENT_TYPE
    assert fallbacks.forbidden(request, PermissionDenied()).status_code == 403
    assert fallbacks.bad_request(request, SuspiciousOperation()).status_code == 400
