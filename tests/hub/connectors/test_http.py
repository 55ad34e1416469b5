"""The one way out: bounded, honest about what may have happened, and not to be led astray."""

import os
import socket
import threading
import time

import pytest
from django.db import transaction

from hub.connectors import http
from hub.connectors.http import Client, Reply
from hub.errors import ConnectorError
from hub.trace import tracing
from tests.hub.connectors.wire import HANG, RESET, drip, reply, vendor

TLS_RECORD = b"\x16\x03\x03\x40\x00"  # announces 16 KiB
LOOPBACK = ("127.0.0.0/8",)


def client(url, **options):
    return Client(url, allow_private=LOOPBACK, **options)


def refusal_of(script, **options):
    """The ConnectorError that a POST to such a vendor raises."""
    with vendor(*script) as other, pytest.raises(ConnectorError) as caught:
        client(other.url, **options).post("/x", json={})
    return caught.value


def test_a_call_carries_json_the_trace_and_no_more_than_it_must():
    with vendor(reply(200, b'{"id": "7"}')) as other, tracing("ab" * 16):
        answer = client(other.url + "/base/").post("/x", json={"é": 1}, headers={"X-Own": "1"})
    request = other.requests[0]
    assert answer.json() == {"id": "7"}
    assert request["line"] == "POST /base/x HTTP/1.1"
    assert request["body"] == b'{"\\u00e9": 1}'
    assert request["headers"]["Content-Type"] == "application/json"
    assert request["headers"]["traceparent"].startswith(f"00-{'ab' * 16}-")
    assert request["headers"]["X-Own"] == "1"


def test_connections_are_kept_within_a_thread():
    with vendor(reply(200)) as other:
        made = []
        real = socket.socket.connect
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                socket.socket, "connect", lambda self, to: (made.append(to), real(self, to))[1]
            )
            for _ in range(3):
                client(other.url).get("/")
    assert len(made) == 1


def test_cookies_are_not_kept():
    with vendor(reply(200, Set_Cookie="a=b; Path=/")) as other:
        client(other.url).get("/")
        client(other.url).get("/")
    assert "Cookie" not in other.requests[1]["headers"]


def test_proxies_of_the_environment_are_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with vendor(reply(200)) as other:
        assert client(other.url).get("/").status == 200


@pytest.mark.parametrize(
    ("status", "permanent", "ambiguous"),
    [
        (301, True, False),
        (302, True, False),
        (400, True, False),
        (401, True, False),
        (404, True, False),
        (408, False, False),
        (409, False, False),
        (410, True, False),
        (422, True, False),
        (425, False, False),
        (429, False, False),
        (500, False, True),
        (502, False, True),
        (503, False, False),
        (504, False, True),
    ],
)
def test_each_status_says_whether_another_try_could_help(status, permanent, ambiguous):
    error = refusal_of([reply(status, Location="http://127.0.0.1:1/")])
    assert (error.permanent, error.ambiguous) == (permanent, ambiguous)


@pytest.mark.parametrize("header", ["-5", "soon", "1e9", "٣", "", "Mon, 99 Nov 2026 00:00:00 GMT"])
def test_an_odd_retry_after_is_ignored(header):
    assert Reply(503, {"Retry-After": header}, b"").retry_after is None


@pytest.mark.parametrize(
    ("header", "seconds"), [("0", 1), ("7", 7), ("999999999", 6 * 3600), ("9" * 400, 6 * 3600)]
)
def test_retry_after_is_honoured_within_bounds(header, seconds):
    assert refusal_of([reply(429, Retry_After=header)]).retry_after == seconds


def test_retry_after_may_be_a_date():
    then = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 120))
    assert refusal_of([reply(503, Retry_After=then)]).retry_after == pytest.approx(120, abs=2)


def test_a_redirect_is_not_followed():
    with vendor(reply(200)) as inside:
        error = refusal_of([reply(307, Location=inside.url)])
    assert error.permanent
    assert not inside.requests


