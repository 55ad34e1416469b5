"""The real server over a real socket: without its database, and with odd bodies."""

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from http.client import HTTPConnection

import pytest

from hub.supervisor import granian

NOWHERE = "postgresql://hub:nobody@127.0.0.1:1/hub"


@pytest.fixture(scope="module")
def port():
    """A web server whose database cannot be reached."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "hub.settings",
        "HUB_DEBUG": "1",
        "DATABASE_URL": NOWHERE,
        "HUB_LOG_LEVEL": "CRITICAL",
    }
    process = subprocess.Popen(granian("127.0.0.1", number, 1), env=env, start_new_session=True)
    try:
        wait_until_alive(number)
        yield number
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)


def wait_until_alive(port):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            if ask(port, "GET", "/live")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the web server did not come up")


def ask(port, method, path, body=None, headers=None):
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    with suppress(BrokenPipeError):  # who refuses a body need not read it to its end
        connection.request(method, path, body=body, headers=headers or {})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def test_a_process_without_its_database_is_alive_but_not_ready(port):
    assert ask(port, "GET", "/live")[0] == 200

    status, _, body = ask(port, "GET", "/ready")

    assert status == 503
    assert json.loads(body)["checks"] == {"database": "cannot be reached"}


@pytest.mark.parametrize("path", ["/v1/stores", "/v1/orders/ord_x", "/hooks/pos/pos_x"])
def test_the_api_says_503_with_a_problem_while_the_database_is_away(port, path):
    method = "POST" if path.startswith("/hooks") else "GET"
    headers = {"Authorization": "Bearer cbk_live_" + "x" * 43, "Content-Type": "application/json"}

    status, told, body = ask(port, method, path, body="{}", headers=headers)

    assert status == 503
    assert told["Content-Type"] == "application/problem+json"
    assert int(told["Retry-After"]) >= 1
    assert json.loads(body)["code"] == "busy"


def test_a_body_in_chunks_without_a_length_is_refused(port):
    headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
    chunks = (part for part in (b'{"a":', b"1}"))

    status, told, _ = ask(port, "POST", "/v1/orders", body=chunks, headers=headers)

    assert status == 411
    assert told["Content-Type"] == "application/problem+json"


def test_a_body_of_ten_megabytes_is_refused_before_it_is_read(port):
    head = (
        b"POST /v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: 10000000\r\n\r\n{"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall(head)
        answer = raw.recv(65536).decode()

    assert answer.startswith("HTTP/1.1 413")
    assert "application/problem+json" in answer
    assert ask(port, "GET", "/live")[0] == 200


@pytest.mark.parametrize(
    "line",
    [b"GET /v1/\x00 HTTP/1.1", b"GET /v1/%ff%fe HTTP/1.1", b"GET /v1/\xff HTTP/1.1", b"JUNK"],
)
def test_odd_request_lines_never_break_the_server(port, line):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall(line + b"\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = raw.recv(65536)

    assert b" 500 " not in answer.split(b"\r\n")[0]
    assert ask(port, "GET", "/live")[0] == 200
