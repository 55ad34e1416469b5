"""The API's description: complete, valid, readable without anything from outside, and true."""

import json
import re

import pytest
import schemathesis
from django.core import signals
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.api.keys import SCOPES, create_key
from hub.api.schema import description
from tests.factories import make_channel, make_item, make_store, stock

EXAMPLES = 30
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", get_wsgi_application())
OPERATIONS = {
    f"{operation.method.upper()} {operation.path}": operation
    for operation in (result.ok() for result in schema.get_all_operations())  # type: ignore[union-attr]
}


def test_the_description_is_valid_and_has_no_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "api.yml"))


def test_every_operation_tells_its_scope_its_refusals_and_its_quota():
    described = json.loads(description())

    assert described["openapi"] == "3.1.0"
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            name = f"{method} {path}"
            assert {"429", "500", "503"} <= set(operation["responses"]), name
            for answer in operation["responses"].values():
                assert {"RateLimit", "RateLimit-Policy", "traceparent"} <= set(answer["headers"])
            if path.startswith("/v1/"):
                assert operation["security"][0]["apiKey"][0] in SCOPES, name
                assert {"401", "403"} <= set(operation["responses"]), name


def test_the_page_needs_nothing_from_outside_and_obeys_the_policy():
    answer = Client().get("/v1/docs")

    page = answer.content.decode()
    nonce = re.search(r"'nonce-([^']+)'", answer["Content-Security-Policy"])
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert nonce
    assert page.count("<script") == page.count("<script src=") + page.count(nonce[1])
    for asset in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        assert Client().get(asset).status_code == 200, asset


@pytest.fixture
def one_connection(db):
    """Requests use the test's own connection and transaction, as Django's test client sees to."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_api_answers_as_described_whatever_it_is_sent(name):
    channel, store, item = make_channel(), make_store(code="S1"), make_item(sku="A1")
    stock(store, {item: 100})
    _, secret = create_key(channel=channel, name="fuzz", scopes=SCOPES)

    @given(case=OPERATIONS[name].as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def answers_as_described(case):
        reply = case.call(headers={"Authorization": f"Bearer {secret}"})
        case.validate_response(reply, checks=CHECKS)

    answers_as_described()