def test_a_closed_port_is_surely_not_received():
    with vendor(reply(200)) as other:
        pass
    time.sleep(0.05)
    with pytest.raises(ConnectorError) as caught:
        client("http://127.0.0.1:1").post("/x", json={})
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
    assert other.requests == []


def test_a_name_that_does_not_resolve_is_surely_not_received(monkeypatch):
    def fail(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ConnectorError) as caught:
        client("https://vendor.example").post("/x", json={})
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)


@pytest.mark.parametrize(
    "answer",
    [
        HANG,
        RESET,
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{}",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_a_lost_or_broken_answer_is_ambiguous(answer):
    def cut(connection):
        connection.sendall(answer)

    error = refusal_of([cut if answer not in (HANG, RESET) else answer], timeout=(1, 0.3))
    assert error.ambiguous
    assert not error.permanent


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\nX-Drip: ", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 2"]
)
def test_an_answer_that_drips_is_cut_off_at_the_deadline(start):
    started = time.monotonic()
    error = refusal_of([drip(start)], timeout=(1, 1), total_seconds=0.5)
    assert error.ambiguous
    assert time.monotonic() - started < 1.5


def test_a_tls_handshake_that_drips_is_cut_off_and_surely_not_received():
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def serve():
        connection, _ = listener.accept()
        with connection:
            drip(TLS_RECORD)(connection)

    threading.Thread(target=serve, daemon=True).start()
    started = time.monotonic()
    with listener, pytest.raises(ConnectorError) as caught:
        client(f"https://127.0.0.1:{port}", timeout=(1, 1), total_seconds=0.5).post("/", json={})
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
    assert time.monotonic() - started < 1.5


def test_a_server_without_tls_is_surely_not_received():
    with vendor(reply(200)) as other, pytest.raises(ConnectorError) as caught:
        client(other.url.replace("http:", "https:"), timeout=(1, 0.5)).post("/", json={})
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)


def test_no_handle_is_left_open_after_many_calls():
    with vendor(reply(200)) as other:
        client(other.url).get("/")
        before = len(os.listdir("/dev/fd"))
        for _ in range(20):
            client(other.url).get("/")
        assert len(os.listdir("/dev/fd")) == before


def test_an_endless_answer_is_cut_off_by_size(monkeypatch):
    monkeypatch.setattr(http, "MAX_REPLY_BYTES", 1000)
    error = refusal_of([reply(200, b"a" * 1001)])
    assert error.ambiguous


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"", b"\xff", b"[" * 100_000])
def test_a_2xx_without_a_json_object_is_ambiguous(body):
    with vendor(reply(200, body)) as other, pytest.raises(ConnectorError) as caught:
        client(other.url).post("/x", json={}).json()
    assert caught.value.ambiguous


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/", "http://[::1]:80/", "http://169.254.169.254/", "http://a@b.example/"],
)
def test_a_private_address_is_refused_for_good(url):
    with pytest.raises(ConnectorError) as caught:
        client(url).get("/")
    assert caught.value.permanent


def test_a_name_that_turns_private_after_the_first_look_gains_nothing(monkeypatch):
    """Rebinding: each connection goes to an address that was judged for that connection."""
    answers = iter(["8.8.8.8", "127.0.0.1"])

    def getaddrinfo(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    reached = []

    def connect(self, place):
        reached.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", connect)
    errors = []
    for _ in range(2):
        with pytest.raises(ConnectorError) as caught:
            Client("https://rebinding.example", allow_private=()).get("/")
        errors.append(caught.value.permanent)
    assert reached == [("8.8.8.8", 443)]
    assert errors == [False, True]


def test_a_call_inside_a_transaction_is_refused_by_the_guard_of_the_tests(
    transactional_db, no_call_inside_a_transaction
):
    with (
        vendor(reply(200)) as other,
        transaction.atomic(),
        pytest.raises(RuntimeError, match="inside a database"),
    ):
        client(other.url).get("/")
    assert other.requests == []
    assert no_call_inside_a_transaction == [f"{other.url}/"]
    no_call_inside_a_transaction.clear()
