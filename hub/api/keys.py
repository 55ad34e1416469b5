"""Making and revoking API keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable

from django.db import transaction
from django.db.models.functions import Now

from hub.api.models import ApiKey
from hub.errors import Invalid
from hub.stores.models import SalesChannel, Store

SCOPES = (
    "availability:read",
    "holds:write",
    "orders:read",
    "orders:write",
    "visits:write",
    "events:read",
    "stock:write",
    "customers:read",
    "customers:write",
)


class UnknownScope(Invalid):
    code = "unknown_scope"


@transaction.atomic
def create_key(
    *,
    channel: SalesChannel,
    name: str,
    scopes: Iterable[str],
    stores: Iterable[Store] = (),
    is_test: bool = False,
) -> tuple[ApiKey, str]:
    """Make a key; returns its row and the secret (256 random bits), which is kept nowhere.

    Without ``stores`` the key reaches all stores. Raises UnknownScope.
    """
    wanted = sorted(set(scopes))
    if unknown := set(wanted) - set(SCOPES):
        raise UnknownScope(f"unknown scopes: {', '.join(sorted(unknown))}")
    secret = f"cbk_{'test' if is_test else 'live'}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        name=name,
        hash=hash_of(secret),
        hint=secret[-4:],
        channel=channel,
        scopes=wanted,
        is_test=is_test,
    )
    key.stores.set(stores)
    return key, secret


def revoke_key(*, key: ApiKey) -> None:
    """End the key: within five seconds every process refuses it. Revoking twice changes nothing."""
    ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=Now())
    key.refresh_from_db(fields=["revoked_at"])


def hash_of(secret: str) -> str:
    """What is stored of a key: SHA-256 in hex. The secret is random, so no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()
