"""The one way out: HTTP calls of connectors and webhooks, bounded in every direction.

A call always has a timeout and a total deadline, follows no redirect, keeps no cookie, uses no
proxy of the environment, reads a bounded reply, and goes only where ``addresses`` allows.
"""

from __future__ import annotations

import json as jsonlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError

from hub.connectors.addresses import AddressRefused, Allowed, allowed_from, resolve, split_url
from hub.errors import ConnectorError
from hub.trace import to_header

TIMEOUT = (3.0, 10.0)
TOTAL_SECONDS = 20.0  # well inside a lease
MAX_REPLY_BYTES = 1_048_576
MAX_RETRY_AFTER_SECONDS = 6 * 3600.0
USER_AGENT = "curbhub/1"
_CHUNK = 65_536
_RETRYABLE = frozenset({408, 409, 425, 429})
MOST_ADDRESSES = 3
_local = threading.local()  # sessions by allow-list; the call in hand

# Called with the URL before each request; tests hang the guard «no transaction is open» here.
before_call: list[Callable[[str], None]] = []


@dataclass(frozen=True)
class Reply:
    """What the other side answered, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004  the class of success

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait as the Retry-After header says, 1 s to 6 h, or None."""
        return _seconds_to_wait(self.headers.get("Retry-After", ""))

    def json(self) -> dict[str, Any]:
        """The reply's JSON object; raises ConnectorError (ambiguous) when it is something else."""
        try:
            value = jsonlib.loads(self.body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise ConnectorError("the reply is not a JSON object", ambiguous=True)
        return value


class Client:
    """Calls below one base URL. Safe to share between threads; connections are kept per thread."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout: tuple[float, float] = TIMEOUT,
        allow_private: Iterable[str] | None = None,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        """``timeout`` is (connect, read) in seconds; ``allow_private`` the CIDR networks that
        may be called although they are private, by default settings.PRIVATE_NETWORKS."""
        networks = settings.PRIVATE_NETWORKS if allow_private is None else allow_private
        self.base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._total = total_seconds
        self._allowed = allowed_from(networks)

    def post(
        self,
        path: str = "",
        *,
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """POST a JSON value, or bytes that are JSON already; return the 2xx reply.

        Raises ConnectorError for everything else.
        """
        content = jsonlib.dumps(json).encode() if body is None else body
        return checked(self.send("POST", path, body=content, headers=headers))

    def get(self, path: str = "", *, headers: Mapping[str, str] | None = None) -> Reply:
        """GET; return the 2xx reply. Raises ConnectorError for everything else."""
        return checked(self.send("GET", path, headers=headers))

    def send(
        self,
        method: str,
        path: str = "",
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Make one call and return the reply whatever its status.

        Raises ConnectorError when there is no whole reply: permanent when the address is
        refused, ambiguous when the request may have been received.
        """
        url = self.base_url + path
        for hook in before_call:
            hook(url)
        try:
            split_url(url)
            with _cut_off_after(self._total) as deadline:
                return self._exchange(method, url, body, headers, deadline)
        except AddressRefused as error:
            raise ConnectorError(f"refused to call: {error}", permanent=True) from None
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise _failure(error) from None

    def _exchange(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str] | None,
        deadline: float,
    ) -> Reply:
        with _session(self._allowed).request(
            method,
            url,
            data=body,
            headers=_headers(headers, with_body=body is not None),
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            content = _read(response.raw, deadline)
            return Reply(response.status_code, response.headers, content)


def checked(reply: Reply) -> Reply:
    """The reply when it is a 2xx; otherwise raises what its status means for another try."""
    if reply.ok:
        return reply
    status = reply.status
    server = status >= 500  # noqa: PLR2004  the server's class
    raise ConnectorError(
        f"HTTP {status}",
        permanent=not server and status not in _RETRYABLE,
        ambiguous=server and status != 503,  # noqa: PLR2004  503 says that nothing was done
        retry_after=reply.retry_after,
    )


def _headers(extra: Mapping[str, str] | None, *, with_body: bool) -> dict[str, str]:
    own = {
        "User-Agent": USER_AGENT,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "traceparent": to_header(),
    }
    if with_body:
        own["Content-Type"] = "application/json"
    return own | dict(extra or {})


def _read(raw: HTTPResponse, deadline: float) -> bytes:
    """The whole body, as it is on the wire, within size and time."""
    parts, size = [], 0
    while part := raw.read1(_CHUNK, decode_content=False):
        size += len(part)
        parts.append(part)
        if size > MAX_REPLY_BYTES:
            raise ConnectorError("the reply is too large", ambiguous=True)
    if time.monotonic() > deadline:  # a body without a length looks whole when it was cut off
        raise ConnectorError("the reply took too long", ambiguous=True)
    return b"".join(parts)


def _failure(error: Exception) -> ConnectorError:
    """What a failed exchange means: only before the first byte has left is it sure to be undone."""
    if _local.call.sent:
        return ConnectorError(f"no whole reply: {type(error).__name__}", ambiguous=True)
    return ConnectorError(f"no connection: {type(error).__name__}")


def _seconds_to_wait(header: str) -> float | None:
    try:
        seconds = float(header) if header.isascii() and header.isdigit() else _until(header)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 1.0), MAX_RETRY_AFTER_SECONDS)


