"""What leaves the hub in logs, metrics and problems identifies nobody and opens nothing."""

import io
import json
import logging
import time

import pytest
from django.test import Client

from hub.api.keys import create_key
from hub.events.health import beat
from hub.logs import JsonFormatter, Redact, redact
from hub.trace import acting, tracing
from tests.factories import make_channel

CANARIES = {
    "phone": "+48 600 123 456",
    "plain phone": "+48600123457",
    "phone in an address": "%2B48600123458",
    "e-mail": "canary.bird+x@example.co.uk",
    "e-mail in an address": "canary2%40example.org",
    "link": "/p/AbCdEfGhIjKlMnOpQrStUv",
    "secret": "whsec_C2FuYXJ5Q2FuYXJ5Q2FuYXJ5",
    "password": "postgresql://hub:canarypass@db/hub",
    "key": "cbk_live_canary0123456789canary0123456789",
}
TRACES = ("600", "12345", "canary", "AbCdEf", "C2FuYXJ5")


@pytest.fixture
def lines():
    """The JSON lines that the hub's own handler writes meanwhile."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redact())
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    before, root.level = root.level, logging.DEBUG
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(before)


def assert_clean(text):
    found = [trace for trace in TRACES if trace in text]
    assert not found, text


@pytest.mark.parametrize("name", CANARIES)
def test_a_canary_in_a_message_or_argument_does_not_sing(lines, name):
    canary = CANARIES[name]
    logger = logging.getLogger("canary-free")

    logger.warning(f"sent to {canary} now")
    logger.warning("sent to %s\n%s", canary, {"to": canary})
    logger.warning("sent", extra={"to": canary, "body": {"deep": [canary]}})

    for line in lines():
        assert_clean(json.dumps({k: v for k, v in line.items() if k not in ("time", "logger")}))


def test_a_canary_in_a_traceback_does_not_sing(lines):
    try:
        raise ValueError(f"no such phone {CANARIES['plain phone']}")
    except ValueError:
        logging.getLogger("x").exception("failed")

    assert "ValueError" in lines()[0]["traceback"]
    assert "48600" not in lines()[0]["traceback"].replace("12345", "")


def test_harmless_text_stays():
    text = "order ord_01jd3k of store S0001 took 12.5 ms, 3 of 4 units, 2026-11-22T00:06:44"

    assert redact(text) == text


def test_a_line_carries_trace_and_actor(lines):
    with tracing("a" * 32), acting("key:key_1"):
        logging.getLogger("x").info("hello")

    assert lines()[0]["trace"] == "a" * 32
    assert lines()[0]["actor"] == "key:key_1"


@pytest.mark.parametrize("pattern", ["a@" * 20_000, "+1" * 50_000, "cbk_live_" * 10_000])
def test_hostile_text_is_redacted_in_little_time(pattern):
    started = time.perf_counter()

    redact(pattern)

    assert time.perf_counter() - started < 1


@pytest.mark.django_db
def test_no_canary_of_a_request_reaches_logs_or_metrics(lines):
    _, secret = create_key(channel=make_channel(), name="k", scopes=["orders:write"])
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {secret}", "X-Phone": CANARIES["phone"]}
    body = json.dumps(CANARIES | {"customer": {"phone": CANARIES["phone"]}})

    for address in (
        "/v1/orders",
        "/v1/holds",
        "/v1/nothing",
        "/hooks/pos/x",
        "/p/AbCdEfGhIjKlMnOpQ",
    ):
        client.post(
            f"{address}?to={CANARIES['e-mail in an address']}",
            body,
            "application/json",
            headers=headers,
        )
        client.get(f"{address}?to={CANARIES['phone in an address']}", headers=headers)
    beat("relay", "test")
    metrics = client.get("/metrics").content.decode()

    written = [line for line in lines() if line["logger"] == "hub.access"]
    assert written
    assert all(len(line["trace"]) == 32 for line in written)
    for line in lines():
        if not line["logger"].startswith("django.db"):  # statements are logged in no setting
            assert_clean(json.dumps({k: v for k, v in line.items() if k not in {"time", "trace"}}))
            assert secret[9:] not in json.dumps(line)
    assert "hub_http_requests_total" in metrics
    assert "canary" not in metrics
    assert "486001234" not in metrics
