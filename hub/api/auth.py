"""Who calls: API keys, remembered for a few seconds so that they cost the request nothing."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q
from django.db.models.functions import Now
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView

from hub.api.client import client_address
from hub.api.errors import MissingScope, QuotaExceeded, Unauthenticated
from hub.api.keys import hash_of
from hub.api.models import ApiKey
from hub.api.throttle import requests_per_minute, take
from hub.stores.models import SalesChannel

REMEMBERED_SECONDS = 4.0  # a revoked key is refused within five
REMEMBERED_KEYS = 2048
USE_RECORDED_EVERY = timedelta(minutes=1)
_KEY = re.compile(r"cbk_(?:live|test)_[A-Za-z0-9_-]{20,80}\Z")


@dataclass(frozen=True, slots=True)
class Caller:
    """The API key behind a request. ``store_ids`` None means every store."""

    key_id: int
    public_id: str
    channel: SalesChannel
    scopes: frozenset[str]
    store_ids: frozenset[int] | None
    is_test: bool

    def may_use(self, store_id: int) -> bool:
        """Whether the key reaches the store."""
        return self.store_ids is None or store_id in self.store_ids


class _Remembered:
    """A bounded map from key hash to answer that forgets after REMEMBERED_SECONDS."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, tuple[float, Caller | None]] = OrderedDict()
        self._guard = threading.Lock()

    def find(self, hashed: str) -> tuple[bool, Caller | None]:
        """Whether the answer is known, and the answer."""
        until, caller = self._answers.get(hashed, (0.0, None))
        return until > time.monotonic(), caller

    def keep(self, hashed: str, caller: Caller | None) -> None:
        with self._guard:
            self._answers.pop(hashed, None)
            self._answers[hashed] = (time.monotonic() + REMEMBERED_SECONDS, caller)
            if len(self._answers) > REMEMBERED_KEYS:
                self._answers.popitem(last=False)


# kept apart, so that a flood of wrong keys cannot push out the right ones
_valid, _wrong = _Remembered(), _Remembered()


def caller_of(secret: str) -> Caller | None:
    """The valid key with this secret, or None; the database is asked every few seconds at most."""
    hashed = hash_of(secret)
    for memory in (_valid, _wrong):
        known, caller = memory.find(hashed)
        if known:
            return caller
    caller = _load(hashed)
    (_valid if caller else _wrong).keep(hashed, caller)
    return caller


def _load(hashed: str) -> Caller | None:
    key = (
        ApiKey.objects.filter(hash=hashed, revoked_at__isnull=True, channel__active=True)
        .select_related("channel")
        .annotate(store_ids=ArrayAgg("stores", filter=Q(stores__isnull=False)))
        .first()
    )
    if key is None:
        return None
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=Now() - USE_RECORDED_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=Now())
    return Caller(
        key_id=key.pk,
        public_id=key.public_id,
        channel=key.channel,
        scopes=frozenset(key.scopes),
        store_ids=frozenset(key.store_ids) if key.store_ids else None,
        is_test=key.is_test,
    )


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer cbk_live_…``. Failures are counted against the caller's address."""

    def authenticate(self, request: Request) -> tuple[None, Caller]:
        """Return the caller; raises Unauthenticated, or QuotaExceeded after too many failures."""
        scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        found = None
        if scheme.lower() == "bearer" and _KEY.match(secret):
            found = caller_of(secret)
        if found is None:
            self._refuse(request)
            raise Unauthenticated("send Authorization: Bearer cbk_… with a key that is not revoked")
        return None, found

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  the framework's shape
        """The challenge of 401 replies."""
        return Unauthenticated.headers["WWW-Authenticate"]

    def _refuse(self, request: Request) -> None:
        address = client_address(request._request)
        standing = take(f"wrong-key:{address}", limit=requests_per_minute())
        request._request.rate_standing = standing  # type: ignore[attr-defined]
        if not standing.allowed:
            raise QuotaExceeded(retry_after=standing.reset)


class HasScope(BasePermission):
    """The key's scopes include the one that the view's ``scopes`` names for the method.

    A method that a view answers without naming its scope is refused: forgetting must not open it.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """True, or MissingScope is raised; unknown methods pass on to their 405."""
        scopes: Mapping[str, str] = getattr(view, "scopes", {})
        method = "GET" if request.method == "HEAD" else str(request.method)
        if not view.authentication_classes or method not in view.allowed_methods:
            return True
        needed = scopes.get(method)
        if needed is None or needed not in caller(request).scopes:
            raise MissingScope(f"this needs the scope {needed}", scope=needed)
        return True


def caller(request: Request) -> Caller:
    """The caller of an authenticated request: ``request.auth`` with its type."""
    return cast(Caller, request.auth)
