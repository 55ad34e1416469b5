"""A vendor made of a raw socket: it answers with exactly the bytes it is told to."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress

HANG = None  # says nothing until the caller goes away
RESET = b"<reset>"


class Vendor:
    """Answers each request with the next of ``script``; the last one stays."""

    def __init__(self, script):
        self.script = list(script)
        self.requests = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self._listener.close()

    def _serve(self):
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with suppress(OSError), connection:
            while (request := _read_request(connection)) is not None:
                self.requests.append(request)
                answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                if not _answer(connection, answer):
                    return


def _answer(connection, answer):
    """Send it; False when the connection is over."""
    if answer is HANG:
        connection.recv(1)
        return False
    if answer == RESET:
        connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
        )
        return False
    if callable(answer):
        answer(connection)
        return False
    connection.sendall(answer)
    return True


def _read_request(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(65536)
        if not part:
            return None
        head += part
    head, _, body = head.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    while len(body) < int(headers.get("Content-Length", 0)):
        body += connection.recv(65536)
    return {"line": lines[0], "headers": headers, "body": body}


def reply(status, body=b"{}", **headers):
    """The bytes of a whole reply."""
    extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} Some\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def drip(start=b""):
    """Send ``start``, then one byte at a time for ever."""

    def send(connection):
        connection.sendall(start)
        with suppress(OSError):
            while True:
                connection.sendall(b"a")
                time.sleep(0.05)

    return send


@contextmanager
def vendor(*script):
    """A running Vendor."""
    running = Vendor(script)
    try:
        yield running
    finally:
        running.close()
