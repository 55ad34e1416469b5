"""Safe retries: one effect and one reply for an Idempotency-Key, whatever happens in between.

The reply is stored, encrypted, in the commit of its effect. So there is never an effect
without its reply, and a refusal, which has no effect, is not stored: the next try runs afresh.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse, HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hub.api.auth import caller
from hub.api.errors import (
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    RequestRunning,
)
from hub.api.rendering import JsonRenderer, to_bytes
from hub.crypto import decrypt, encrypt

KEPT_DAYS = 7
TRIES = 3  # of a transaction that lost a deadlock or a serialization race
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")
_STORED_HEADERS = ("Location", "ETag")
_REFUSED = 400

# Two statements: the second takes its snapshot after the lock is held, so it sees what the
# lock's last holder committed.
_LOCK = "SELECT pg_try_advisory_xact_lock(%(lock)s)"
_LOOK = """
SELECT request_hash, status, headers, body FROM api_idempotencyrecord
WHERE channel_id = %(channel)s AND route = %(route)s AND key = %(key)s
"""

# Stored past the ORM: what a request has changed stays locked until this is done.
_STORE = """
INSERT INTO api_idempotencyrecord (channel_id, route, key, request_hash, status, headers, body)
VALUES (%(channel)s, %(route)s, %(key)s, %(hash)s, %(status)s, %(headers)s::jsonb, %(body)s)
"""

V = TypeVar("V", bound=APIView)
P = ParamSpec("P")
Method = Callable[Concatenate[V, Request, P], HttpResponseBase]


@dataclass(frozen=True)
class _Scope:
    """Whose key it is, and for which route: nobody else's key is ever the same one."""

    channel_id: int
    route: str
    key: str

    @property
    def lock(self) -> int:
        text = f"{self.channel_id} {self.route} {self.key}".encode()
        digest = hashlib.blake2b(text, digest_size=8, person=b"idempotency").digest()
        return int.from_bytes(digest, signed=True)


def idempotent(method: Method[V, P]) -> Method[V, P]:
    """Make a view's writing method safe to repeat.

    It needs the header Idempotency-Key (400 without), runs in one transaction that holds the
    key (409 for a twin meanwhile), and answers a repeat with the first reply, byte for byte,
    and ``Idempotency-Replayed: true``; the same key with another body is refused (422).
    """

    @functools.wraps(method)
    def run(view: V, request: Request, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        scope = _scope(request)
        wanted = _request_hash(request)

        def attempt() -> HttpResponseBase:
            with ExitStack() as last_trip, transaction.atomic():
                stored = _lock_and_look(scope)
                if stored is not None:
                    return _replay(stored, wanted)
                reply = method(view, request, *args, **kwargs)
                return _answer(scope, wanted, reply, last_trip)

        return _with_retries(attempt)

    run.needs_idempotency_key = True  # type: ignore[attr-defined]  # the API's description asks
    return cast(Method[V, P], run)


def _with_retries(attempt: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    for _ in range(TRIES - 1):
        try:
            return attempt()
        except DatabaseError as error:
            if getattr(error.__cause__, "sqlstate", None) not in ("40P01", "40001"):
                raise
    return attempt()


def _scope(request: Request) -> _Scope:
    key = request.META.get("HTTP_IDEMPOTENCY_KEY", "")
    if not key:
        raise IdempotencyKeyMissing
    if not _KEY.match(key):
        raise IdempotencyKeyInvalid
    match = request._request.resolver_match
    kind = "test " if caller(request).is_test else ""
    route = f"{kind}{request.method} {match.route if match else request.path}"
    return _Scope(caller(request).channel.pk, route[:100], key)


def _request_hash(request: Request) -> str:
    """Equal for equal requests: the path, the stores in reach, and what the body says."""
    stores = caller(request).store_ids
    what = [request.get_full_path(), sorted(stores) if stores else None, request.data]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _lock_and_look(scope: _Scope) -> tuple[Any, ...] | None:
    """Hold the key until the transaction ends; return its stored reply, or None.

    Raises RequestRunning when another request holds it.
    """
    with connection.cursor() as lock, connection.cursor() as look:
        with connection.wrap_database_errors, connection.connection.pipeline():  # one trip
            lock.execute(_LOCK, {"lock": scope.lock})
            look.execute(
                _LOOK, {"channel": scope.channel_id, "route": scope.route, "key": scope.key}
            )
        (held,) = lock.fetchone()
        if not held:
            raise RequestRunning
        row: tuple[Any, ...] | None = look.fetchone()
        return row


def _answer(
    scope: _Scope, wanted: str, reply: HttpResponseBase, last_trip: ExitStack
) -> HttpResponseBase:
    """Keep the reply beside its effect; a reply that refuses undoes the effect and is not kept.

    What the request changed is locked until the commit, so that goes out together with the reply:
    the ``last_trip`` ends after the transaction.
    """
    if reply.status_code >= _REFUSED:
        transaction.set_rollback(True)
        return reply
    body = to_bytes(reply.data) if isinstance(reply, Response) else reply.content  # type: ignore[attr-defined]
    headers = {name: reply[name] for name in _STORED_HEADERS if name in reply}
    values: dict[str, Any] = {
        "channel": scope.channel_id,
        "route": scope.route,
        "key": scope.key,
        "hash": wanted,
        "status": reply.status_code,
        "headers": json.dumps(headers),
        "body": encrypt(body.decode()),
    }
    last_trip.enter_context(connection.wrap_database_errors)
    last_trip.enter_context(connection.connection.pipeline())
    with connection.cursor() as cursor:
        cursor.execute(_STORE, values)
    return _reply(body, reply.status_code, headers)


def _replay(stored: tuple[Any, ...], wanted: str) -> HttpResponse:
    request_hash, status, headers, sealed = stored
    if request_hash != wanted:
        raise IdempotencyKeyReused
    return _reply(decrypt(sealed).encode(), status, _as_dict(headers) | {REPLAYED: "true"})


def _as_dict(headers: Any) -> dict[str, str]:
    return headers if isinstance(headers, dict) else json.loads(headers)


def _reply(body: bytes, status: int, headers: dict[str, str]) -> HttpResponse:
    kind = JsonRenderer.media_type
    return HttpResponse(body, status=status, headers=headers, content_type=kind)