def _until(header: str) -> float:
    moment = parsedate_to_datetime(header)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()


# --- the connection: resolved once, judged, pinned ------------------------------------------


class _Pinned(HTTPConnection):
    """Connects to the judged addresses of its host; Host and SNI stay the name."""

    allowed = Allowed()
    encrypted = False

    def _new_conn(self) -> socket.socket:
        try:
            places = resolve(
                self.host, self.port or 0, encrypted=self.encrypted, allowed=self.allowed
            )
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, f"cannot resolve: {error}") from error
        places = places[:MOST_ADDRESSES]
        for number, (family, address) in enumerate(places, 1):
            try:
                return self._connect_to(family, address)
            except OSError as error:
                if number == len(places):
                    raise NewConnectionError(self, str(error)) from error
        raise NewConnectionError(self, "the host has no address")

    def _connect_to(self, family: int, address: str) -> socket.socket:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            for option in self.socket_options or []:
                sock.setsockopt(*option)
            sock.settimeout(self.timeout if isinstance(self.timeout, int | float) else TIMEOUT[0])
            sock.connect((address, self.port))
        except OSError:
            sock.close()
            raise
        _local.call.watch(sock)  # a TLS handshake may drip, too
        return sock

    def send(self, data: Any) -> None:
        """Send a part of the request; from now on it may have been received."""
        if self.sock is None:
            self.connect()
        _local.call.sent = True
        super().send(data)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        """The reply's head; a connection that was kept is watched from here on."""
        _local.call.watch(self.sock)
        return super().getresponse()


class _PinnedTls(_Pinned, HTTPSConnection):
    encrypted = True


class _Adapter(HTTPAdapter):
    """Pools whose connections know what they may call."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        super().__init__(pool_connections=16, pool_maxsize=2, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools, with connection classes bound to this adapter's allow-list."""
        super().init_poolmanager(*args, **kwargs)
        bound = {"allowed": self._allowed}
        self.poolmanager.pool_classes_by_scheme = {
            "http": type(
                "Pool",
                (HTTPConnectionPool,),
                {"ConnectionCls": type("Connection", (_Pinned,), bound)},
            ),
            "https": type(
                "TlsPool",
                (HTTPSConnectionPool,),
                {"ConnectionCls": type("TlsConnection", (_PinnedTls,), bound)},
            ),
        }


def _session(allowed: Allowed) -> requests.Session:
    """This thread's session for an allow-list; a thread never lends its connections."""
    sessions: dict[Allowed, requests.Session] = _local.__dict__.setdefault("sessions", {})
    if allowed not in sessions:
        session = requests.Session()
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.adapters.clear()
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(allowed))
        sessions[allowed] = session
    return sessions[allowed]


class _Call:
    """The call in hand of one thread: whether bytes have left, and the way to cut it off."""

    def __init__(self) -> None:
        self.sent = False
        self._guard = threading.Lock()
        self._watched: socket.socket | None = None

    def watch(self, sock: socket.socket | None) -> None:
        """Let ``cut_off`` end this connection: by a second handle, for TLS takes the first over."""
        with self._guard:
            if self._watched is not None:
                self._watched.close()
            self._watched = socket.socket(fileno=os.dup(sock.fileno())) if sock else None

    def cut_off(self) -> None:
        """Shut the connection down, whatever its thread waits for."""
        with self._guard, suppress(OSError):
            if self._watched is not None:
                self._watched.shutdown(socket.SHUT_RDWR)


def close_connections() -> None:
    """Close the connections that this thread has kept; the next call makes new ones."""
    for session in _local.__dict__.pop("sessions", {}).values():
        session.close()


@contextmanager
def _cut_off_after(seconds: float) -> Iterator[float]:
    """Shut the call's socket when its time is over, however slowly bytes keep dripping in."""
    deadline = time.monotonic() + seconds
    call = _local.call = _Call()
    timer = threading.Timer(seconds, call.cut_off)
    timer.daemon = True
    timer.start()
    try:
        yield deadline
    finally:
        timer.cancel()
        call.watch(None)
